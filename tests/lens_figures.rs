//! Every figure that the inside of a cache, a ring and a sharded database states is what `ringside run --json`
//! gives for the same seconds of the same run.

use crate::common::command::json;
use crate::common::looking::Looking;
use crate::common::*;
use ringside::algorithm::eviction::Policy;
use ringside::base::text;
use ringside::base::time::Nanos;
use ringside::component::Spec;
use ringside::component::cache::CacheParams;
use ringside::component::service::ServiceParams;
use ringside::component::sql_db::SqlDbParams;
use ringside::document::Design;
use ringside::document::file::{self, File};
use serde_json::Value;

/// The end of every run here, in seconds: figures are those of the seconds before.
const END: u64 = 40;

/// A run up to its end, as the page has it.
fn looking(design: Design, of: (&'static str, &'static str)) -> Looking {
    let mut it = Looking::open(design, 7, Nanos::seconds(20), of);
    it.on((END - 20) * 1_000);
    it
}

/// What the command line says of a component in so many seconds before the end.
fn told(design: &Design, id: &str, seconds: u64) -> Value {
    let path = format!("{}/figures-{id}-{seconds}.json", env!("CARGO_TARGET_TMPDIR"));
    let file = File { seed: 7, ..File::new(design.clone()) };
    std::fs::write(&path, file::write(&file)).expect("a file");
    let (warmup, span) = (format!("{}s", END - seconds), format!("{seconds}s"));
    let report = json(&["run", &path, "--json", "--warmup", &warmup, "--for", &span], b"");
    report["components"][id].clone()
}

fn ready(name: &str) -> Design {
    let path = format!("{}/static/designs/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("it is there");
    file::read(&text).expect("it is a file").0.design
}

fn number(of: &Value, name: &str) -> f64 {
    of[name].as_f64().unwrap_or_else(|| panic!("{name} in {of}"))
}

fn label(it: &Looking, id: &str) -> String {
    it.mark(id).label.unwrap_or_else(|| panic!("{id} says nothing"))
}

#[track_caller]
fn says(words: &str, figure: &str) {
    assert!(words.contains(figure), "{words:?} says {figure:?}");
}

#[test]
fn a_cache_says_what_the_command_line_says() {
    let design = ready("product-cache");
    let it = looking(design.clone(), ("cache", "Cache"));
    let (ten, one) = (told(&design, "cache", 10), told(&design, "cache", 1));
    let ratio = number(&ten, "hit_ratio");
    assert_eq!(it.words("hit-ratio"), text::number(ratio * 100.0));
    says(&it.scene(300.0).description, &text::percent(ratio));
    assert_eq!(it.words("misses"), text::number(number(&ten, "misses") / 10.0));
    // The end of the line is the last second.
    says(&label(&it, "history/line-0"), &text::percent(number(&one, "hit_ratio")));
    let caller = told(&design, "shop", 10);
    let mean = text::duration_parts(number(&caller["latency"], "mean"));
    assert_eq!(it.words("caller"), mean.0, "the same to three digits");
    // Entries are counted at the moment; the command line counts a mean over its span, and a full cache is full.
    let held = number(&one, "entries");
    assert_eq!(it.words("entries"), text::count(held as u64), "it is full");
}

/// A full cache by noeviction: every miss brings a value that is refused. Of 100 keys, asked for alike, it holds
/// ten for ever: nine reads of ten miss.
#[test]
fn refused_writes_are_counted_and_shown() {
    let mut design = design();
    add(&mut design, "people", Spec::Client(client(400.0, 1, 0)));
    let keys = 100;
    if let Some(Spec::Client(it)) = design.components.get_mut("people").map(|it| &mut it.spec) {
        it.keys = keys;
        it.popularity = ringside::component::client::Popularity::Uniform;
    }
    let service = ServiceParams { workers: 100, ..ServiceParams::default() };
    add(&mut design, "service", Spec::Service(service));
    let cache = CacheParams { policy: Policy::Ttl, capacity: 10, ..CacheParams::default() };
    add(&mut design, "cache", Spec::Cache(cache));
    let store = SqlDbParams { replicas: 0, workers: 64, ..SqlDbParams::default() };
    add(&mut design, "store", Spec::SqlDb(store));
    wire(&mut design, "people", "service", instant());
    wire(&mut design, "service", "cache", instant());
    wire(&mut design, "service", "store", instant());
    let it = looking(design.clone(), ("cache", "Cache"));
    let ten = told(&design, "cache", 10);
    let (refused, misses) = (number(&ten, "refused"), number(&ten, "misses"));
    // Those under way at either end of the ten seconds aside.
    assert!((refused - misses).abs() <= 10.0, "{refused} refused of {misses}");
    // 3,600 of 4,000, four deviations of a Poisson count and of a binomial share.
    assert!((misses - 3_600.0).abs() < 4.0 * 3_600f64.sqrt(), "{misses}");
    says(&it.words("refused/caption-end"), &text::rate(refused / 10.0, ""));
    says(&it.lines("refused/why"), "OOM");
    assert_eq!(it.words("entries"), "10");
    assert!(it.scene(300.0).marks.iter().any(|it| it.words().starts_with("refused key:")));
    // A node of a cluster refuses as a cache does.
    let mut nodes = ready("cache-cluster");
    let spec = &mut nodes.components.get_mut("cluster").expect("a cluster").spec;
    spec.set("policy", &serde_json::json!("ttl")).expect("it can be set");
    spec.set("capacity", &serde_json::json!(50)).expect("it can be set");
    let it = looking(nodes.clone(), ("cluster", "Product cache"));
    let refused = number(&told(&nodes, "cluster", 3), "refused");
    assert!(refused > 300.0, "{refused}");
    says(&it.lines("requests/refused"), &text::rate(refused / 3.0, ""));
    // By another policy nothing is refused, and nothing is said.
    let spec = &mut design.components.get_mut("cache").expect("a cache").spec;
    spec.set("policy", &serde_json::json!("lru")).expect("it can be set");
    assert_eq!(number(&told(&design, "cache", 10), "refused"), 0.0);
    let it = looking(design, ("cache", "Cache"));
    assert!(!it.scene(300.0).marks.iter().any(|it| it.id.starts_with("refused")));
}

#[test]
fn a_ring_says_what_the_command_line_says() {
    let design = ready("cache-cluster");
    let it = looking(design.clone(), ("cluster", "Product cache"));
    let (one, three) = (told(&design, "cluster", 1), told(&design, "cluster", 3));
    let ratio = number(&one, "hit_ratio");
    assert_eq!(it.words("hit-ratio"), text::number(ratio * 100.0));
    says(&it.scene(300.0).description, &text::percent(ratio));
    says(&label(&it, "dip/line-0"), &text::percent(ratio));
    let imbalance = number(&three, "imbalance");
    assert_eq!(it.words("requests/caption-end"), format!("max/mean {imbalance:.2}"));
    // What the nodes were asked for adds up to what came, each rounded.
    let nodes = ["A", "B", "C"].map(|name| it.figure(&format!("requests/{name}#figure")));
    let (sum, came) = (nodes.iter().sum::<f64>(), number(&three, "offered"));
    assert!((sum - came).abs() <= 1.5, "{nodes:?}, {came}");
    let most = nodes.iter().copied().fold(0.0, f64::max);
    assert!((most - imbalance * came / 3.0).abs() <= 0.5, "{most}");
    // And each says what the command line says of it.
    let members = three["members"].as_array().expect("members");
    assert_eq!(members.len(), 3);
    for member in members {
        let name = member["name"].as_str().expect("a name");
        let rate = number(member, "offered");
        assert_eq!(it.words(&format!("requests/{name}#figure")), format!("{rate:.0}/s"), "{name}");
        let (hits, misses) = (number(member, "hits"), number(member, "misses"));
        let label = label(&it, &format!("requests/{name}"));
        says(&label, &format!("{} of its reads hit", text::percent(hits / (hits + misses))));
        says(&label, &format!("{name}: {} of requests", text::percent(rate / came)));
    }
    let held: f64 = members.iter().map(|it| number(it, "entries")).sum();
    assert_eq!(it.words("entries"), text::count(held as u64));
}

#[test]
fn shards_say_what_the_command_line_says() {
    let design = ready("users-sharded");
    let it = looking(design.clone(), ("store", "User database"));
    let three = told(&design, "store", 3);
    // Parts of queries are work too; calls that were sent on are not.
    let parts = number(&three, "parts") - number(&three, "sent_on");
    let asked = number(&three, "offered") + parts / 3.0;
    assert_eq!(it.words("asked"), text::number(asked));
    says(&it.words("load/caption-end"), &text::number(asked));
    let shards = ["A", "B", "C"].map(|name| it.figure(&format!("load/{name}#figure")));
    assert!((shards.iter().sum::<f64>() - asked).abs() <= 1.5, "{shards:?}, {asked}");
    let busiest = shards.iter().copied().fold(0.0, f64::max);
    let usable = 900.0 * asked / busiest;
    assert!((it.figure("usable") / usable - 1.0).abs() < 0.005, "{usable}");
    let members = three["members"].as_array().expect("members");
    assert_eq!(members.len(), 3);
    for member in members {
        let name = member["name"].as_str().expect("a name");
        let load =
            number(member, "offered") + (number(member, "parts") - number(member, "sent_on")) / 3.0;
        let figure = it.words(&format!("load/{name}#figure"));
        assert_eq!(figure.trim(), format!("{}/s", text::number(load)), "{name}");
        says(&label(&it, &format!("load/{name}")), &text::percent(load / 900.0));
        let rows = text::count(number(member, "rows") as u64);
        assert_eq!(it.words(&format!("rows/{name}#figure")), rows, "{name}");
        match number(member, "waiting") as u64 {
            0 => assert!(!label(&it, &format!("load/{name}")).contains("wait"), "{name}"),
            waiting => says(&label(&it, &format!("load/{name}")), &format!(", {waiting} wait")),
        }
    }
}

/// An edited page: the layers hold it in several versions, and the picture says which. Nothing tells a browser.
#[test]
fn layers_disagree_until_their_time_is_up() {
    let design = ready("browser-cache");
    let it = looking(design, ("browser", "Cache in the browser"));
    let shown = &it.run.shown().world;
    let held = |id: &str, key: u32| {
        let state = states(shown, id)[0];
        let ringside::component::State::Cache(it) = state else { panic!("a cache") };
        it.entries.get(key).filter(|it| it.expires > shown.now()).map(|it| it.version)
    };
    let row = ["browser", "cdn", "own"];
    let held_here: Vec<u32> = (0..120).filter(|key| held("browser", *key).is_some()).collect();
    let differ = |key: &&u32| {
        let own = held("browser", **key);
        row.iter().filter_map(|it| held(it, **key)).any(|it| Some(it) != own)
    };
    let differing: Vec<u32> = held_here.iter().filter(differ).copied().collect();
    assert!(differing.len() > 3, "{differing:?}");
    let right = format!("{} of {} keys differ", differing.len(), held_here.len());
    assert_eq!(it.words("versions/caption-end"), right);
    let sentence = it.lines("versions/0/");
    let key = differing.iter().find(|it| sentence.starts_with(&format!("article:{it}:")));
    let key = *key.unwrap_or_else(|| panic!("{sentence}"));
    for id in row {
        match held(id, key) {
            Some(version) => says(&sentence, &format!("{id} v{version}")),
            None => says(&sentence, &format!("{id} –")),
        }
    }
    // The browser's is never newer than what is nearer to the store, which was edited later or not at all.
    for key in &differing {
        let newest = row.iter().filter_map(|it| held(it, *key)).max();
        assert!(held("browser", *key) <= newest);
    }
    let all = 0..shown.blueprint().components.len() as u32;
    let old: u64 = all.map(|slot| it.run.recorder.staleness.total(slot)).sum();
    assert!(old > 0, "the reader has read old pages");
}

/// Three standbys beside each other: each was without a primary from its death until the next write was
/// acknowledged, and costs as many machines as run.
#[test]
fn standbys_are_compared_by_outage_loss_and_cost() {
    let mut it = Looking::open(ready("standby-race"), 7, Nanos::ZERO, ("hot", "Hot standby"));
    it.on(480_000);
    let world = &it.run.head.world;
    let mut outages = Vec::new();
    for (id, machines) in
        [("hot", "2 machines"), ("warm", "2 machines"), ("cold", "1 machine + backups")]
    {
        let ledger =
            it.run.recorder.takeovers.of(world.blueprint().component(id).expect("it")).expect("it");
        let took = ledger.takeovers.back().expect("it was taken over");
        let span = took.served.expect("it serves") - took.down.expect("it died");
        let lost = ledger.lost(world.now()).count();
        let (said, figure) =
            (label(&it, &format!("race/out/{id}")), it.words(&format!("race/out/{id}#figure")));
        says(
            &said,
            &format!("writes were out for {}; {lost} acknowledged", text::duration(span.0 as f64)),
        );
        says(&figure, &format!("{lost} lost"));
        assert_eq!(it.words(&format!("race/paid/{id}#figure")), machines, "{id}");
        outages.push(span);
    }
    assert!(outages.is_sorted() && outages[2].0 > 100 * outages[0].0, "{outages:?}");
}

/// The curves of a cache are what `ringside cache` gives for the same reads: LRU's at the present size, every policy's
/// at the largest. Reads that warm the caches up are run, and not counted.
#[test]
fn curves_say_what_the_command_line_says() {
    let it = looking(ready("product-cache"), ("cache", "Cache"));
    let world = &it.run.head.world;
    let slot = world.blueprint().component("cache").expect("a cache") as usize;
    let accesses = it.run.recorder.components[slot].accesses.until(world.now());
    let reads: Vec<u32> = accesses.iter().filter(|it| it.counter < 2).map(|it| it.key).collect();
    let counted = it.lines("curves/counted");
    let numbers: Vec<usize> = {
        let plain = counted.replace(['\u{a0}', '\u{202f}', ' '], "");
        plain.split(|it: char| !it.is_ascii_digit()).filter_map(|it| it.parse().ok()).collect()
    };
    let [after, before] = numbers[..2] else { panic!("{counted}") };
    let lately = &reads[reads.len() - after - before..];
    let hits = |policy: &str, capacity: u64, reads: &[u32]| {
        let trace: String = reads.iter().map(|it| format!("{it}\n")).collect();
        let capacity = capacity.to_string();
        let report = json(
            &["cache", "--policy", policy, "--capacity", &capacity, "--json", "-"],
            trace.as_bytes(),
        );
        number(&report, "hits")
    };
    let ratio = |policy: &str, capacity: u64| {
        (hits(policy, capacity, lately) - hits(policy, capacity, &lately[..before])) / after as f64
    };
    let Spec::Cache(params) = &it.run.shown().design.components["cache"].spec else {
        panic!("a cache")
    };
    let now = ratio("lru", params.capacity.into());
    says(&it.lines("curves/promise"), &format!("hits {}.", text::percent(now)));
    // A little more of the curves is known with every picture.
    let scenes: Vec<_> = (0..60).map(|_| it.scene(900.0)).collect();
    for (name, policy) in [("LRU", "lru"), ("S3-FIFO", "s3-fifo")] {
        let id = format!("curves/line/{name}");
        let line = scenes[59].marks.iter().find(|it| it.id == id).expect("a curve");
        let label = line.label.clone().expect("it says");
        let most = label.rsplit(" at ").next().expect("a size");
        let most: String = most.chars().filter(char::is_ascii_digit).collect();
        let missed = 1.0 - ratio(policy, most.parse().expect("a size"));
        says(&label, &format!("{name}: {} misses at", text::percent(missed)));
    }
}

/// The pieces of divided work: each takes what its worker is set to, and the largest decides.
#[test]
fn pieces_take_what_their_workers_take() {
    for (id, slowest, rest) in
        [("even-split", "1.00 s", "0 ms"), ("uneven-split", "4.96 s", "4.95 s")]
    {
        let it = looking(ready("divide-combine"), (id, "Coordinator"));
        let said = it.lines("pieces/words");
        says(&said, &format!(", {slowest}; {rest} after the next"));
        let bars = it.scene(520.0).marks.into_iter().filter(|it| it.id.starts_with("pieces/"));
        assert_eq!(bars.filter(|it| it.id.ends_with("#figure")).count(), 5, "{id}");
    }
}
