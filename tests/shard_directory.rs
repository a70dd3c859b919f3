//! A directory that callers ask where a key is: each request goes through it, or what it said is remembered; it
//! can be the bottleneck, and dead it fails who has to ask it.

use crate::common::sharded::shards;
use crate::common::*;
use ringside::base::time::Nanos;
use ringside::component::client::{ClientParams, Popularity};
use ringside::component::service::ServiceParams;
use ringside::component::sharded_db::{LOOKED_UP, Lookup, READ, SENT_ON, ShardedDbParams, WRITTEN};
use ringside::component::{Placing, Spec};
use ringside::document::Design;
use ringside::engine::fault::{Fault, Ways};
use ringside::engine::{Note, Outcome};
use serde_json::json;

const KEYS: u32 = 200;

fn users(rate: f64, lookup: &str, replicas: u32) -> Design {
    let mut it = design();
    let users = ClientParams { keys: KEYS, popularity: Popularity::Uniform, ..client(rate, 1, 1) };
    add(&mut it, "users", Spec::Client(users));
    let app = ServiceParams { workers: 10_000, work: Nanos::ZERO, ..ServiceParams::default() };
    add(&mut it, "app", Spec::Service(app));
    let store = ShardedDbParams {
        keys: KEYS,
        shards: 3,
        replicas,
        work: Nanos::millis(4),
        workers: 4,
        lookup_work: Nanos::millis(4),
        ..ShardedDbParams::default()
    };
    add(&mut it, "store", Spec::ShardedDb(store));
    set(&mut it, "scheme", json!("directory"));
    set(&mut it, "directory", json!("7=C, 8=A"));
    set(&mut it, "lookup", json!(lookup));
    wire(&mut it, "users", "app", instant());
    let mut path = steady(Nanos::micros(300));
    path.timeout = Nanos::millis(800);
    wire(&mut it, "app", "store", path);
    it
}

fn set(design: &mut Design, name: &str, value: serde_json::Value) {
    let spec = &mut design.components.get_mut("store").expect("it is there").spec;
    spec.set(name, &value).expect("it can be set");
}

/// In the next so many seconds: rows read and written, lookups, callers sent on, calls that failed.
fn counts(live: &mut Live, seconds: u64) -> [usize; 4] {
    let from = live.audit.notes.len();
    live.audit.keep = true;
    live.run_for(Nanos::seconds(seconds));
    live.audit.keep = false;
    let of = |which: &dyn Fn(&Note) -> bool| {
        live.audit.notes[from..].iter().filter(|it| which(&it.2)).count()
    };
    let counted =
        |of: u8| move |it: &Note| matches!(it, Note::Count { counter, .. } if *counter == of);
    let failed = |it: &Note| matches!(it, Note::CallEnded { outcome, again: false, .. } if *outcome != Outcome::Ok);
    [
        of(&counted(READ)) + of(&counted(WRITTEN)),
        of(&counted(LOOKED_UP)),
        of(&counted(SENT_ON)),
        of(&failed),
    ]
}

#[test]
fn every_request_asks_or_what_was_said_is_remembered() {
    for (lookup, most) in [("known", 0.0), ("each", 1.0), ("cached", 0.02)] {
        let mut live = Live::new(&users(300.0, lookup, 0), 5);
        live.run_to(Nanos::seconds(10));
        let [served, lookups, _, failed] = counts(&mut live, 10);
        assert!(served > 2_500 && failed == 0, "{lookup}: {served}, {failed} failed");
        let part = lookups as f64 / served as f64;
        assert!((part - most).abs() < 0.021, "{lookup}: {part}");
        let row =
            |key: u64, shard: usize| shards(&live.world)[shard].rows.get(key).map(|it| it.owner);
        assert_eq!((row(7, 2), row(8, 0)), (Some(2), Some(0)), "by the table");
        live.audit.check_conservation(&live.world);
        live.check_replay();
    }
}

/// The table has changed: who remembers is sent on once, and remembers that.
#[test]
fn what_is_remembered_is_out_of_date_until_it_proves_wrong() {
    let mut live = Live::new(&users(300.0, "cached", 0), 5);
    live.run_to(Nanos::seconds(10));
    live.edit(|it| set(it, "weights", json!("1, 0, 1")));
    live.run_for(Nanos::seconds(1));
    let rows = shards(&live.world)[3].held;
    assert_eq!(rows, 0, "the directory has no rows");
    let [_, _, first, failed] = counts(&mut live, 10);
    let [served, _, later, _] = counts(&mut live, 10);
    assert!(failed == 0 && served > 2_500, "{failed} failed of {served}");
    assert!(later < served / 50, "{first} sent on at first, then {later} of {served}");
}

/// The directory is cut off from the shards while rows change hands: whoever is asked in vain tells it, so that it
/// is wrong once a key.
#[test]
fn a_directory_that_was_cut_off_is_told() {
    let mut live = Live::new(&users(300.0, "each", 0), 5);
    live.run_to(Nanos::seconds(2));
    live.fault(cut("a", &["store/3"], &["store/0", "store/1", "store/2"], Ways::Both));
    live.edit(|it| set(it, "weights", json!("1, 0, 1")));
    live.run_for(Nanos::seconds(6));
    live.fault(heal("a"));
    let [_, _, first, _] = counts(&mut live, 10);
    let [served, _, later, failed] = counts(&mut live, 10);
    assert!(first > 20 && failed == 0 && served > 2_500, "{first}, {failed} failed of {served}");
    assert_eq!(later, 0, "{first} sent on at first");
    live.check_replay();
}

/// All go through it: with more requests than it can look up, they wait there; dead, it fails who has to
/// ask, and those who remember go on. With replicas another takes over.
#[test]
fn it_is_a_bottleneck_and_a_single_point_of_failure() {
    // 4 workers at 4 ms look up 1,000 keys a second, the three shards serve 3,000.
    for (lookup, least, most) in [("known", 1_700, 2_200), ("each", 300, 1_100)] {
        let mut live = Live::new(&users(2_000.0, lookup, 0), 6);
        live.run_to(Nanos::seconds(8));
        let [served, ..] = counts(&mut live, 4);
        assert!((least..most).contains(&(served / 4)), "{lookup}: {} a second", served / 4);
    }
    for (lookup, replicas, ok) in [("each", 0, 0.0), ("cached", 0, 1.0), ("each", 2, 1.0)] {
        let mut live = Live::new(&users(200.0, lookup, replicas), 6);
        // Each of the callers learns all keys.
        live.run_to(Nanos::seconds(30));
        let directory = 3 * (replicas + 1);
        live.fault(Fault::Crash(target(&format!("store/{directory}"))));
        live.run_for(Nanos::seconds(8));
        let [served, _, _, failed] = counts(&mut live, 10);
        let part = served as f64 / (served + failed).max(1) as f64;
        assert!((part - ok).abs() < 0.01, "{lookup}, {replicas}: {part} of {}", served + failed);
    }
    assert_eq!(Lookup::ALL.len(), 3);
}

/// Groups and places: rows lie at the shard of their group, or at the nearest one; requests go straight to it, and
/// what cannot be read is refused with a word.
#[test]
fn rows_lie_by_their_group_or_the_nearest_shard() {
    let mut design = users(300.0, "known", 0);
    for (scheme, name, value, least) in [
        ("list", "groups", "eu=A, us=B, asia=C", 40),
        ("geographic", "homes", "52.5:13.4, 40.7:-74.0, 19.1:72.9", 40),
        // Twice as many at home near C.
        ("geographic", "homes", "19.1:72.9, 19.2:72.8, 52.5:13.4, 40.7:-74.0", 35),
    ] {
        set(&mut design, "scheme", json!(scheme));
        set(&mut design, name, json!(value));
        let mut live = Live::new(&design, 5);
        live.run_to(Nanos::seconds(5));
        let [served, _, sent_on, failed] = counts(&mut live, 10);
        assert!(
            served > 2_500 && failed == 0 && sent_on == 0,
            "{scheme}: {served}, {sent_on}, {failed}"
        );
        let held: Vec<u32> = shards(&live.world).iter().map(|it| it.held).collect();
        assert_eq!(held.iter().sum::<u32>(), KEYS);
        assert!(held.iter().all(|it| *it >= least), "{scheme}: {held:?}");
        assert!(least == 40 || held[2] > held[0] + held[1] - 40, "{held:?}");
        live.check_replay();
    }
    for (name, value, says) in
        [("homes", "home", "latitude"), ("sites", "A=1:2, B=3:4", "where does C stand")]
    {
        let mut design = design.clone();
        set(&mut design, name, json!(value));
        let error =
            ringside::document::compile::compile(&design, 1).err().map(|it| format!("{it:?}"));
        assert!(
            error.as_ref().is_some_and(|it| it.contains(says) && it.contains(name)),
            "{error:?}"
        );
    }
}

/// Whoever was sent on for a key remembers it, however many keys there are.
#[test]
fn every_key_is_remembered_by_itself() {
    let design = users(1.0, "cached", 0);
    let mut spec = design.components["store"].spec.clone();
    spec.set("keys", &json!(100_000)).expect("it can be set");
    let by = spec.membership().expect("callers place keys");
    let mut caller = Placing::new(by, "user").expect("it can be placed");
    let home = |key: u32| (key.wrapping_mul(2_654_435_761) >> 16) % 3;
    (0..100_000).for_each(|key| caller.sent_on(key, home(key) as u16));
    for key in 0..100_000 {
        assert_eq!(caller.pick(&[], key), Some(home(key) as usize), "key {key}");
    }
}
