//! Connection pools: never more calls open than there are connections, first come, first served, and
//! nobody waits longer than said; against closed forms. Seeds 1 to 30, fixed beforehand; pooled
//! |z| < 4.

use crate::common::*;
use ringside::algorithm::queueing::{self, Load};
use ringside::base::spread::Shape;
use ringside::base::time::Nanos;
use ringside::base::unit::Rate;
use ringside::component::client::{Arrivals, Class, ClientParams};
use ringside::component::load_balancer::LoadBalancerParams;
use ringside::component::service::ServiceParams;
use ringside::component::sql_db::SqlDbParams;
use ringside::component::{Registry, Spec};
use ringside::document::{Connecting, Design, WireParams};
use ringside::engine::pool::Ticket;
use ringside::engine::trace::{Kind, Phase, Tracer};
use ringside::engine::world::Watch;
use ringside::engine::{Blueprint, Note, Outcome};

const RUNS: u64 = 30;

/// people → app → store: only the pool between app and store is narrow.
fn design_of(per_second: f64, shape: Shape, settings: WireParams) -> Design {
    let mut it = design();
    let people = ClientParams {
        rate: Rate(per_second),
        timeout: FOREVER,
        classes: vec![Class::default()],
        keys: 1,
        ..ClientParams::default()
    };
    add(&mut it, "people", Spec::Client(people));
    let roomy = ServiceParams { instances: 1, workers: 100_000, ..ServiceParams::default() };
    let app = ServiceParams { work: Nanos::ZERO, work_shape: Shape::Constant, ..roomy.clone() };
    add(&mut it, "app", Spec::Service(app));
    let store = ServiceParams { work: Nanos::millis(5), work_shape: shape, ..roomy };
    add(&mut it, "store", Spec::Service(store));
    wire(&mut it, "people", "app", instant());
    wire(&mut it, "app", "store", settings);
    it
}

fn pool(size: u32, wait: Nanos) -> WireParams {
    WireParams { pool: size, pool_wait: wait, ..instant() }
}

/// Requests of clients: how long those took that ended well, and how many failed by what.
#[derive(Default)]
struct Ends {
    stays_s: Vec<f64>,
    failed: Vec<Outcome>,
}

impl Watch<Registry> for Ends {
    fn wants_from(&self) -> u64 {
        0
    }
    fn next_look(&self) -> Nanos {
        Nanos::MAX
    }
    fn look(&mut self, _: Nanos, _: &World) {}
    fn notes(&mut self, at: Nanos, _: u64, notes: &[Note], _: &Blueprint<Registry>) {
        for note in notes {
            match *note {
                Note::Ended { outcome, arrived, own: true, .. } if arrived >= Nanos::seconds(5) => {
                    match outcome {
                        Outcome::Ok => self.stays_s.push((at - arrived).as_seconds()),
                        _ => self.failed.push(outcome),
                    }
                }
                _ => {}
            }
        }
    }
}

fn runs(design: &Design, until: Nanos) -> Vec<Ends> {
    let run = |seed| {
        let mut ends = Ends::default();
        start(design, seed).run(until, u64::MAX, &mut ends);
        ends
    };
    (1..=RUNS).map(run).collect()
}

fn losses(runs: &[Ends]) -> Vec<f64> {
    let loss = |it: &Ends| {
        assert!(
            it.failed.iter().all(|it| *it == Outcome::NoConnection),
            "for want of a connection"
        );
        it.failed.len() as f64 / (it.failed.len() + it.stays_s.len()) as f64
    };
    runs.iter().map(loss).collect()
}

/// A pool of c before somebody who serves any number at once is a line of M/M/c (Kleinrock, vol. 1,
/// section 3.5).
#[test]
fn a_pool_before_a_fast_callee_is_erlangs_line() {
    for (rate, size, seconds) in [(140.0, 1, 185), (600.0, 4, 85)] {
        let design = design_of(rate, Shape::Exponential, pool(size, FOREVER));
        let runs = runs(&design, Nanos::seconds(seconds));
        let stays: Vec<_> = runs.iter().map(|it| mean(&it.stays_s)).collect();
        let load = Load { arrivals_per_s: rate, services_per_s: 200.0 };
        let theory = queueing::mmc(load, size).expect("it settles").stay_s;
        check("stay", &stays, theory, 0.05);
        assert!(losses(&runs).iter().all(|it| *it == 0.0));
    }
}

/// Nobody waits: Erlang's B, whatever the shape of the work.
#[test]
fn a_pool_that_nobody_waits_for_loses_as_erlang_says() {
    for shape in [Shape::Exponential, Shape::Constant] {
        let design = design_of(600.0, shape, pool(4, Nanos::ZERO));
        let losses = losses(&runs(&design, Nanos::seconds(35)));
        check("loss", &losses, queueing::erlang_b(3.0, 4), 0.03);
    }
}

/// Everybody waits 10 ms at most: M/M/1+D. The wait that an arrival would have has the density
/// λ P₀ exp(-(μ - λ) x) up to τ and falls off with μ beyond; those who would wait longer than τ give
/// up (Barrer, "Queuing with impatient customers and ordered service", Operations Research 5(5),
/// 1957).
#[test]
fn waits_for_a_connection_end_as_barrer_says() {
    for rate in [150.0, 300.0] {
        let (mu, tau_s) = (200.0_f64, 0.01);
        let design = design_of(rate, Shape::Exponential, pool(1, Nanos::millis(10)));
        let losses = losses(&runs(&design, Nanos::seconds(65)));
        let kept = libm::exp(-(mu - rate) * tau_s);
        let before = rate * (1.0 - kept) / (mu - rate);
        let beyond = rate / mu * kept;
        check("given up", &losses, beyond / (1.0 + before + beyond), 0.05);
    }
}

/// In bursts, with answers that come too late and second tries: never more open than there are
/// connections, in order of their coming, and all is over in time.
#[test]
fn never_more_than_the_limit_is_open() {
    let settings = WireParams {
        pool: 3,
        pool_wait: Nanos::millis(20),
        timeout: Nanos::millis(12),
        retries: 1,
        ..steady(Nanos::MILLISECOND)
    };
    let mut live = Live::new(&design_of(400.0, Shape::Exponential, settings), 5);
    live.audit.keep = true;
    let mut seen = [false; 4];
    let app = slots(&live.world, "app")[0];
    for _ in 0..4_000 {
        live.world.run(Nanos::seconds(10), 5, &mut live.audit);
        let calls = live.world.member(app).desk.calls.iter();
        let open = calls.filter(|it| it.1.ticket == Ticket::Holds).count();
        seen[open] = true;
        live.audit.check_conservation(&live.world);
        check_desks(&live.world, false);
    }
    assert_eq!(seen, [true; 4], "none to all are taken at times, and never more");
    let mut failed = std::collections::BTreeSet::new();
    for (at, _, note) in &live.audit.notes {
        if let Note::Ended { outcome, arrived, own: true, .. } = note {
            failed.insert(*outcome);
            assert!(*at - *arrived <= Nanos::millis(2 * (20 + 12)), "over in time");
        }
    }
    let all = [Outcome::Ok, Outcome::Timeout, Outcome::NoConnection];
    assert!(all.iter().all(|it| failed.contains(it)), "{failed:?}");
    live.audit.check_little(live.world.now());
    live.check_replay();
}

#[test]
fn who_came_first_goes_first() {
    let mut live = Live::new(&design_of(900.0, Shape::Exponential, pool(4, FOREVER)), 3);
    live.audit.keep = true;
    live.run_to(Nanos::seconds(5));
    let (app, store) = (slots(&live.world, "app")[0], slots(&live.world, "store")[0]);
    let came = |at: u32| -> Vec<u64> {
        let offered = |it: &(Nanos, u64, Note)| match it.2 {
            Note::Offered { member, request, .. } if member == at => Some(request.id),
            _ => None,
        };
        live.audit.notes.iter().filter_map(offered).collect()
    };
    let (asked, served) = (came(app), came(store));
    assert!(served.len() > 3_000 && asked.len() > served.len() + 100, "there is a line");
    assert_eq!(served, asked[..served.len()]);
}

/// Each instance has its own pool for each of its wires, whoever of the members behind it is asked.
#[test]
fn each_caller_has_a_pool_of_its_own() {
    let mut design = design_of(2_000.0, Shape::Constant, pool(2, FOREVER));
    for (id, instances) in [("app", 3), ("store", 2)] {
        if let Some(Spec::Service(it)) = design.components.get_mut(id).map(|it| &mut it.spec) {
            it.instances = instances;
        }
    }
    let mut live = Live::new(&design, 1);
    live.run_to(Nanos::seconds(2));
    check_desks(&live.world, false);
    let busy: u32 =
        slots(&live.world, "store").iter().map(|it| live.world.member(*it).desk.open).sum();
    assert_eq!(busy, 6);
    for app in slots(&live.world, "app") {
        let pool = live.world.member(app).desk.routes[0].pool.as_ref().expect("in use");
        assert!(pool.open == 2 && !pool.line.is_empty());
    }
}

/// A new connection takes its round trips; one that is free is used again; one whose call timed out
/// is closed; there are never more than the pool has.
#[test]
fn connections_are_set_up_once_and_kept() {
    let ms = Nanos::millis;
    let mut it = design_of(
        10.0,
        Shape::Constant,
        WireParams {
            connection: Connecting::Tls13,
            latency: ms(1),
            timeout: ms(50),
            ..pool(2, FOREVER)
        },
    );
    if let Some(Spec::Client(it)) = it.components.get_mut("people").map(|it| &mut it.spec) {
        it.arrivals = Arrivals::Constant;
    }
    let ends = |live: &Live| -> Vec<(Outcome, Nanos)> {
        let end = |it: &(Nanos, u64, Note)| match it.2 {
            Note::Ended { outcome, arrived, own: true, .. } => Some((outcome, it.0 - arrived)),
            _ => None,
        };
        live.audit.notes.iter().filter_map(end).collect()
    };
    let run = |design: &Design, change: &dyn Fn(&mut Live)| {
        let mut live = Live::new(design, 1);
        live.audit.keep = true;
        live.run_to(ms(1_020));
        change(&mut live);
        live.run_to(ms(2_000));
        check_desks(&live.world, false);
        live.check_replay();
        ends(&live)
    };
    // A round trip of 2 ms, 5 ms of work; two round trips more for the first.
    let (fresh, kept) = ((Outcome::Ok, ms(2 + 5 + 4)), (Outcome::Ok, ms(2 + 5)));
    let calm = run(&it, &|_| {});
    assert!(calm[0] == fresh && calm.len() > 15 && calm[1..].iter().all(|it| *it == kept));
    // So slow for a while that calls time out: their connections are not used again.
    let slow = run(&it, &|live| {
        let factor = 100.0;
        live.fault(ringside::engine::Fault::Slow { target: target("store"), factor });
        live.run_for(ms(200));
        live.fault(ringside::engine::Fault::Slow { target: target("store"), factor: 1.0 });
    });
    let timed_out = slow.iter().filter(|it| **it == (Outcome::Timeout, ms(50))).count();
    let again = slow.iter().filter(|it| **it == fresh).count();
    assert_eq!((timed_out, again), (2, 1 + 1), "{slow:?}");
    // Somebody else has come up at the other end: it is set up anew.
    let crashed = run(&it, &|live| {
        live.fault(ringside::engine::Fault::Crash(target("store")));
        live.fault(ringside::engine::Fault::Restart(target("store")));
    });
    assert_eq!(crashed.iter().filter(|it| **it == fresh).count(), 2);
    it.wires.get_mut("app-store").expect("there").settings.keep_alive = Nanos::ZERO;
    assert!(run(&it, &|_| {}).iter().all(|it| *it == fresh));
    // Three at once, with two connections: two are set up side by side, one waits for a free one.
    it.wires.get_mut("app-store").expect("there").settings.keep_alive = ms(60_000);
    if let Some(Spec::Client(it)) = it.components.get_mut("people").map(|it| &mut it.spec) {
        it.classes = vec![Class::default()];
        it.rate = Rate(1.0);
    }
    for extra in ["second", "third"] {
        let people = it.components["people"].spec.clone();
        add(&mut it, extra, people);
        wire(&mut it, extra, "app", instant());
    }
    let mut all = run(&it, &|_| {});
    all.truncate(3);
    assert_eq!(all, [fresh, fresh, (Outcome::Ok, ms(11 + 7))], "{all:?}");
}

#[test]
fn the_wait_for_a_connection_is_a_bar_of_its_own() {
    let design = design_of(300.0, Shape::Exponential, pool(1, Nanos::millis(30)));
    let mut live = Live::new(&design, 4);
    live.audit.keep = true;
    live.run_to(Nanos::seconds(3));
    let end = |it: &(Nanos, u64, Note)| match it.2 {
        Note::Ended { outcome, request, arrived, own: true, .. } => {
            Some((request.id, outcome, it.0 - arrived))
        }
        _ => None,
    };
    let ends: Vec<_> = live.audit.notes.iter().filter_map(end).collect();
    let (mut well, mut failed) = (0, 0);
    for (id, outcome, stay) in ends.into_iter().skip(200).take(40) {
        let mut tracer = Tracer::new(id);
        start(&design, 4).run(Nanos::seconds(3), u64::MAX, &mut tracer);
        let span = |kind| -> Nanos {
            let bars = tracer.bars.iter().filter(|it| it.kind == kind);
            bars.map(|it| it.end - it.start).fold(Nanos::ZERO, |sum, it| sum + it)
        };
        let waited = span(Kind::Phase(Phase::Connection));
        if outcome == Outcome::NoConnection {
            failed += 1;
            assert!(waited == Nanos::millis(30) && stay == waited);
            let call = tracer.bars.iter().rfind(|it| it.kind == Kind::Call);
            assert_eq!(call.and_then(|it| it.outcome), Some(Outcome::NoConnection));
        } else {
            well += u32::from(waited > Nanos::ZERO);
            assert_eq!(waited + span(Kind::Phase(Phase::Work)), stay);
        }
    }
    assert!(well > 5 && failed > 5, "{well} {failed}");
}

/// Size and patience are changed, the limit lifted and set, members and wires taken away, while
/// people wait.
#[test]
fn pools_change_while_people_wait() {
    let mut base = design_of(900.0, Shape::Exponential, pool(4, Nanos::millis(100)));
    add(&mut base, "lb", Spec::LoadBalancer(LoadBalancerParams::default()));
    add(&mut base, "db", Spec::SqlDb(SqlDbParams::default()));
    wire(&mut base, "app", "db", pool(2, Nanos::millis(50)));
    wire(&mut base, "lb", "app", pool(3, Nanos::millis(70)));
    base.wires.remove("people-app");
    wire(&mut base, "people", "lb", instant());
    let mut live = Live::new(&base, 9);
    let whole = base.clone();
    for step in 0..60_u32 {
        live.run_for(Nanos::millis(43));
        live.audit.check_conservation(&live.world);
        check_desks(&live.world, true);
        let id = ["app-store", "app-db", "lb-app"][step as usize % 3];
        live.edit(|it| match (step % 7, it.wires.get_mut(id)) {
            (5, Some(_)) => _ = it.wires.remove(id),
            (_, None) => _ = it.wires.insert(id.into(), whole.wires[id].clone()),
            (6, _) => {
                if let Some(Spec::Service(it)) =
                    it.components.get_mut("store").map(|it| &mut it.spec)
                {
                    it.instances = 1 + step % 3;
                }
            }
            (at, Some(wire)) => {
                let it = &mut wire.settings;
                it.pool = [0, 1, 5, 2, 3][at as usize];
                it.pool_wait = Nanos::millis(u64::from(step % 4) * 30);
                it.connection = Connecting::ALL[at as usize % 4];
                it.hedge_after = Nanos::millis(u64::from(step % 3) * 4);
                it.retries = step % 3;
                it.pass_deadline = step % 5 == 0;
            }
        });
    }
    live.audit.check_little(live.world.now());
    live.check_replay();
}

#[test]
fn files_carry_pools_and_refuse_nonsense() {
    use ringside::base::param::Params;
    use serde_json::json;
    let mut settings = WireParams::default();
    let shown =
        |it: &WireParams, name| it.fields().into_iter().any(|it| it.name == name && it.applies);
    assert!(shown(&settings, "pool") && !shown(&settings, "pool_wait"));
    settings.set("pool", &json!(10)).expect("it is set");
    settings.set("pool_wait", &json!("250ms")).expect("it is set");
    assert!((settings.pool, settings.pool_wait) == (10, Nanos::millis(250)));
    assert!(shown(&settings, "pool_wait"));
    for (name, value) in
        [("pool", json!(-1)), ("pool", json!(100_001)), ("pool_wait", json!("-1s"))]
    {
        let error = settings.set(name, &value).expect_err("it is refused").to_string();
        assert!(error.starts_with(name), "{error}");
    }
}
