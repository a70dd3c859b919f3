//! A domain's name servers: whom they send clients to, how often they are asked, and how long it takes until
//! nobody is sent to a site that is gone.

use crate::common::*;
use ringside::base::geometry::Point;
use ringside::base::spread::Shape;
use ringside::base::time::Nanos;
use ringside::component::client::{Arrivals, ClientParams};
use ringside::component::dns::{Answer, DnsParams};
use ringside::component::load_balancer::LoadBalancerParams;
use ringside::component::service::ServiceParams;
use ringside::component::{Spec, State};
use ringside::document::zone::settle;
use ringside::document::{Design, ZonePair};
use ringside::engine::fault::Fault;
use ringside::engine::{Note, Outcome};

const SECOND: Nanos = Nanos::SECOND;
/// Between a client's requests.
const GAP: Nanos = Nanos::millis(100);
const SITES: [&str; 3] = ["east", "west", "south"];

fn params() -> DnsParams {
    DnsParams {
        ttl: Nanos::seconds(10),
        lookup: Nanos::ZERO,
        check_interval: Nanos::seconds(2),
        check_timeout: SECOND,
        unhealthy_after: 2,
        healthy_after: 2,
        ..DnsParams::default()
    }
}

/// Three sites, a client at each, and a name for all of them. From one site to the next it is 20 ms, to the
/// one after that 50 ms.
fn sites(params: DnsParams) -> Design {
    let mut it = design();
    add(&mut it, "name", Spec::Dns(params));
    for (at, site) in SITES.iter().enumerate() {
        let (people, front, app) =
            (format!("{site}-people"), format!("{site}-front"), format!("{site}-app"));
        let rate = 1e9 / GAP.0 as f64;
        let client =
            ClientParams { arrivals: Arrivals::Constant, retries: 0, ..client(rate, 1, 0) };
        add(&mut it, &people, Spec::Client(client));
        let balancer = LoadBalancerParams {
            check_interval: Nanos::ZERO,
            work: Nanos::ZERO,
            ..Default::default()
        };
        add(&mut it, &front, Spec::LoadBalancer(balancer));
        let (work, work_shape) = (Nanos::millis(1), Shape::Constant);
        add(&mut it, &app, Spec::Service(ServiceParams { work, work_shape, ..Default::default() }));
        wire(&mut it, &front, &app, instant());
        wire(&mut it, "name", &front, instant());
        wire(&mut it, &people, "name", instant());
        let y = 1_000.0 * at as f64;
        zone(&mut it, site, [1_000.0, y, 500.0, 500.0], Nanos::ZERO);
        for id in [people, front, app] {
            it.components.get_mut(&id).expect("there").at = Point::new(1_100.0, y + 100.0);
        }
    }
    for site in SITES {
        for front in SITES {
            wire(&mut it, &format!("{site}-people"), &format!("{front}-front"), instant());
        }
    }
    for (one, other, millis) in [("east", "west", 20), ("west", "south", 20), ("east", "south", 50)]
    {
        let pair = ZonePair { zone: other.into(), one_way: Nanos::millis(millis) };
        it.zones.get_mut(one).expect("there").settings.pairs.push(pair);
    }
    settle(&mut it);
    it
}

fn open(params: DnsParams) -> Live {
    let mut live = Live::new(&sites(params), 1);
    live.audit.keep = true;
    live
}

/// Calls that came to a component since a moment.
fn came(live: &Live, id: &str, from: &str, since: Nanos) -> usize {
    let (slot, asker) = (slots(&live.world, id)[0], slots(&live.world, from)[0]);
    let sent = |(at, _, note): &(Nanos, u64, Note)| match *note {
        Note::CallEnded { member, target, .. } => {
            *at >= since && target == Some(slot) && member == asker
        }
        _ => false,
    };
    live.audit.notes.iter().filter(|it| sent(it)).count()
}

/// A client's requests: when they began, how they ended, and how long they took.
fn ended(live: &Live, site: &str) -> Vec<(Nanos, Outcome, Nanos)> {
    let slot = slots(&live.world, &format!("{site}-people"))[0];
    let own = |(at, _, note): &(Nanos, u64, Note)| match *note {
        Note::Ended { member, own: true, arrived, outcome, .. } if member == slot => {
            Some((arrived, outcome, *at - arrived))
        }
        _ => None,
    };
    live.audit.notes.iter().filter_map(own).collect()
}

/// Until when a client's answer is good.
fn until(live: &Live, site: &str) -> Nanos {
    match states(&live.world, &format!("{site}-people"))[0] {
        State::Client(it) => it.name().expect("it has asked").1,
        _ => panic!("a client"),
    }
}

#[test]
fn each_client_is_sent_to_the_nearest_site() {
    let mut live = open(params());
    live.run_to(Nanos::seconds(30));
    for site in SITES {
        for front in SITES {
            let calls =
                came(&live, &format!("{front}-front"), &format!("{site}-people"), Nanos::ZERO);
            assert_eq!(calls > 0, site == front, "{site} asks {front}: {calls}");
        }
        assert!(
            ended(&live, site).iter().all(|it| it.1 == Outcome::Ok && it.2 == Nanos::millis(1))
        );
    }
    live.check_replay();
}

/// A cold lookup takes its time, and every further request none until the answer has expired: with a request
/// every gap, the next lookup is at the first request after the time to live.
#[test]
fn answers_are_kept_for_their_time_to_live() {
    for ttl in [0, 3, 10] {
        let ttl = Nanos::seconds(ttl);
        let mut live = open(DnsParams { ttl, ..params() });
        live.run_to(Nanos::millis(40_050));
        let lookups = came(&live, "name", "east-people", Nanos::ZERO);
        let (mut theory, mut good) = (0, Nanos::ZERO);
        for (at, ..) in ended(&live, "east") {
            if at >= good {
                (theory, good) = (theory + 1, at + ttl);
            }
        }
        assert_eq!(lookups, theory, "of {ttl:?} to live");
        assert!(ttl == Nanos::ZERO || lookups <= (40.0 / (ttl.0 as f64 / 1e9)) as usize + 1);
    }
}

/// A site dies: its clients go on asking it until the checks have found that out and their answer has
/// expired; failures are rate × that time. Then they go to the next nearest, and take its distance longer.
#[test]
fn a_dead_site_is_asked_until_answers_expire() {
    let mut live = open(params());
    live.run_to(Nanos::seconds(20));
    let down = live.world.now();
    for part in ["front", "app"] {
        live.fault(Fault::Crash(target(&format!("east-{part}"))));
    }
    let name = slots(&live.world, "name")[0];
    let found = |live: &Live| {
        live.world.member(name).desk.routes.iter().any(|it| it.health.iter().any(|it| it.down))
    };
    while !found(&live) {
        live.run_for(Nanos::millis(1));
    }
    let found = live.world.now();
    // Two checks in a row, one every two seconds; a dead process's host refuses at once.
    assert!(
        found > down + Nanos::seconds(2) && found <= down + Nanos::seconds(4) + SECOND,
        "{found:?}"
    );
    let expires = until(&live, "east");
    live.run_for(Nanos::seconds(15));
    let all = ended(&live, "east");
    let after: Vec<_> = all.iter().filter(|it| it.0 >= down).collect();
    assert!(after.iter().all(|it| (it.1 == Outcome::Ok) == (it.0 >= expires)), "until {expires:?}");
    let failed = after.iter().filter(|it| it.1 != Outcome::Ok).count() as f64;
    let theory = (expires - down).0 as f64 / GAP.0 as f64;
    assert!((failed - theory).abs() <= 1.0, "{failed} failed, rate × time is {theory}");
    // There and back to the next nearest, and the work.
    let far = Nanos::millis(2 * 20 + 1);
    assert!(after.iter().filter(|it| it.1 == Outcome::Ok).all(|it| it.2 == far));
    assert!(came(&live, "west-front", "east-people", found) > 20);
    for part in ["front", "app"] {
        live.fault(Fault::Restart(target(&format!("east-{part}"))));
    }
    live.run_for(Nanos::seconds(20));
    assert_eq!(ended(&live, "east").last().map(|it| it.2), Some(Nanos::millis(1)), "back home");
    live.check_replay();
}

/// The inside tells who is there, and where each client goes.
#[test]
fn the_inside_tells_who_goes_where() {
    let mut it = looking::Looking::open(sites(params()), 1, Nanos::ZERO, ("name", "Name"));
    it.on(21_500);
    it.check(
        "dns",
        &[],
        expect_test::expect![[r#"
        Inside Name
        Answer: nearest; 0 of 3 addresses down by its checks; kept for 10.0 s.
        Answer: nearest  Kept for: 10.0 s  Down: 0 of 3
        Of those that are there, the one nearest to who
        asks.
        Addresses  by its checks
        east-front  there
        south-front  there
        west-front  there
        Who goes where  answer kept for
        east-people → east-front  8.60 s
        south-people → south-front  8.60 s
        west-people → west-front  8.60 s
    "#]],
    );
    for part in ["front", "app"] {
        it.fault(Fault::Crash(target(&format!("east-{part}"))));
    }
    it.on(5_000);
    assert!(it.words("address/name-east-front/health").starts_with("down"));
    it.on(10_000);
    assert_eq!(it.words("answer/east-people/words"), "east-people → west-front");
}

/// Successive answers go round. Three who ask at the same pace get the same one again and again, since each
/// keeps it: load comes in lumps, but is even over all of them.
#[test]
fn answers_in_turn_go_round() {
    let mut live = open(DnsParams { answer: Answer::InTurn, ttl: SECOND, ..params() });
    live.run_to(Nanos::seconds(61));
    let of = |site: &str| {
        let asked =
            SITES.map(|it| came(&live, &format!("{it}-front"), &format!("{site}-people"), SECOND));
        asked.map(|it| it as f64)
    };
    let all = SITES.map(of);
    let total: f64 = all.iter().flatten().sum();
    for front in 0..3 {
        let share = all.iter().map(|it| it[front]).sum::<f64>() / total;
        assert!((share - 1.0 / 3.0).abs() < 0.02, "{all:?}");
    }
    assert!(
        all.iter().any(|it| it.iter().any(|part| *part > 0.9 * total / 3.0)),
        "in lumps: {all:?}"
    );
    let first = DnsParams { answer: Answer::First, ..params() };
    let mut live = open(first);
    live.run_to(Nanos::seconds(5));
    let calls = |site: &str| came(&live, &format!("{site}-front"), "west-people", Nanos::ZERO);
    assert_eq!((calls("west"), calls("south")), (0, 0), "the first of its wires is east's");
    assert!(calls("east") > 40);
}

/// Without name servers, answers are good until they expire; then nobody is found.
#[test]
fn without_name_servers_answers_last_as_long_as_they_live() {
    let mut live = open(params());
    live.run_to(Nanos::seconds(4));
    let expires = until(&live, "south");
    live.fault(Fault::Crash(target("name")));
    live.run_to(Nanos::seconds(14));
    let after = ended(&live, "south");
    assert!(after.iter().all(|it| (it.1 == Outcome::Ok) == (it.0 < expires)), "until {expires:?}");
    assert!(after.last().is_some_and(|it| it.1 == Outcome::Refused));
    live.fault(Fault::Restart(target("name")));
    live.run_for(SECOND);
    assert_eq!(ended(&live, "south").last().map(|it| it.1), Some(Outcome::Ok));
    live.check_replay();
}
