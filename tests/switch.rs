//! How clients find a primary that has taken another's place: by asking around, by an address that it takes
//! over, or by a name whose answer they keep.

use crate::common::*;
use ringside::base::spread::Shape;
use ringside::base::time::Nanos;
use ringside::component::client::{Arrivals, ClientParams};
use ringside::component::sql_db::{Failover, SqlDbParams, SqlDbState, Switching};
use ringside::component::{Spec, State};
use ringside::engine::fault::{Fault, Ways};
use ringside::engine::{Note, Outcome};

const SECOND: Nanos = Nanos::SECOND;
const CLIENTS: usize = 48;
const TTL: Nanos = Nanos::seconds(10);
/// Between a client's writes.
const GAP: Nanos = Nanos::millis(20);

fn params(switch: Switching) -> SqlDbParams {
    SqlDbParams {
        switch,
        switch_time: Nanos::millis(500),
        dns_ttl: TTL,
        failover: Failover::Manual,
        work_shape: Shape::Constant,
        workers: 1_000,
        mesh_latency: Nanos::ZERO,
        ..SqlDbParams::default()
    }
}

/// So many clients that write at a constant rate and never try again.
fn with(params: SqlDbParams, clients: usize, seed: u64) -> Live {
    let mut it = design();
    add(&mut it, "group", Spec::SqlDb(params));
    for at in 0..clients {
        let name = format!("c{at}");
        let people = client(1.0 / (GAP.0 as f64 / 1e9), 0, 1);
        let people = ClientParams { arrivals: Arrivals::Constant, retries: 0, ..people };
        add(&mut it, &name, Spec::Client(people));
        wire(&mut it, &name, "group", steady(Nanos::millis(1)));
    }
    let mut live = Live::new(&it, seed);
    live.audit.keep = true;
    live
}

fn slot(live: &Live, client: usize) -> u32 {
    slots(&live.world, &format!("c{client}"))[0]
}

/// Until when a client's answer is good, and whom it names.
fn answer(live: &Live, client: usize) -> (Nanos, u16) {
    let route = &live.world.member(slot(live, client)).desk.routes[0];
    (route.until, route.leader)
}

/// How a client's writes ended: when it began, and how.
fn ended(live: &Live, client: usize) -> Vec<(Nanos, Outcome)> {
    let slot = slot(live, client);
    let own = |(_, _, note): &(Nanos, u64, Note)| match *note {
        Note::Ended { member, own: true, arrived, outcome, .. } if member == slot => {
            Some((arrived, outcome))
        }
        _ => None,
    };
    live.audit.notes.iter().filter_map(own).collect()
}

fn states_of(live: &Live) -> Vec<&SqlDbState> {
    fn own(it: &State) -> Option<&SqlDbState> {
        if let State::SqlDb(it) = it { Some(it) } else { None }
    }
    states(&live.world, "group").into_iter().filter_map(own).collect()
}

/// Kills the primary at 5 s and promotes replica 1 two seconds later.
fn take_over(live: &mut Live) -> (Nanos, Nanos) {
    live.run_to(Nanos::seconds(5));
    let down = live.world.now();
    live.fault(Fault::Crash(target("group/0")));
    live.run_for(Nanos::seconds(2));
    let begun = live.world.now();
    live.fault(Fault::Promote(target("group/1")));
    (down, begun)
}

/// The address is the new primary's once it is promoted and the network has heard of it: what is written
/// before fails, what is written after does not.
#[test]
fn an_address_moves_at_once() {
    let mut live = with(params(Switching::Address), 3, 1);
    let (down, begun) = take_over(&mut live);
    live.run_for(Nanos::seconds(2));
    let moved = begun + Nanos::millis(500);
    for client in 0..3 {
        let all = ended(&live, client);
        // On its way to the dead one, or at work there.
        let late = |it: Nanos| it > down - Nanos::millis(12) && it < down;
        for (at, outcome) in all.iter().filter(|it| !late(it.0)) {
            let fails = *at >= down && *at < moved;
            assert_eq!(*outcome != Outcome::Ok, fails, "{outcome:?} at {at:?}");
        }
        let failed = all.iter().filter(|it| it.0 >= down && it.1 != Outcome::Ok).count();
        let theory = (moved - down).0 as f64 / GAP.0 as f64;
        assert!((failed as f64 - theory).abs() <= 1.0, "{failed} fail, {theory} expected");
    }
    live.check_replay();
}

/// Each client keeps its answer for what is left of its time to live, which is uniform on (0, TTL): until
/// then it writes to the dead primary. Failures are rate × time left; the mean wait is TTL / 2.
#[test]
fn a_name_is_kept_until_it_expires() {
    let (mut waits, ttl) = (Vec::new(), TTL.0 as f64);
    for seed in 0..4 {
        let mut live =
            with(SqlDbParams { switch_time: Nanos::ZERO, ..params(Switching::Dns) }, CLIENTS, seed);
        let (_, begun) = take_over(&mut live);
        let until: Vec<_> = (0..CLIENTS).map(|it| answer(&live, it)).collect();
        live.run_for(TTL + SECOND);
        for (client, (until, leader)) in until.into_iter().enumerate() {
            assert_eq!(leader, 0, "it knows of no other");
            // One that has just expired is asked for again with the next write.
            assert!(until + GAP > begun && until <= begun + TTL + GAP, "{until:?}");
            let all = ended(&live, client);
            let after: Vec<_> = all.iter().filter(|it| it.0 >= begun).collect();
            assert!(
                after.iter().all(|it| (it.1 == Outcome::Ok) == (it.0 >= until)),
                "until {until:?}"
            );
            let failed = after.iter().filter(|it| it.1 != Outcome::Ok).count() as f64;
            let theory = until.saturating_sub(begun).0 as f64 / GAP.0 as f64;
            assert!((failed - theory).abs() <= 1.0, "{failed} fail, rate × time left is {theory}");
            assert_eq!(answer(&live, client).1, 1);
            waits.push(until.saturating_sub(begun).0 as f64);
        }
        live.check_replay();
    }
    let mean = waits.iter().sum::<f64>() / waits.len() as f64;
    // Three standard errors of the mean of a uniform.
    let error = 3.0 * ttl / (12.0 * waits.len() as f64).sqrt();
    assert!((mean - ttl / 2.0).abs() < error + GAP.0 as f64, "{} s, not {}", mean / 1e9, ttl / 2e9);
}

/// An old primary that still runs, cut off from the others but not from its clients. Fenced, it refuses who
/// comes to its address; without fencing it takes writes that nobody will have.
#[test]
fn an_old_primary_refuses_or_takes_what_is_lost() {
    for fencing in [true, false] {
        let fenced =
            SqlDbParams { fencing, failover: Failover::Majority, ..params(Switching::Dns) };
        let mut live = with(fenced, CLIENTS, 3);
        live.run_to(Nanos::seconds(5));
        live.fault(cut("a", &["group/0"], &["group/1", "group/2"], Ways::Both));
        while !states_of(&live)[1..].iter().any(|it| it.primary) {
            live.run_for(Nanos::millis(5));
        }
        let begun = live.world.now();
        let before = states_of(&live)[0].log.end();
        let until: Vec<_> = (0..CLIENTS).map(|it| answer(&live, it).0).collect();
        live.run_for(TTL + SECOND);
        let (mut refused, mut lost) = (0, 0);
        for (client, until) in until.iter().enumerate() {
            let old = ended(&live, client).into_iter().filter(|it| it.0 >= begun && it.0 < *until);
            for (_, outcome) in old {
                match outcome {
                    Outcome::NotLeader => refused += 1,
                    Outcome::Ok => lost += 1,
                    other => panic!("{other:?}"),
                }
            }
        }
        let left: f64 =
            until.iter().map(|it| it.saturating_sub(begun).0 as f64 / GAP.0 as f64).sum();
        let (some, none) = if fencing { (refused, lost) } else { (lost, refused) };
        assert_eq!(none, 0, "fencing {fencing}: {refused} refused, {lost} taken");
        // The record changes half a second later: who asks anew before that is sent to the old one again.
        let most = left + CLIENTS as f64 * (1.0 + 0.5 / (GAP.0 as f64 / 1e9));
        assert!(f64::from(some) > 0.9 * left && f64::from(some) <= most, "{some} of {left}");
        let more = states_of(&live)[0].log.end() - before;
        assert_eq!(more > 0, !fencing, "{more} more in the log of the old one");
        live.fault(heal("a"));
        live.run_for(TTL);
        let last =
            (0..CLIENTS).all(|it| ended(&live, it).last().is_some_and(|it| it.1 == Outcome::Ok));
        assert!(last, "all have found the new one");
        live.check_replay();
    }
}

/// Two members have the address while the network is cut: each client reaches the one on its side. Once it
/// is whole again, all reach the new one.
#[test]
fn a_cut_network_has_an_address_twice() {
    let majority = SqlDbParams { failover: Failover::Majority, ..params(Switching::Address) };
    let mut live = with(majority, 2, 4);
    live.run_to(Nanos::seconds(3));
    live.fault(cut("a", &["group/0", "c0"], &["group/1", "group/2", "c1"], Ways::Both));
    live.run_for(Nanos::seconds(6));
    let (one, other) = (answer(&live, 0).1, answer(&live, 1).1);
    assert!(one == 0 && other > 0, "{one}, {other}");
    assert_eq!(ended(&live, 0).last().map(|it| it.1), Some(Outcome::NotLeader), "it is fenced");
    assert_eq!(ended(&live, 1).last().map(|it| it.1), Some(Outcome::Ok));
    live.fault(heal("a"));
    live.run_for(SECOND);
    assert_eq!(answer(&live, 0).1, other);
    assert_eq!(ended(&live, 0).last().map(|it| it.1), Some(Outcome::Ok));
    live.check_replay();
}
