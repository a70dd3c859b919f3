//! What can be done inside a sharded database, and what comes of it: a query asked by hand, another shard key, a row of
//! the directory for a hot key, one more shard where ranges split by themselves; and requests as they rain.

use crate::common::looking::Looking;
use crate::common::target;
use crate::shard_lens::{load, open, rate, settle};
use ringside::base::time::Nanos;
use ringside::engine::fault::Fault;
use ringside::session::protocol::Input;
use serde_json::json;

/// A query that somebody asks by hand is asked, once, and stays in sight whatever others ask; replayed, it is the same.
#[test]
fn a_query_is_asked_by_hand() {
    let mut it = open();
    it.set("store", "scheme", json!("modulo"));
    it.look.note("query", "1000");
    it.on(2_000);
    assert!(it.scene(300.0).marks.iter().all(|it| it.id != "asked/slowest/0"));
    it.click("query/ask");
    it.on(3_000);
    let caption = it.words("asked/caption").replace(['\u{a0}', '\u{202f}'], " ");
    assert_eq!(caption, "You asked: user:1 000 to 1 100");
    assert_eq!(it.words("asked/caption-end"), "101 rows");
    let said = it.words("asked/slowest/0");
    assert!(said.starts_with("3 shards were asked; the slowest"), "{said}");
    let times: Vec<_> = ["A", "B", "C"].map(|name| it.mark(&format!("asked/{name}"))).into();
    assert_eq!(times.iter().filter(|it| it.tone == ringside::scene::Tone::Link).count(), 1);
    // 1 − 0.99³.
    let tail = it.lines("query/tail");
    assert!(tail.contains("2.97"), "{tail}");
    // By ranges one shard has them all.
    it.set("store", "scheme", json!("range"));
    it.on(20_000);
    settle(&mut it);
    it.click("query/ask");
    it.on(3_000);
    assert!(
        it.words("asked/slowest/0").starts_with("A alone was asked"),
        "{}",
        it.words("asked/slowest/0")
    );
    let seen = it.scene(520.0);
    let hash = it.run.head.world.state_hash();
    it.on(1_000);
    it.run.seek(it.run.head.world.now() - Nanos::seconds(1));
    assert_eq!((it.scene(520.0), it.run.shown().world.state_hash()), (seen, hash));
}

/// Another shard key: eight of ten countries are one shard's, which does four fifths of all and can be had no more of.
#[test]
fn another_shard_key_makes_one_shard_hot() {
    let mut it = open();
    rate(&mut it, "1000/s");
    it.click("shard-key/country");
    it.on(25_000);
    settle(&mut it);
    it.on(4_000);
    let all = ["A", "B", "C"].map(|name| load(&it, name));
    let share = all[0] / all.iter().sum::<f64>();
    assert!((0.74..0.86).contains(&share), "{all:?}");
    assert_eq!(it.mark("load/A").tone, ringside::scene::Tone::Warn);
    assert_eq!(it.mark("load/B").tone, ringside::scene::Tone::Ink3);
    let label = it.mark("load/A").label.expect("a label");
    assert!(label.contains("times the mean"), "{label}");
    // Of 2,700 installed about 900 / 0.8 can be used.
    assert!((1_040.0..1_230.0).contains(&it.figure("usable")), "{}", it.words("usable"));
    it.click("shard-key/hash");
    it.on(25_000);
    settle(&mut it);
    it.on(4_000);
    assert_eq!(it.mark("load/A").tone, ringside::scene::Tone::Ink3);
    assert!(it.figure("usable") > 2_200.0, "{}", it.words("usable"));
}

/// One row of the directory moves one hot key, and nothing else.
#[test]
fn a_hot_key_gets_a_row_in_the_directory() {
    let mut it = open();
    it.set("store", "scheme", json!("directory"));
    it.on(20_000);
    settle(&mut it);
    it.run
        .act(Input::Fault(Fault::HotKey { target: target("users"), key: 77, share: 0.3 }))
        .expect("it can be done");
    it.on(6_000);
    let scene = it.scene(900.0);
    let chip = scene.marks.iter().find(|it| it.id == "directory/77").expect("it is hot");
    let words = chip.words().to_owned();
    let to = words.rsplit(' ').next().expect("a shard").to_owned();
    assert!(words.starts_with("Move user:77 to "), "{words}");
    it.click("directory/77");
    it.on(8_000);
    settle(&mut it);
    let map =
        ringside::component::sharded_db::Map::of(match &it.run.shown().design.components["store"]
            .spec
        {
            ringside::component::Spec::ShardedDb(it) => it,
            _ => panic!("a sharded database"),
        });
    assert_eq!(ringside::base::text::letter(map.owner(77).into()), to);
    let label = it.mark(&format!("load/{to}")).label.expect("a label");
    assert!(it.scene(900.0).description.contains(&format!("of {to}'s requests")), "{label}");
}

/// Where ranges split by themselves one more shard is one click, and the callers are not touched.
#[test]
fn a_shard_joins_ranges_that_split_by_themselves() {
    let mut it = open();
    it.click("auto/true");
    it.on(40_000);
    assert!(
        it.lines("auto/edits").contains("by hand never, by the shards"),
        "{}",
        it.lines("auto/edits")
    );
    assert!(!it.lines("auto/edits").contains("shards never"), "{}", it.lines("auto/edits"));
    let callers = it.run.shown().design.components["api"].clone();
    it.click("add");
    it.on(60_000);
    assert!(load(&it, "D") > 50.0, "{}", it.words("load/D#figure"));
    assert_eq!(it.run.shown().design.components["api"], callers);
}

/// Where much is asked for, much rains: as many dots in a lane as requests came there in the time that is shown.
#[test]
fn it_rains_where_requests_fall() {
    let mut it = open();
    let drops = |it: &Looking, name: &str| {
        let lane = format!("rain/{name}/");
        it.scene(900.0).marks.iter().filter(|it| it.id.starts_with(&lane)).count() as f64
    };
    let (mut rained, mut asked) = ([0.0; 3], [0.0; 3]);
    for _ in 0..40 {
        it.on(250);
        for (at, name) in ["A", "B", "C"].iter().enumerate() {
            rained[at] += drops(&it, name);
            asked[at] += load(&it, name) * 0.1;
        }
    }
    for (rained, asked) in rained.iter().zip(asked) {
        // Four deviations of a Poisson count; of C no more than 96 are known at a time.
        assert!((rained - asked).abs() < 4.0 * asked.sqrt() + 0.05 * asked, "{rained}, {asked}");
    }
    rate(&mut it, "60/s");
    it.on(5_000);
    let legend = it.lines("space/legend");
    assert!(legend.contains("requests of the last second"), "{legend}");
    assert!((20.0..110.0).contains(&["A", "B", "C"].map(|name| drops(&it, name)).iter().sum()));
}
