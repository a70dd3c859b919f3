//! Slots of a Redis cluster that change hands with their entries. Source: Redis Cluster specification,
//! "Cluster live reconfiguration", "ASK redirection" and "MOVED Redirection".

use std::collections::{BTreeMap, BTreeSet};

use crate::common::*;
use ringside::algorithm::placement::Scheme;
use ringside::algorithm::placement::redis_slots::{SLOTS, slot};
use ringside::base::draw::mix;
use ringside::base::time::Nanos;
use ringside::base::unit::{Rate, Weights};
use ringside::component::cache_cluster::{
    ASK, ByHash, CacheClusterParams, ClusterState, Learn, MIGRATED, MOVED,
};
use ringside::component::client::{ClientParams, Load, Popularity};
use ringside::component::service::ServiceParams;
use ringside::component::sql_db::SqlDbParams;
use ringside::component::{Spec, State};
use ringside::document::Design;
use ringside::engine::fault::{Fault, Ways};
use ringside::engine::{Note, Outcome};

fn shop(people: ClientParams, cluster: CacheClusterParams) -> Design {
    let mut it = design();
    let people = ClientParams { keys: 3_000, key_name: "user".into(), ..people };
    add(&mut it, "people", Spec::Client(people));
    let one = ServiceParams { instances: 2, workers: 64, ..ServiceParams::default() };
    add(&mut it, "shop", Spec::Service(one));
    let (scheme, callers_learn) = (ByHash(Scheme::RedisSlots), Learn::Slot);
    let cluster = CacheClusterParams { scheme, callers_learn, capacity: 5_000, ..cluster };
    add(&mut it, "cluster", Spec::CacheCluster(cluster));
    let store = SqlDbParams { replicas: 0, workers: 32, ..SqlDbParams::default() };
    add(&mut it, "store", Spec::SqlDb(store));
    wire(&mut it, "people", "shop", instant());
    wire(&mut it, "shop", "cluster", steady(Nanos::micros(250)));
    wire(&mut it, "shop", "store", instant());
    it
}

/// So many slots at a time, with so many entries a second.
fn moving(moving_slots: u32, migrate_rate: u32) -> CacheClusterParams {
    CacheClusterParams { moving_slots, migrate_rate, ..CacheClusterParams::default() }
}

fn cluster(live: &mut Live, change: impl Fn(&mut CacheClusterParams)) {
    live.edit(|it| match &mut it.components.get_mut("cluster").expect("it is there").spec {
        Spec::CacheCluster(it) => change(it),
        _ => panic!("a cluster"),
    });
}

fn nodes(world: &World) -> Vec<&ClusterState> {
    fn of(it: &State) -> &ClusterState {
        match it {
            State::CacheCluster(it) => it,
            _ => panic!("a node"),
        }
    }
    states(world, "cluster").into_iter().map(of).collect()
}

fn slot_of(key: u32) -> u32 {
    slot(format!("user:{key}").as_bytes())
}

/// Slots by owner, as each node has it for itself: nobody, or one.
fn owners(world: &World) -> Vec<Vec<usize>> {
    let nodes = nodes(world);
    let own = |slot, at: usize| {
        nodes[at].moving.as_ref().is_some_and(|it| usize::from(it.table.get(slot).owner) == at)
    };
    (0..SLOTS).map(|slot| (0..nodes.len()).filter(|at| own(slot, *at)).collect()).collect()
}

/// No key is held by two nodes, but while it is not confirmed that it has come over.
fn nothing_twice(world: &World) {
    let nodes = nodes(world);
    for key in 0..3_000 {
        let held: Vec<_> =
            (0..nodes.len()).filter(|it| nodes[*it].entries.get(key).is_some()).collect();
        let on_way = |it: &usize| nodes[*it].moving.as_ref().is_some_and(|it| it.on_way(key));
        let sure = held.iter().filter(|it| !on_way(it)).count();
        assert!(sure <= 1 && held.len() <= 2, "key {key} is at {held:?}");
    }
}

/// Nothing is left to hand over: all nodes say the same, whoever is to have a slot has it, and every
/// entry is where its slot is.
fn settled(world: &World, sharing: &[u16]) {
    nothing_twice(world);
    let (nodes, owners) = (nodes(world), owners(world));
    for (at, node) in nodes.iter().enumerate() {
        let it = node.moving.as_ref().expect("slots move");
        assert!(it.now.is_none() && it.waiting.is_empty(), "{at} has more to hand over");
        assert_eq!(it.importing, BTreeMap::new(), "{at} waits for slots");
        assert_eq!(it.table, nodes[0].moving.as_ref().expect("slots move").table);
    }
    for (slot, owner) in owners.iter().enumerate() {
        let [owner] = owner[..] else { panic!("slot {slot} is {owner:?}'s") };
        let target = nodes[0].moving.as_ref().expect("slots move").table.get(slot as u32).target;
        assert_eq!(owner, usize::from(target), "slot {slot}");
    }
    for key in 0..3_000 {
        for (at, node) in nodes.iter().enumerate() {
            if node.entries.get(key).is_some() {
                assert_eq!(owners[slot_of(key) as usize], [at], "key {key}");
            }
        }
    }
    let counts = tally(owners.iter().map(|it| it[0] as u16));
    let even = SLOTS as usize / sharing.len();
    for (node, count) in counts {
        assert!(sharing.contains(&node) && (even..=even + 1).contains(&count), "{node}: {count}");
    }
}

fn run_until_settled(live: &mut Live) {
    for _ in 0..600 {
        live.run_for(Nanos::millis(100));
        let nodes = nodes(&live.world);
        let rests = |it: &&ClusterState| {
            it.moving.as_ref().is_some_and(|it| it.now.is_none() && it.waiting.is_empty())
        };
        if nodes.iter().all(rests) {
            // The last word goes round.
            return live.run_for(Nanos::seconds(4));
        }
    }
    panic!("a minute, and slots are still on their way");
}

/// Jobs that ended at nodes: when, where, how, for which key and request.
fn ended(live: &Live, since: Nanos) -> Vec<(Nanos, u16, Outcome, u32, u64)> {
    let own = slots(&live.world, "cluster");
    let of = |it: &(Nanos, u64, Note)| match it.2 {
        Note::Ended { member, request, outcome, .. } if it.0 >= since => {
            let at = own.iter().position(|it| *it == member)?;
            Some((it.0, at as u16, outcome, request.key, request.id))
        }
        _ => None,
    };
    live.audit.notes.iter().filter_map(of).collect()
}

fn counted(live: &Live, of: u8) -> usize {
    let own = slots(&live.world, "cluster");
    let counts = |it: &&(Nanos, u64, Note)| matches!(it.2, Note::Count { counter, member, .. } if counter == of && own.contains(&member));
    live.audit.notes.iter().filter(counts).count()
}

/// The answers of people's requests.
fn answers(live: &Live, since: Nanos) -> BTreeMap<Outcome, usize> {
    let own = slots(&live.world, "shop");
    tally(live.audit.notes.iter().filter_map(|it| match it.2 {
        Note::Ended { member, outcome, .. } if own.contains(&member) && it.0 >= since => {
            Some(outcome)
        }
        _ => None,
    }))
}

#[test]
fn a_quarter_of_the_slots_moves_and_every_key_is_answered() {
    let people = ClientParams { popularity: Popularity::Uniform, ..client(600.0, 19, 1) };
    let mut live = Live::new(&shop(people, moving(512, 60)), 4);
    live.audit.keep = true;
    live.run_to(Nanos::seconds(15));
    let (before, since) = (owners(&live.world), Nanos::seconds(15));
    assert!(
        ended(&live, Nanos::ZERO).iter().all(|it| { matches!(it.2, Outcome::Ok | Outcome::Miss) })
    );
    let held: BTreeSet<u32> = (0..3_000)
        .filter(|key| nodes(&live.world).iter().any(|it| it.entries.get(*key).is_some()))
        .collect();
    cluster(&mut live, |it| it.nodes = 4);
    for _ in 0..2_000 {
        live.run_for(Nanos::millis(5));
        nothing_twice(&live.world);
    }
    run_until_settled(&mut live);
    settled(&live.world, &[0, 1, 2, 3]);
    let after = owners(&live.world);
    let moved: BTreeSet<u32> =
        (0..SLOTS).filter(|it| before[*it as usize] != after[*it as usize]).collect();
    assert_eq!(moved.len(), SLOTS as usize / 4);
    assert!(
        moved.iter().all(|it| after[*it as usize] == [3]),
        "nothing goes to those who had some"
    );
    assert_eq!(answers(&live, since).into_keys().collect::<Vec<_>>(), [Outcome::Ok]);
    // Each ASK leads to D at once, and nobody is sent on from there.
    let all = ended(&live, since);
    let asks: Vec<_> = all.iter().filter(|it| it.2 == Outcome::Ask).collect();
    assert!(asks.len() > 20, "{} ASK", asks.len());
    assert_eq!(counted(&live, ASK), asks.len());
    for it in &asks {
        assert!(moved.contains(&slot_of(it.3)) && it.1 != 3, "{it:?}");
        let then = all.iter().find(|then| then.0 > it.0 && (then.3, then.4) == (it.3, it.4));
        assert!(then.is_some_and(|it| it.1 == 3 && it.2 != Outcome::NotLeader), "{it:?}: {then:?}");
    }
    // MOVED: once for each caller and slot, but for calls that are on their way already.
    let told: Vec<_> = all.iter().filter(|it| it.2 == Outcome::NotLeader).collect();
    assert_eq!(counted(&live, MOVED), told.len());
    assert!(told.iter().all(|it| moved.contains(&slot_of(it.3))));
    let once: BTreeSet<_> = told.iter().map(|it| slot_of(it.3)).collect();
    assert!(
        once.len() > 100 && told.len() <= 2 * once.len() + 4,
        "{} of {}",
        told.len(),
        once.len()
    );
    // While a slot is on its way ASK teaches nothing: MOVED comes later all the same.
    let both =
        asks.iter().filter(|ask| told.iter().any(|it| it.3 == ask.3 && it.0 > ask.0)).count();
    assert!(both > 0);
    // Each entry of a slot that moved has gone over once.
    let gone = held.iter().filter(|it| moved.contains(&slot_of(**it))).count();
    let migrated = counted(&live, MIGRATED);
    assert!(migrated >= gone / 2 && migrated <= gone + 200, "{migrated} of {gone}");
    live.check_replay();
}

/// What is read is what was written last, all the way: people come one after the other, so nothing else
/// could bring old values about.
#[test]
fn nothing_old_is_read_while_slots_move() {
    for_seeds(4, |seed| {
        let mut people = client(0.0, 2, 1);
        (people.load, people.users, people.think) = (Load::Closed, 1, Nanos::micros(100));
        let design = shop(ClientParams { zipf: 0.8, ..people }, moving(256, 60));
        let mut live = Live::new(&design, seed);
        live.audit.keep = true;
        live.run_to(Nanos::seconds(20));
        cluster(&mut live, |it| it.nodes = 4);
        live.run_for(Nanos::seconds(4));
        cluster(&mut live, |it| it.nodes = 5);
        live.run_for(Nanos::seconds(4));
        cluster(&mut live, |it| it.weights = Weights(vec![1, 0, 1, 1, 1]));
        run_until_settled(&mut live);
        settled(&live.world, &[0, 2, 3, 4]);
        let own = slots(&live.world, "cluster");
        let (mut latest, mut found) = (BTreeMap::new(), 0);
        for (at, _, note) in &live.audit.notes {
            match *note {
                Note::Committed { key, version, .. } => _ = latest.insert(key, version),
                Note::Found { member, key, version, .. } if own.contains(&member) => {
                    let latest = latest.get(&key).copied().unwrap_or(1);
                    assert_eq!(version, latest, "key {key} at {at:?}");
                    found += usize::from(*at > Nanos::seconds(20));
                }
                _ => {}
            }
        }
        assert!(found > 300, "{found} hits");
        assert!(counted(&live, ASK) > 3, "{} ASK", counted(&live, ASK));
        live.check_replay();
    });
}

/// Entries keep their version and the time they have left, and none is lost where nobody writes.
#[test]
fn entries_keep_version_and_time_left() {
    let ttl = Nanos::seconds(600);
    let mut live =
        Live::new(&shop(client(800.0, 4, 1), CacheClusterParams { ttl, ..moving(16, 2_000) }), 3);
    live.run_to(Nanos::seconds(12));
    live.edit(|it| match &mut it.components.get_mut("people").expect("people").spec {
        Spec::Client(it) => it.rate = Rate(0.0),
        _ => panic!("a client"),
    });
    live.run_for(Nanos::seconds(2));
    let contents = |world: &World| -> BTreeMap<u32, (u32, Nanos)> {
        let nodes = nodes(world);
        let of = |key| nodes.iter().find_map(|it| it.entries.get(key));
        (0..3_000).filter_map(|key| of(key).map(|it| (key, (it.version, it.expires)))).collect()
    };
    let before = contents(&live.world);
    assert!(before.len() > 1_000);
    cluster(&mut live, |it| it.nodes = 4);
    run_until_settled(&mut live);
    settled(&live.world, &[0, 1, 2, 3]);
    assert!(nodes(&live.world)[3].entries.len() > before.len() / 5);
    let after = contents(&live.world);
    assert_eq!(before.len(), after.len());
    for (key, (version, expires)) in before {
        let now = after[&key];
        assert_eq!(now.0, version);
        // RESTORE is told what is left, so the way there is added.
        assert!(now.1 >= expires && now.1 - expires < Nanos::millis(5), "{key}: {now:?}");
    }
    // And back: whoever is to go hands over all it has.
    cluster(&mut live, |it| it.weights = Weights(vec![0, 1, 1, 1]));
    run_until_settled(&mut live);
    settled(&live.world, &[1, 2, 3]);
    assert_eq!(nodes(&live.world)[0].entries.len(), 0);
    assert_eq!(contents(&live.world).len(), after.len());
}

/// With their entries, slots that move cost no misses; without, all their keys miss.
#[test]
fn hits_go_on() {
    let misses = |moving| {
        let mut live = Live::new(&shop(client(600.0, 1, 0), moving), 8);
        live.audit.keep = true;
        live.run_to(Nanos::seconds(30));
        let misses = |live: &Live| counted(live, 1);
        let before = misses(&live);
        cluster(&mut live, |it| it.nodes = 4);
        live.run_for(Nanos::seconds(10));
        misses(&live) - before
    };
    let (with, without) = (misses(moving(16, 1_000)), misses(moving(0, 1_000)));
    assert!(without > with + 300, "{with} misses with, {without} without");
}

/// Nodes die and come back while slots move, and the network is cut: no slot is lost or doubled, and in
/// the end all are where they are to be.
#[test]
fn crashes_and_cuts_while_slots_move() {
    for_seeds(12, |seed| {
        let draw = |at: u64, below: u64| mix(mix(seed) ^ at) % below;
        let mut live = Live::new(&shop(client(300.0, 9, 1), moving(64, 200)), seed);
        live.run_to(Nanos::seconds(6));
        cluster(&mut live, |it| it.nodes = 4);
        let (mut down, mut is_cut) = (BTreeSet::new(), false);
        for at in 0..24 {
            live.run_for(Nanos::millis(20 + draw(at * 8, 400)));
            let node = draw(at * 8 + 1, 4);
            let name = format!("cluster/{node}");
            match draw(at * 8 + 2, 5) {
                0 | 1 if down.insert(node) => live.fault(Fault::Crash(target(&name))),
                0 | 1 => {
                    down.remove(&node);
                    live.fault(Fault::Restart(target(&name)));
                }
                2 if !is_cut => {
                    let others: Vec<_> =
                        (0..4).filter(|it| *it != node).map(|it| format!("cluster/{it}")).collect();
                    let others: Vec<&str> = others.iter().map(String::as_str).collect();
                    let ways = if draw(at * 8 + 3, 2) == 0 { Ways::Both } else { Ways::Forth };
                    live.fault(cut("cut", &[&name], &others, ways));
                    is_cut = true;
                }
                2 => {
                    live.fault(heal("cut"));
                    is_cut = false;
                }
                3 => {
                    let weights = (0..4).map(|it| u32::from(draw(at * 8 + 4 + it, 3) > 0));
                    let mut weights: Vec<u32> = weights.collect();
                    weights[0] = 1;
                    cluster(&mut live, |it| it.weights = Weights(weights.clone()));
                }
                _ => {}
            }
            nothing_twice(&live.world);
            assert!(owners(&live.world).iter().all(|it| it.len() <= 2));
        }
        if is_cut {
            live.fault(heal("cut"));
        }
        for node in down {
            live.fault(Fault::Restart(target(&format!("cluster/{node}"))));
        }
        cluster(&mut live, |it| it.weights = Weights(vec![1, 1, 1, 1]));
        live.run_for(Nanos::seconds(5));
        run_until_settled(&mut live);
        settled(&live.world, &[0, 1, 2, 3]);
        live.check_replay();
    });
}

/// Who is taken away at once takes its entries along, and its slots are the others' at once.
#[test]
fn a_node_that_is_taken_away() {
    let mut live = Live::new(&shop(client(500.0, 9, 1), moving(64, 500)), 5);
    live.audit.keep = true;
    live.run_to(Nanos::seconds(6));
    cluster(&mut live, |it| it.nodes = 2);
    assert!(owners(&live.world).iter().all(|it| it.len() == 1), "at once");
    run_until_settled(&mut live);
    settled(&live.world, &[0, 1]);
    let since = live.world.now();
    live.run_for(Nanos::seconds(3));
    assert_eq!(answers(&live, since).into_keys().collect::<Vec<_>>(), [Outcome::Ok]);
    // And in the middle of a move, whoever the slots are going to.
    cluster(&mut live, |it| it.nodes = 3);
    live.run_for(Nanos::millis(200));
    assert!(nodes(&live.world)[0].moving.as_ref().is_some_and(|it| it.now.is_some()));
    cluster(&mut live, |it| it.nodes = 2);
    run_until_settled(&mut live);
    settled(&live.world, &[0, 1]);
    // Switched off and on again.
    cluster(&mut live, |it| it.moving_slots = 0);
    live.run_for(Nanos::seconds(1));
    cluster(&mut live, |it| (it.moving_slots, it.nodes) = (8, 3));
    run_until_settled(&mut live);
    settled(&live.world, &[0, 1, 2]);
    live.check_replay();
}

/// MIGRATE holds both nodes: while the other does not answer, this one serves nobody, and goes on after
/// a second.
#[test]
fn who_waits_for_the_other_serves_nobody() {
    let mut live = Live::new(&shop(client(600.0, 1, 0), moving(512, 50)), 2);
    live.audit.keep = true;
    live.run_to(Nanos::seconds(10));
    cluster(&mut live, |it| it.nodes = 4);
    live.run_for(Nanos::millis(900));
    live.fault(cut("cut", &["cluster/0"], &["cluster/3"], Ways::Both));
    live.run_for(Nanos::seconds(4));
    let times = ended(&live, Nanos::seconds(10));
    let times: Vec<_> = times.iter().filter(|it| it.1 == 0).map(|it| it.0).collect();
    let longest = times.windows(2).map(|it| it[1] - it[0]).max().expect("it has served some");
    let second = Nanos::seconds(1);
    assert!(
        longest > second - Nanos::millis(10) && longest < second + Nanos::millis(50),
        "{longest:?}"
    );
    live.fault(heal("cut"));
    run_until_settled(&mut live);
    settled(&live.world, &[0, 1, 2, 3]);
}

/// A cluster that is added to a running design is made by its nodes themselves.
#[test]
fn a_cluster_that_comes_later() {
    let whole = shop(client(300.0, 9, 1), moving(16, 1_000));
    let mut before = whole.clone();
    before.components.remove("cluster");
    before.wires.remove("shop-cluster");
    let mut live = Live::new(&before, 6);
    live.run_to(Nanos::seconds(3));
    live.edit(|it| *it = whole.clone());
    live.run_for(Nanos::seconds(3));
    settled(&live.world, &[0, 1, 2]);
    assert!(nodes(&live.world).iter().all(|it| it.entries.len() > 50));
}
