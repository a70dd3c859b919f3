//! The ready designs: every one reads without a complaint, runs, and shows what its note says.

use crate::common::looking::Looking;
use crate::common::*;
use ringside::algorithm::hashing::Hash;
use ringside::base::time::Nanos;
use ringside::component::cache_cluster::CacheClusterParams;
use ringside::component::kv_store::{KvStoreParams, preference};
use ringside::component::{Spec, Standing};
use ringside::document::{ComponentRecord, Design, Diff};
use ringside::editor::place::Place;
use ringside::engine::blueprint::Reads;
use ringside::engine::fault::{Fault, Ways};
use ringside::engine::recorder::Window;
use ringside::lens::history;
use ringside::session::kept::Kept;
use ringside::session::protocol::Input as Act;
use ringside::session::run::Run;

fn kept(name: &str) -> Kept {
    let path = format!("{}/static/designs/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).expect("it is there");
    let (kept, notices) = Kept::read(&text).expect("it reads");
    assert!(notices.is_empty(), "{name}: {notices:?}");
    kept
}

fn run(name: &str, change: impl FnOnce(&mut Design)) -> Run {
    let mut file = kept(name).file;
    change(&mut file.design);
    Run::open(file.design, file.seed, file.warmup, Vec::new()).expect("it compiles")
}

fn stale(run: &Run) -> u64 {
    let all = 0..run.head.world.blueprint().components.len() as u32;
    all.map(|it| run.recorder.staleness.total(it)).sum()
}

#[test]
fn every_ready_design_reads_and_runs() {
    let folder = format!("{}/static/designs", env!("CARGO_MANIFEST_DIR"));
    let mut count = 0;
    for entry in std::fs::read_dir(folder).expect("it is there") {
        let path = entry.expect("it is there").path();
        let name = path.file_stem().expect("a name").to_str().expect("plain").to_owned();
        let mut run = run(&name, |_| ());
        run.advance(Nanos::seconds(10), u64::MAX);
        assert!(run.stopped.is_none(), "{name}: {:?}", run.stopped);
        assert!(run.recorder.requests > 5, "{name}: {}", run.recorder.requests);
        count += 1;
    }
    assert!(count >= 18, "{count}");
}

/// What is drawn of a design does not lie over anything else of it: nodes, and notes as tall as their text; on
/// a desk, projected, and on a phone.
#[test]
fn nodes_and_notes_keep_clear_of_each_other() {
    let folder = format!("{}/static/designs", env!("CARGO_MANIFEST_DIR"));
    for entry in std::fs::read_dir(folder).expect("it is there") {
        let path = entry.expect("it is there").path();
        let name = path.file_stem().expect("a name").to_str().expect("plain").to_owned();
        let design = kept(&name).file.design;
        for (growth, narrow) in [(1.0, false), (1.46, false), (1.0, true)] {
            let mut place = Place::new(growth);
            place.narrow = narrow;
            place.arrange(&design);
            let node = |(id, it): (&String, &ComponentRecord)| (id.clone(), place.rect(id, it));
            let nodes = design.components.iter().map(node);
            let note = |id: &String| Some((id.clone(), place.note(&design, id)?));
            let all: Vec<_> = nodes.chain(design.notes.keys().filter_map(note)).collect();
            for (at, (one, a)) in all.iter().enumerate() {
                for (other, b) in &all[at + 1..] {
                    let beside = a.x + a.width <= b.x || b.x + b.width <= a.x;
                    let apart = beside || a.y + a.height <= b.y || b.y + b.height <= a.y;
                    assert!(apart, "{name}, {growth}, narrow {narrow}: {one} lies over {other}");
                }
            }
        }
    }
}

/// /blogs: 20 ms on a hit, 800 ms on a miss (catalogue B7); a new post is an old one for up to a minute,
/// unless the editor drops it from the cache.
#[test]
fn blog_cache_is_fast_and_stale() {
    let told = |tells: bool| {
        let mut run = run("blog-cache", |it| {
            if tells {
                wire(it, "editor", "cache", Default::default());
            }
        });
        run.advance(Nanos::seconds(60), u64::MAX);
        run
    };
    let (run, tells) = (told(false), told(true));
    let (old, few) = (stale(&run), stale(&tells));
    assert!(old > 500 && few < old / 10, "{old} stale reads, {few} if it is dropped");
    let world = &run.head.world;
    let slot = world.blueprint().component("readers").expect("there");
    let window = run.recorder.window_at(slot, 2, world.now()).expect("it has closed").1;
    // Means of 18 ms of work and the ways; a miss adds 780 ms.
    let (p50, p99) = (window.p50_ns as f64 / 1e6, window.p99_ns as f64 / 1e6);
    assert!((18.0..25.0).contains(&p50) && (780.0..850.0).contains(&p99), "{p50} ms, {p99} ms");
}

/// The ring of the notes' code sample (catalogue E6): every key goes to A, before and after D joins, and A
/// alone is too small; with a hash that mixes and many points all three do their part.
#[test]
fn ring_sample_sends_every_key_to_one_node() {
    let seen = |run: &mut Run| {
        // Long enough for what was in line to be gone.
        run.advance(Nanos::seconds(40), u64::MAX);
        let world = &run.head.world;
        let slot = world.blueprint().component("cluster").expect("there");
        let counts = run.recorder.components[slot as usize].by_member.until(world.now(), 5);
        let offered: Vec<u32> = counts.iter().map(|it| it.offered).collect();
        let slot = world.blueprint().component("readers").expect("there");
        let (_, window) = run.recorder.window_at(slot, 2, world.now()).expect("it has closed");
        (offered, window.p99_ns)
    };
    let set = |run: &mut Run, change: &dyn Fn(&mut CacheClusterParams)| {
        let before = run.shown().design.clone();
        let mut after = before.clone();
        match &mut after.components.get_mut("cluster").expect("there").spec {
            Spec::CacheCluster(it) => change(it),
            _ => panic!("a cluster"),
        }
        run.act(Act::Edit(Diff::between(&before, &after))).expect("it compiles");
    };
    let mut run = run("ring-sample", |_| ());
    let (offered, slow) = seen(&mut run);
    assert!(offered[0] > 4_000 && offered[1..] == [0, 0], "{offered:?}");
    set(&mut run, &|it| it.nodes = 4);
    let (offered, still) = seen(&mut run);
    assert!(offered[0] > 4_000 && offered[1..] == [0, 0, 0], "D has joined: {offered:?}");
    set(&mut run, &|it| (it.hash, it.vnodes) = (Hash::XxHash64, 200));
    let (offered, quick) = seen(&mut run);
    let mean = f64::from(offered.iter().sum::<u32>()) / 4.0;
    assert!(offered.iter().all(|it| (f64::from(*it) / mean - 1.0).abs() < 0.25), "{offered:?}");
    assert!(
        5.0 * quick < slow.min(still),
        "p99 {slow} ns, {still} with D, {quick} with a good hash"
    );
}

/// The second of two writes is lost: old scores stay. A board that forgets fetches them again, but one that
/// is not told does not know.
#[test]
fn leaderboard_keeps_old_scores_when_the_second_write_is_lost() {
    let mut run = run("leaderboard", |_| ());
    run.advance(Nanos::seconds(10), u64::MAX);
    let before = stale(&run);
    let wire = "judge-board".to_owned();
    let cut = Fault::CutWire { wire: wire.clone(), ways: Ways::Forth };
    run.act(Act::Fault(cut)).expect("it is cut");
    run.advance(Nanos::SECOND, u64::MAX);
    run.act(Act::Fault(Fault::MendWire { wire })).expect("it is mended");
    run.advance(Nanos::seconds(10), u64::MAX);
    let after = stale(&run) - before;
    assert!(after > 200 && after > 10 * before.max(1), "{before} before, {after} after");
}

/// One of three answers: reads miss writes; two and two: none does. Two of the three that keep the price
/// gone, strict, all is refused; sloppy, once those are known to be silent, nothing is.
#[test]
fn leaderless_store_misses_overlaps_and_stands_in() {
    let opened = |change: &dyn Fn(&mut KvStoreParams)| {
        let mut params = KvStoreParams::default();
        let run = run("leaderless", |it| {
            if let Spec::KvStore(it) = &mut it.components.get_mut("store").expect("there").spec {
                change(it);
                params = it.clone();
            }
        });
        (run, params)
    };
    let log = |run: &Run| {
        let store = run.head.world.blueprint().component("store").expect("there");
        run.recorder.history.of(store).expect("a log").clone()
    };
    let missed = |run: &Run| {
        let (log, now) = (log(run), run.head.world.now());
        log.operations.iter().filter(|it| history::stale(&log, it, now)).count()
    };
    let two = |it: &mut KvStoreParams| (it.read_quorum, it.write_quorum) = (2, 2);
    let (mut run, params) = opened(&|_| ());
    assert_eq!(
        (params.members, params.homes(), params.quorum(), params.sloppy),
        (5, 3, [1, 1], false)
    );
    run.advance(Nanos::seconds(30), u64::MAX);
    let old = missed(&run);
    let (mut run, _) = opened(&two);
    run.advance(Nanos::seconds(30), u64::MAX);
    assert!(old > 5 && missed(&run) == 0, "{old} missed, then {}", missed(&run));
    for sloppy in [false, true] {
        let (mut run, params) = opened(&|it| {
            two(it);
            it.sloppy = sloppy;
        });
        run.advance(Nanos::seconds(5), u64::MAX);
        for home in &preference(&params, 0)[..2] {
            let crash = Fault::Crash(target(&format!("store/{home}")));
            run.act(Act::Fault(crash)).expect("it dies");
        }
        // Until whoever is asked knows who is silent.
        run.advance(Nanos::seconds(3), u64::MAX);
        let known = run.head.world.now();
        run.advance(Nanos::seconds(10), u64::MAX);
        let log = log(&run);
        let late = log.operations.iter().filter(|it| it.invoked > known && it.ended.is_some());
        let refused = late.clone().filter(|it| it.reached.is_some()).count();
        let answered = late.filter(|it| it.ended.is_some_and(|it| !it.0.is_failure())).count();
        match sloppy {
            true => {
                assert!(refused == 0 && answered > 100, "{refused} refused, {answered} answered")
            }
            false => {
                assert!(refused > 50 && answered == 0, "{refused} refused, {answered} answered")
            }
        }
    }
}

/// Sessions in Redis: the primary dies at 0:10 and a replica takes over in some seconds; what it acknowledged
/// without its cable is lost; back at 0:40, it follows.
#[test]
fn redis_sentinel_fails_over_and_tells_what_is_lost() {
    let mut run = run("redis-sentinel", |_| ());
    run.advance(Nanos::seconds(60), u64::MAX);
    let world = &run.head.world;
    let slot = world.blueprint().component("sessions").expect("there");
    let ledger = run.recorder.takeovers.of(slot).expect("a ledger");
    assert_eq!(ledger.takeovers.len(), 1);
    let it = ledger.takeovers[0];
    let (down, served) = (it.down.expect("it died"), it.served.expect("another serves"));
    assert!((1.0..5.0).contains(&(served - down).as_seconds()), "{it:?}");
    let lost = ledger.lost(world.now()).count();
    assert!((3..40).contains(&lost), "{lost} acknowledged writes lost");
    let members = &world.blueprint().components[slot as usize].members;
    let leads = |it: &&u32| {
        world.member(**it).state.as_ref().map(|it| it.standing()) == Some(Standing::Leader)
    };
    assert_eq!(members.iter().filter(leads).count(), 1, "the old primary follows");
}

/// Copies of files, device by device: siblings answer for a server that dies; copies that are offline answer with
/// old files, and catch up.
#[test]
fn shared_folder_goes_on_without_a_server_and_with_copies_offline() {
    let mut run = run("shared-folder", |_| ());
    let at = |run: &mut Run, seconds: u64| {
        let to = run.recorder.zero + Nanos::seconds(seconds);
        run.advance(to - run.head.world.now(), u64::MAX);
        (stale(run), run.head.world.blueprint().component("copies").expect("there"))
    };
    let behind = |run: &Run, slot: u32| {
        let (_, window) = run.recorder.window_at(slot, 1, run.head.world.now()).expect("a second");
        f64::from(window.gauges[1])
    };
    let (before, slot) = at(&mut run, 30);
    let editor = run.head.world.blueprint().component("devices").expect("there");
    assert_eq!(run.recorder.components[editor as usize].total.failed(), 0, "siblings answer");
    let (after, _) = at(&mut run, 44);
    assert!(after - before > before + 20, "{before} stale before, {after} after");
    assert!(behind(&run, slot) > 30.0, "{}", behind(&run, slot));
    at(&mut run, 60);
    assert!(behind(&run, slot) < 10.0, "{}", behind(&run, slot));
}

/// What has been counted at a component in the whole seconds after `from` up to `to`: offered, failed, and its
/// mean number at work.
fn between(run: &Run, id: &str, from: u64, to: u64) -> (f64, f64, f64) {
    let slot = run.head.world.blueprint().component(id).expect("it is there");
    let windows = &run.recorder.components[slot as usize].windows[1];
    let second = |it: &&Window| it.end > Nanos::seconds(from) && it.end <= Nanos::seconds(to);
    let all: Vec<_> = windows.iter().filter(second).collect();
    assert_eq!(all.len() as u64, to - from, "{id}");
    let sum = |of: fn(&Window) -> u32| all.iter().map(|it| f64::from(of(it))).sum::<f64>();
    let busy = all.iter().map(|it| f64::from(it.levels[2])).sum::<f64>() / all.len() as f64;
    (sum(|it| it.offered), sum(|it| it.failed), busy)
}

fn mean_ms(run: &Run, id: &str) -> f64 {
    let slot = run.head.world.blueprint().component(id).expect("it is there");
    run.recorder.components[slot as usize].total.latency.mean_ns().expect("some ended") / 1e6
}

/// Entity sharding: a regional event heats the shard of that region and no other (catalogue: shard-geo-entity).
#[test]
fn a_festival_heats_the_shard_of_its_region_only() {
    let mut run = run("regional-shards", |_| ());
    run.advance(Nanos::seconds(60), u64::MAX);
    for id in ["north-shard", "west-shard", "south-shard"] {
        let ((before, failed, busy), (during, lost, hot)) =
            (between(&run, id, 5, 20), between(&run, id, 22, 40));
        assert!(failed == 0.0 && busy < 0.8, "{id}: {busy} of 2 at work");
        let grown = during / 18.0 / (before / 15.0);
        match id {
            "south-shard" => assert!(
                (4.5..5.5).contains(&grown) && lost > 500.0 && hot > 1.95,
                "{grown} {lost} {hot}"
            ),
            _ => {
                assert!((0.9..1.1).contains(&grown) && lost == 0.0, "{id}: {grown}, {lost} failed")
            }
        }
    }
}

/// Work in equal pieces ends together; in pieces that only look equal it waits for the largest (catalogue:
/// work-splitting, E8).
#[test]
fn divided_work_takes_as_long_as_its_largest_piece() {
    let mut run = run("divide-combine", |_| ());
    run.advance(Nanos::seconds(60), u64::MAX);
    run.recorder.bring_up_to_date();
    let (even, uneven) = (mean_ms(&run, "even-jobs"), mean_ms(&run, "uneven-jobs"));
    assert!(
        (1_000.0..1_020.0).contains(&even) && (4_960.0..4_980.0).contains(&uneven),
        "{even} {uneven}"
    );
    for worker in ["a", "b", "c", "d", "e"] {
        let (.., busy) = between(&run, &format!("even-{worker}"), 10, 60);
        // A second of work, and half a second of thought by chance.
        assert!((0.5..0.85).contains(&busy), "{worker}: {busy}");
        let (.., busy) = between(&run, &format!("uneven-{worker}"), 10, 60);
        assert_eq!(busy > 0.85, worker == "e", "{worker}: {busy}");
        assert_eq!(busy < 0.01, worker != "e", "{worker}: {busy}");
    }
}

/// Each word has one reducer; one common word makes one of them long (catalogue: data-redistribution).
#[test]
fn one_common_word_makes_one_reducer_long() {
    let mut run = run("shuffle", |_| ());
    let shares = |run: &mut Run, to: u64| {
        let slot = run.head.world.blueprint().component("reduce").expect("there") as usize;
        run.advance(Nanos::seconds(to) - run.head.world.now(), u64::MAX);
        let (_, window) =
            run.recorder.window_at(slot as u32, 1, run.head.world.now()).expect("a second");
        let members = &run.head.world.blueprint().components[slot].members;
        let queues = members.iter().map(|it| run.head.world.member(*it).desk.open);
        (queues.max().unwrap_or(0), window.p99_ns / 1e6)
    };
    let (even, fast) = shares(&mut run, 20);
    let (long, slow) = shares(&mut run, 39);
    assert!(even < 40 && fast < 100.0, "{even} wait, {fast} ms");
    // 250 of its 167 a second for 19 seconds.
    assert!(long > 1_000 && slow > 4_000.0, "{long} wait, {slow} ms");
    // All to all, as the mapper sees it: the calls under way, and whose they are.
    let mut it = Looking::open(kept("shuffle").file.design, 7, Nanos::ZERO, ("map", "Map"));
    it.on(39_000);
    let count = |from: usize, to: usize| it.figure(&format!("across/shuffle/{from}/{to}#count"));
    let sums: Vec<_> = (1..=4).map(|to| (1..=4).map(|from| count(from, to)).sum::<f64>()).collect();
    let together: Vec<_> = (1..=4).map(|to| count(5, to)).collect();
    assert_eq!(sums, together);
    let most = sums.iter().copied().fold(0.0, f64::max);
    let share = most / sums.iter().sum::<f64>();
    assert!(share > 0.8, "{sums:?}");
    let words = it.words("across/shuffle/most/0");
    assert!(words.contains(&ringside::base::text::percent(share)), "{words}");
    assert_eq!(it.figure("across/shuffle/caption-end"), sums.iter().sum::<f64>());
}

/// The same table in twelve partitions, found by the database: nobody who asks is changed when the layout is. Chosen
/// by the application, another table is nobody's until it is wired (catalogue: table-partitioning,
/// partition-management, partition-range, partition-pruning).
#[test]
fn who_finds_the_partition_has_to_be_edited() {
    let design = kept("table-partitions").file.design;
    let mut it = Looking::open(design, 5, Nanos::seconds(5), ("orders", "Orders"));
    it.on(10_000);
    let callers = it.run.shown().design.components["shop"].clone();
    let said = |it: &Looking, id: &str| it.lines(id).replace(['\u{a0}', '\u{202f}'], " ");
    let label = |it: &Looking, id: &str| it.mark(id).label.expect("a label");
    assert!(
        label(&it, "lists/3").starts_with("Partition 3, Mar: keys 24"),
        "{}",
        label(&it, "lists/3")
    );
    assert!(
        said(&it, "pruned/keys/").contains("reads 1 of 12 partitions, with 12 000 of 144 000 rows")
    );
    // 366² keys are in two pages, one key more in three; with all a shard has to do it can do as much as before.
    assert!(label(&it, "height/whole").contains("3 pages high"), "{}", label(&it, "height/whole"));
    assert!(label(&it, "height/part").contains("2 pages high"), "{}", label(&it, "height/part"));
    assert!(said(&it, "table/height/").contains("it can still do 900/s"));
    // A client asks for 30 days of 300 requests a second, and each takes a piece of work more.
    assert!((270.0..380.0).contains(&it.figure("asked")), "{}", it.words("asked"));
    it.set("orders", "partitions", serde_json::json!(6));
    it.on(5_000);
    assert!(said(&it, "table/managed/").contains("changed once, and no caller was"));
    assert!(
        said(&it, "pruned/keys/").contains("reads 1 of 6 partitions"),
        "{}",
        said(&it, "pruned/keys/")
    );
    assert_eq!(it.run.shown().design.components["shop"], callers);
    assert_eq!(it.run.recorder.components.iter().map(|it| it.total.failed()).sum::<u64>(), 0);

    // Below: a fourth table, as the three there are, and then what it takes until it is asked.
    let asked = |wired: bool| {
        let mut run = run("table-partitions", |it| {
            let fourth = it.components["orders-3"].clone();
            it.components.insert("orders-4".into(), fourth);
            let Spec::Client(client) = &mut it.components.get_mut("readers-2").expect("there").spec
            else {
                panic!("a client")
            };
            if wired {
                let mut winter = client.classes[2].clone();
                winter.name = "winter".into();
                client.classes.push(winter);
                let mut wire = it.wires["shop-2-orders-3"].clone();
                wire.to = "orders-4".into();
                wire.settings.classes = "winter".into();
                it.wires.insert("shop-2-orders-4".into(), wire);
            }
        });
        run.advance(Nanos::seconds(15), u64::MAX);
        ["orders-1", "orders-4"].map(|it| between(&run, it, 10, 15).0)
    };
    let ([first, fourth], [less, quarter]) = (asked(false), asked(true));
    assert!(first > 400.0 && fourth == 0.0, "{first}, {fourth}");
    assert!((quarter / less - 1.0).abs() < 0.3 && less < 0.9 * first, "{less}, {quarter}");
}

/// The same read from memory, SSD and disk; a power cut empties what was in memory only (catalogue: in-memory-db).
#[test]
fn memory_is_fast_until_the_power_fails() {
    let mut run = run("memory-disk", |_| ());
    run.advance(Nanos::seconds(30), u64::MAX);
    run.recorder.bring_up_to_date();
    let [memory, ssd, disk] = ["memory", "ssd", "disk"].map(|it| mean_ms(&run, it));
    assert!((0.005..0.02).contains(&memory), "{memory}");
    assert!((0.05..0.2).contains(&ssd), "{ssd}");
    assert!((6.0..12.0).contains(&disk), "{disk}");
    // So do those who ask them, on average of five seconds: 0.3 ms of ways and work of their own, and then the store.
    let mean = |id: &str| {
        let slot = run.head.world.blueprint().component(id).expect("it is there");
        let windows = &run.recorder.components[slot as usize].windows[1];
        let late: Vec<_> = windows.iter().filter(|it| it.end > Nanos::seconds(45)).collect();
        let done = late.iter().map(|it| f64::from(it.completed)).sum::<f64>();
        late.iter().map(|it| f64::from(it.mean_ns) * f64::from(it.completed)).sum::<f64>()
            / done
            / 1e6
    };
    let [quick, middle, slow] = ["app", "app-ssd", "app-disk"].map(mean);
    assert!(quick < middle && middle < 0.6 && slow > 7.0, "{quick}, {middle}, {slow} ms");
    run.advance(Nanos::seconds(30), u64::MAX);
    // The script's moments are counted from the start of the warm-up, and so are these.
    let (warm, ..) = between(&run, "behind", 45, 50);
    let (cold, ..) = between(&run, "behind", 52, 57);
    assert!(warm <= 1.0 && cold > 40.0, "{warm} then {cold} reads of the disk behind it");
}

/// Each rung carries the load until the next is due (catalogue: db-scaling-ladder; E27).
#[test]
fn each_rung_of_the_ladder_carries_more() {
    let rung = |steps: usize| {
        let mut run = run("scaling-ladder", |it| {
            if let Spec::SqlDb(it) = &mut it.components.get_mut("db").expect("there").spec {
                if steps > 0 {
                    it.read_work = Nanos::millis(4);
                }
                if steps > 1 {
                    (it.workers, it.write_work) = (8, Nanos::millis(10));
                }
                it.replicas = if steps > 2 { 3 } else { 0 };
            }
            if steps > 2 {
                let wire = it.wires.get_mut("app-db").expect("there");
                wire.settings.reads = Reads::Any;
            }
        });
        run.advance(Nanos::seconds(150), u64::MAX);
        // The first five seconds in which more than one in twenty fails.
        let fails = |at: &u64| {
            let (offered, failed, _) = between(&run, "users", *at, *at + 5);
            failed > offered / 20.0
        };
        (5..=145).step_by(5).find(fails).unwrap_or(150)
    };
    let all = [0, 1, 2, 3].map(rung);
    assert!(all.windows(2).all(|it| it[1] >= it[0] + 10), "fails after {all:?} s");
}

/// Each server has a cache of its own; after an edit through one, the other answers with the old page until its
/// entry expires (catalogue: in-process-cache).
#[test]
fn caches_in_two_processes_disagree() {
    let mut run = run("in-process-caches", |_| ());
    run.advance(Nanos::seconds(72), u64::MAX);
    let stale = |id: &str| {
        let slot = run.head.world.blueprint().component(id).expect("there");
        let age =
            run.recorder.staleness.latest(slot).map(|it| (it.read - it.acknowledged).as_seconds());
        (run.recorder.staleness.total(slot), age.fold(0.0, f64::max))
    };
    let ((own, _), (other, oldest)) = (stale("cache-a"), stale("cache-b"));
    assert!(other > 100 && own * 20 < other, "{own} at A, {other} at B");
    // It expires ten seconds after it was read.
    assert!((2.0..=10.1).contains(&oldest), "{oldest} s");
}
