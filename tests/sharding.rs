//! A sharded database: requests end where the rows are, no write is lost while rows move, whatever
//! fails meanwhile, and what a change moves is what theory and `ringside place` say.

use std::collections::BTreeMap;

use crate::common;
use crate::common::sharded::shards;
use crate::common::{
    Input, Live, World, add, client, cut, design, for_seeds, heal, instant, steady, target, wire,
};
use ringside::base::draw::Stream;
use ringside::base::time::Nanos;
use ringside::component::client::{Class, ClientParams, Popularity};
use ringside::component::service::ServiceParams;
use ringside::component::sharded_db::{Map, ShardedDbParams, ShardedDbState, Stage};
use ringside::component::{Registry, Spec};
use ringside::document::Design;
use ringside::engine::fault::{Fault, Ways};
use ringside::engine::world::Watch;
use ringside::engine::{Blueprint, Note, Outcome};
use serde_json::{Value, json};

/// Users, a service that knows the map, and a database with these settings.
fn sharded(client: ClientParams, settings: Value) -> Design {
    let mut it = design();
    add(&mut it, "users", Spec::Client(client));
    let app = ServiceParams {
        workers: 10_000,
        work: Nanos::ZERO,
        hold_worker: false,
        ..ServiceParams::default()
    };
    add(&mut it, "app", Spec::Service(app));
    add(&mut it, "store", Spec::ShardedDb(ShardedDbParams::default()));
    set(&mut it, settings);
    wire(&mut it, "users", "app", instant());
    wire(&mut it, "app", "store", steady(Nanos::micros(300)));
    it
}

fn set(design: &mut Design, settings: Value) {
    let spec = &mut design.components.get_mut("store").expect("it is there").spec;
    for (name, value) in settings.as_object().expect("an object") {
        spec.set(name, value).expect("it can be set");
    }
}

fn params(design: &Design) -> &ShardedDbParams {
    match &design.components["store"].spec {
        Spec::ShardedDb(it) => it,
        other => panic!("{other:?} is no sharded database"),
    }
}

/// Who has each row: nobody while it is on its way, and never two.
#[track_caller]
fn check_owners(world: &World, keys: u32, why: &str) -> BTreeMap<u32, usize> {
    let mut owners = BTreeMap::new();
    for (ordinal, shard) in shards(world).iter().enumerate() {
        let mut held = 0;
        for key in 0..keys {
            if shard.rows.get(key.into()).is_some_and(|it| usize::from(it.owner) == ordinal) {
                held += 1;
                let other = owners.insert(key, ordinal);
                assert_eq!(other, None, "{why}: key {key} is {ordinal}'s too");
            }
        }
        assert_eq!(shard.held, held, "{why}: rows of {ordinal}");
    }
    owners
}

/// Versions are given once and in turn, whichever shard gives them: a write that is lost, or made on
/// an old copy, would give one again.
#[derive(Default)]
struct Versions {
    newest: BTreeMap<u32, u32>,
    seen: u64,
    writes: u64,
    sent_on: u64,
}

impl Watch<Registry> for Versions {
    fn wants_from(&self) -> u64 {
        self.seen
    }
    fn next_look(&self) -> Nanos {
        Nanos::MAX
    }
    fn look(&mut self, _: Nanos, _: &World) {}
    fn notes(&mut self, at: Nanos, ordinal: u64, notes: &[Note], _: &Blueprint<Registry>) {
        self.seen = ordinal;
        for note in notes {
            match note {
                Note::Committed { member, key, version, .. } => {
                    let newest = self.newest.entry(*key).or_insert(1);
                    assert_eq!(*version, *newest + 1, "{at}: member {member} wrote key {key}");
                    *newest = *version;
                    self.writes += 1;
                }
                Note::Count { counter: ringside::component::sharded_db::SENT_ON, .. } => {
                    self.sent_on += 1;
                }
                _ => {}
            }
        }
    }
}

/// Requests of the users that did not end well.
fn failed(live: &Live) -> u64 {
    let users = live.audit.component(&live.world, "users");
    users.ended() - users.ended.get(&Outcome::Ok).copied().unwrap_or(0)
}

fn small() -> Design {
    let client = ClientParams { keys: 400, popularity: Popularity::Uniform, ..client(600.0, 1, 1) };
    let settings =
        json!({ "keys": 400, "work": "2ms", "workers": 4, "scheme": "modulo", "copy_rate": 1000 });
    sharded(client, settings)
}

/// A world under random changes and faults, watched by one who knows the versions.
struct Upset {
    design: Design,
    world: World,
    versions: Versions,
}

impl Upset {
    fn input(&mut self, input: Input) {
        common::apply(&mut self.world, &input, &mut self.versions);
    }

    fn fault(&mut self, fault: Fault) {
        self.input(Input::Fault(fault));
    }

    fn edit(&mut self, change: impl FnOnce(&mut Design)) {
        change(&mut self.design);
        self.input(Input::Edit(self.design.clone()));
    }

    fn run_for(&mut self, span: Nanos) {
        self.world.run(self.world.now() + span, u64::MAX, &mut self.versions);
    }

    /// One random change or fault.
    fn step(&mut self, draw: &dyn Fn(u64, u64) -> u64) {
        let shard = |purpose| format!("store/{}", draw(purpose, 3));
        let (one, other) = (shard(1), shard(2));
        let ways = [Ways::Both, Ways::Forth, Ways::Back][draw(3, 3) as usize];
        let name = ["a", "b"][draw(4, 2) as usize];
        match draw(5, 11) {
            0 => self.fault(Fault::Crash(target(&one))),
            1 | 2 => self.fault(Fault::Restart(target("store"))),
            3 | 4 => self.fault(cut(name, &[&one], &[&other], ways)),
            5 => self.fault(heal(name)),
            6 => self.fault(Fault::Slow { target: target(&one), factor: 1.0 + draw(6, 9) as f64 }),
            7 => self.edit(|it| {
                let shards = params(it).shards;
                set(it, json!({ "shards": (shards + 1).min(6) }));
            }),
            8 => self.edit(|it| {
                let scheme = ["range", "modulo", "ring", "jump", "rendezvous"][draw(7, 5) as usize];
                set(it, json!({ "scheme": scheme }));
            }),
            9 => self.edit(|it| {
                let weights = ["1", "1, 0", "0, 1", "1, 1, 0"][draw(8, 4) as usize];
                set(it, json!({ "weights": weights }));
            }),
            _ => self.edit(|it| {
                let ranges = ["", "0=A, 100=B, 300=C", "0=C, 50=A, 350=D"][draw(9, 3) as usize];
                set(it, json!({ "ranges": ranges, "shards": params(it).shards.max(4) }));
            }),
        }
    }
}

/// Random crashes, cuts, slowness and changes of the map, in the middle of moves: no row is ever two
/// shards', no write is lost, and in the end every row is where the map has it, in its last version.
#[test]
fn no_write_is_lost_while_rows_move() {
    for_seeds(150, |seed| {
        let stream = Stream::new(seed, "sharding");
        let (design, versions) = (small(), Versions::default());
        let world = common::start(&design, seed);
        let mut it = Upset { design, world, versions };
        for n in 0..24 {
            let draw = |purpose, limit| stream.bits(n, purpose) % limit;
            it.run_for(Nanos(1 + draw(0, 500_000_000)));
            check_owners(&it.world, 400, &format!("seed {seed}, step {n}"));
            it.step(&draw);
        }
        ["a", "b"].iter().for_each(|name| it.fault(heal(name)));
        it.fault(Fault::Restart(target("store")));
        it.fault(Fault::Slow { target: target("store"), factor: 1.0 });
        it.run_for(Nanos::seconds(20));
        let owners = check_owners(&it.world, 400, &format!("seed {seed}, at the end"));
        let map = Map::of(params(&it.design));
        for key in 0..400 {
            let owner = owners.get(&key).copied();
            assert_eq!(owner, Some(map.owner(key).into()), "seed {seed}: key {key}");
            let row = shards(&it.world)[owner.unwrap_or(0)].rows.get(key.into()).copied();
            let newest = it.versions.newest.get(&key).copied().unwrap_or(1);
            assert_eq!(row.map(|it| it.version), Some(newest), "seed {seed}: key {key}");
        }
        assert!(it.versions.writes > 500, "seed {seed}: {} writes", it.versions.writes);
        assert!(shards(&it.world).iter().all(|it| it.moves.is_empty()), "seed {seed}");
    });
}

/// Nothing fails: nobody loses a request either, those asked too early send them on, and a run played
/// again in another way is the same.
#[test]
fn requests_go_on_while_rows_move() {
    let mut live = Live::new(&small(), 4);
    live.run_to(Nanos::seconds(1));
    live.edit(|it| set(it, json!({ "shards": 4 })));
    let mut stages = Vec::new();
    for _ in 0..400 {
        live.run_for(Nanos::millis(5));
        for it in shards(&live.world).iter().flat_map(|it| &it.moves) {
            if it.stage != Stage::Waits && !stages.contains(&it.stage) {
                stages.push(it.stage);
            }
        }
        check_owners(&live.world, 400, "in the middle of it");
    }
    assert_eq!(stages[0], Stage::Copy, "{stages:?}");
    assert!(stages.contains(&Stage::CatchUp) || stages.contains(&Stage::CutOver), "{stages:?}");
    assert!(shards(&live.world).iter().all(|it| it.moves.is_empty()), "it is over");
    assert_eq!(failed(&live), 0, "nobody was left without an answer");
    live.audit.check_conservation(&live.world);
    live.check_replay();
}

/// From four to five shards: modulo moves four fifths of the rows, a ring about one, and what moves
/// is counted by the shards themselves.
#[test]
fn four_to_five_shards_move_what_theory_says() {
    for (scheme, expected, most) in
        [("modulo", 0.8, 0.02), ("ring", 0.2, 0.06), ("jump", 0.2, 0.02)]
    {
        let client =
            ClientParams { keys: 8_000, popularity: Popularity::Uniform, ..client(200.0, 3, 1) };
        let settings = json!({ "keys": 8_000, "shards": 4, "scheme": scheme, "copy_rate": 20_000 });
        let mut live = Live::new(&sharded(client, settings), 5);
        live.run_to(Nanos::seconds(1));
        let before = check_owners(&live.world, 8_000, scheme);
        live.edit(|it| set(it, json!({ "shards": 5 })));
        live.run_to(Nanos::seconds(6));
        let after = check_owners(&live.world, 8_000, scheme);
        let moved = before.iter().filter(|it| after.get(it.0) != Some(it.1)).count();
        let told =
            shards(&live.world).iter().flat_map(|it| &it.moved).map(|it| it.rows).sum::<u32>();
        assert_eq!(moved as u32, told, "{scheme}: what they say they moved");
        let share = moved as f64 / 8_000.0;
        assert!((share - expected).abs() < most, "{scheme}: {share}");
        if scheme != "modulo" {
            let between =
                before.iter().filter(|it| after[it.0] != *it.1 && after[it.0] != 4).count();
            assert_eq!(between, 0, "{scheme}: all go to the fifth");
        }
    }
}

/// A query over keys asks the shards that have them and no others, each of which works at it; by
/// hash it asks all, and takes longer: the slowest of several decides.
#[test]
fn queries_ask_who_has_the_keys_and_wait_for_the_slowest() {
    let took = |scheme: &str| {
        let classes = vec![Class { name: "list".into(), ..Class::default() }];
        let client = ClientParams {
            keys: 6_000,
            popularity: Popularity::Uniform,
            classes,
            ..client(60.0, 1, 0)
        };
        let settings = json!({
            "keys": 6_000, "shards": 6, "scheme": scheme, "range_classes": "page, list",
            "range_keys": 100,
        });
        let mut live = Live::new(&sharded(client, settings), 3);
        live.run_to(Nanos::seconds(20));
        let (mut asked, mut count, mut time) = (0, 0, 0);
        let map = Map::of(params(&live.design));
        for query in shards(&live.world).iter().flat_map(|it| &it.queries) {
            let names: Vec<usize> = query.shards.iter().map(|it| it.0.into()).collect();
            assert_eq!(names, map.concerned(query.first, query.first + query.keys - 1));
            assert_eq!(query.rows(), query.keys, "{scheme}: every row is found once");
            asked += names.len();
            count += 1;
            time += query.slowest().expect("it was answered").1.0;
        }
        assert_eq!(failed(&live), 0, "{scheme}");
        (asked as f64 / f64::from(count), time as f64 / f64::from(count) / 1e6)
    };
    let (range, hash) = (took("range"), took("modulo"));
    assert!(range.0 < 1.4, "a range of keys is on one shard, or two at an edge: {range:?}");
    assert_eq!(hash.0, 6.0, "100 keys by hash are on all six");
    assert!(hash.1 > range.1 * 1.2, "{hash:?} ms after {range:?} ms");
}

/// A shard is cut off while rows go to one that it does not ask for any: its first query misses them, and is told who
/// has them; the next one finds all.
#[test]
fn a_query_of_who_was_cut_off_finds_what_has_moved() {
    let classes = vec![Class { name: "list".into(), ..Class::default() }];
    let client =
        ClientParams { keys: 30, popularity: Popularity::Uniform, classes, ..client(20.0, 1, 0) };
    let settings = json!({
        "keys": 90, "shards": 4, "ranges": "0=A, 30=B, 60=C", "range_classes": "list",
        "range_keys": 90,
    });
    let mut live = Live::new(&sharded(client, settings), 3);
    live.run_to(Nanos::seconds(2));
    live.fault(cut("a", &["store/0"], &["store/1", "store/2", "store/3"], Ways::Both));
    live.edit(|it| set(it, json!({ "ranges": "0=A, 30=B, 60=D" })));
    live.run_to(Nanos::seconds(10));
    assert_eq!((shards(&live.world)[2].held, shards(&live.world)[3].held), (0, 30));
    live.fault(heal("a"));
    live.run_for(Nanos::seconds(8));
    let asked = shards(&live.world);
    assert!(asked[0].queries.len() > 4);
    for query in &asked[0].queries {
        assert_eq!(query.rows(), query.keys, "{query:?}");
    }
    live.check_replay();
}

/// A celebrity: hashing spreads keys and does not split one.
#[test]
fn one_hot_key_makes_one_shard_hot() {
    let client =
        ClientParams { keys: 9_000, popularity: Popularity::Uniform, ..client(500.0, 1, 0) };
    let settings = json!({ "keys": 9_000, "scheme": "modulo" });
    let mut live = Live::new(&sharded(client, settings), 8);
    live.run_to(Nanos::seconds(6));
    let now = live.world.now();
    let often =
        |it: &&ShardedDbState| it.hottest(now).map_or(0.0, |it| f64::from(it.1) / f64::from(it.2));
    assert!(shards(&live.world).iter().all(|it| often(it) < 0.05), "no key is hot");
    live.fault(Fault::HotKey { target: target("users"), key: 1_234, share: 0.5 });
    live.run_to(Nanos::seconds(12));
    let now = live.world.now();
    let hot: Vec<_> = shards(&live.world).iter().map(|it| it.hottest(now)).collect();
    let owner = Map::of(params(&live.design)).owner(1_234);
    for (ordinal, it) in hot.iter().enumerate() {
        let (key, count, of) = it.expect("there were requests");
        let share = f64::from(count) / f64::from(of);
        match ordinal == usize::from(owner) {
            // Half of all requests, and its third of the rest: 0.5 / (0.5 + 0.5 / 3).
            true => assert!(key == 1_234 && (share - 0.75).abs() < 0.05, "{ordinal}: {share}"),
            false => assert!(share < 0.05, "{ordinal}: {key} has {share}"),
        }
    }
}

/// Where no shard is at rest for a request, it is told so.
#[test]
fn what_is_not_there_fails() {
    let client = ClientParams { keys: 200, popularity: Popularity::Uniform, ..client(100.0, 1, 1) };
    let mut live = Live::new(&sharded(client, json!({ "keys": 100 })), 2);
    live.run_to(Nanos::seconds(5));
    let all = live.audit.component(&live.world, "users").ended() as f64;
    let failed = failed(&live) as f64;
    assert!((failed / all - 0.5).abs() < 0.1, "half of the keys are not there: {failed} of {all}");
}
