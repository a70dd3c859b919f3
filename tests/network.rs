//! What messages cost on their way: transmission, loss, connections, distance.

use crate::common::*;
use ringside::base::geometry::Rect;
use ringside::base::size::Size;
use ringside::base::spread::Shape;
use ringside::base::time::Nanos;
use ringside::base::unit::{Rate, Share};
use ringside::component::Spec;
use ringside::component::client::{Arrivals, ClientParams};
use ringside::component::kv_store::{KvStoreParams, WhenCut};
use ringside::component::service::ServiceParams;
use ringside::document::{
    Connecting, Design, Place, WireParams, ZonePair, ZoneParams, ZoneRecord, zone,
};
use ringside::engine::fault::{Fault, Scope, Ways};
use ringside::engine::network::{bytes, loss_delay, retransmission_timer};
use ringside::engine::{Note, Outcome, Request, Verb, Via};

const LATENCY: Nanos = Nanos::millis(1);

/// people → service over one wire of 1 ms; work takes no time.
fn pair(per_second: f64, settings: WireParams) -> Design {
    let mut it = design();
    let (rate, arrivals) = (Rate(per_second), Arrivals::Constant);
    let mut people = ClientParams { rate, arrivals, timeout: FOREVER, ..ClientParams::default() };
    (people.classes[0].request_size, people.classes[0].answer_size) = (300, 1_000);
    add(&mut it, "people", Spec::Client(people));
    let (workers, work, work_shape) = (100_000, Nanos::ZERO, Shape::Constant);
    let service = ServiceParams { instances: 1, workers, work, work_shape, ..Default::default() };
    add(&mut it, "service", Spec::Service(service));
    let (latency, latency_shape) = (LATENCY, Shape::Constant);
    wire(&mut it, "people", "service", WireParams { latency, latency_shape, ..settings });
    it
}

fn live(design: &Design) -> Live {
    let mut live = Live::new(design, 1);
    live.audit.keep = true;
    live
}

/// Client requests: when they began, and how long they took.
fn spans(live: &Live) -> Vec<(Nanos, Nanos)> {
    let end = |it: &(Nanos, u64, Note)| match it.2 {
        Note::Ended { outcome, arrived, own: true, .. } => {
            assert_eq!(outcome, Outcome::Ok);
            Some((arrived, it.0 - arrived))
        }
        _ => None,
    };
    live.audit.notes.iter().filter_map(end).collect()
}

/// How wide the times of a wire are is set: there and back are two draws, so the mean is twice that of one, and so
/// is the variance, mean² (exp(σ²) − 1) of a log-normal and mean² / α (α − 2) of a Pareto (textbook moments).
#[test]
fn a_wire_is_as_wide_as_it_is_set() {
    for (shape, sigma, alpha) in [
        (Shape::LogNormal, 0.0, 2.2),
        (Shape::LogNormal, 0.25, 2.2),
        (Shape::LogNormal, 0.8, 2.2),
        (Shape::Pareto, 0.5, 6.0),
        (Shape::Pareto, 0.5, 9.0),
    ] {
        let mut design = pair(2_000.0, WireParams::default());
        let wire = &mut design.wires.values_mut().next().expect("one").settings;
        (wire.latency_shape, wire.latency_sigma, wire.latency_alpha) = (shape, sigma, alpha);
        let mut live = live(&design);
        live.run_to(Nanos::seconds(20));
        let spans: Vec<f64> = spans(&live).iter().map(|it| it.1.as_seconds()).collect();
        let count = spans.len() as f64;
        let mean = spans.iter().sum::<f64>() / count;
        let variance = spans.iter().map(|it| (it - mean) * (it - mean)).sum::<f64>() / count;
        let one = LATENCY.as_seconds();
        let width = match shape {
            Shape::Pareto => 1.0 / (alpha * (alpha - 2.0)),
            _ => libm::exp(sigma * sigma) - 1.0,
        };
        let expected = 2.0 * one * one * width;
        assert!((mean / (2.0 * one) - 1.0).abs() < 0.02, "{shape:?}: mean {mean}");
        // 40,000 round trips; the fourth moments of these are finite.
        let off = (variance - expected).abs();
        assert!(
            off <= 0.12 * expected + 1e-15,
            "{shape:?} {sigma} {alpha}: {variance} for {expected}"
        );
    }
}

#[test]
fn messages_carry_headers_and_what_is_sent_or_answered() {
    let (size, answer) = (Size::bytes(300), Size::bytes(2_000));
    let of = |verb| Request { verb, size, answer, ..Request::default() };
    let cases = [
        (Verb::Read, None, 1_000),
        (Verb::Read, Some(Outcome::Ok), 2_700),
        (Verb::Read, Some(Outcome::Miss), 700),
        (Verb::Read, Some(Outcome::QueueFull), 700),
        (Verb::Write, None, 1_000),
        (Verb::Write, Some(Outcome::Ok), 2_700),
        (Verb::Put, None, 2_700),
        (Verb::Put, Some(Outcome::Ok), 700),
        (Verb::Flush, None, 1_000),
        (Verb::Delete, None, 700),
    ];
    for (verb, outcome, expected) in cases {
        assert_eq!(bytes(&of(verb), outcome), expected, "{verb:?} {outcome:?}");
    }
}

/// Transmission takes bytes over bandwidth, exactly: 1,000 bytes there and 1,700 back, headers
/// included, take 1 ms and 1.7 ms at 8 Mbit/s.
#[test]
fn transmission_takes_bytes_over_bandwidth() {
    for (bandwidth, both) in [(8.0, 2_700), (0.8, 27_000), (80.0, 270), (0.0, 0)] {
        let mut live = live(&pair(10.0, WireParams { bandwidth, ..WireParams::default() }));
        live.run_to(Nanos::seconds(5));
        let expected = Nanos::millis(2) + Nanos::micros(both);
        let spans = spans(&live);
        assert!(spans.len() > 40 && spans.iter().all(|it| it.1 == expected), "{bandwidth}");
        live.check_replay();
    }
}

/// A saturated wire carries its bandwidth and no more: 1,000 answers of 1,700 bytes a second, first
/// come first served, while the line before it grows by what is too much.
#[test]
fn a_saturated_wire_carries_its_bandwidth() {
    let settings = WireParams { bandwidth: 13.6, ..WireParams::default() };
    let mut live = live(&pair(1_500.0, settings));
    live.run_to(Nanos::seconds(10));
    let ended: Vec<_> = spans(&live);
    let ends: Vec<_> = ended.iter().map(|it| it.0 + it.1).collect();
    let gaps = ends.windows(2).skip(5).all(|it| it[1] - it[0] == Nanos::MILLISECOND);
    assert!(gaps, "one answer a millisecond");
    assert!((ends.len() as i64 - 10_000).abs() < 10, "{}", ends.len());
    assert!(ended.windows(2).all(|it| it[0].0 < it[1].0), "first come, first served");
    // The n-th waits for n answers of 1 ms, less the time over which they came: a third of a
    // millisecond more each time.
    let (nth, last) = (ended.len() as f64, ended.last().expect("some ended").1);
    let expected = nth * (1.0 - 1.0 / 1.5) + 3.6;
    assert!((last.as_seconds() * 1e3 - expected).abs() < 3.0, "{last} not {expected} ms");
    live.check_replay();
}

/// RFC 6298: the timer after one measurement is three round trips, but not below the minimum; each
/// further loss doubles it.
#[test]
fn the_retransmission_timer_is_that_of_rfc_6298() {
    assert_eq!(retransmission_timer(Nanos::millis(1)), Nanos::millis(200));
    assert_eq!(retransmission_timer(Nanos::millis(100)), Nanos::millis(600));
    assert_eq!(retransmission_timer(Nanos::seconds(60)), Nanos::seconds(60));
    // The smallest draw is the longest row of losses; certain loss ends too.
    assert_eq!(loss_delay(0.0, LATENCY, 0), Nanos::ZERO);
    assert!(loss_delay(1.0, LATENCY, u64::MAX) <= Nanos::seconds(15 * 60));
    // u just below 0.1^2: two losses, 200 and 400 ms.
    let bits = (0.0099 * u64::MAX as f64) as u64;
    assert_eq!(loss_delay(0.1, LATENCY, bits), Nanos::millis(600));
}

/// Mean extra time of a crossing: T p / (1 - 2p), for the sum of p^k (1 - p) T (2^k - 1).
#[test]
fn loss_on_a_wire_costs_the_geometric_mean() {
    let p: f64 = 0.05;
    let mut live = live(&pair(
        200.0,
        WireParams { loss: Share(p), timeout: FOREVER, ..WireParams::default() },
    ));
    live.run_to(Nanos::seconds(200));
    let spans = spans(&live);
    let extra = |it: &(Nanos, Nanos)| (it.1 - Nanos::millis(2)).as_seconds();
    let n = spans.len() as f64;
    let mean = spans.iter().map(extra).sum::<f64>() / n;
    let (expected, tolerance) = lost(p, n);
    assert!((mean - expected).abs() < tolerance, "{mean} not {expected} ± {tolerance}");
    live.check_replay();
}

/// people → two members of which both must take a write: one message there and one back between them.
fn members(per_second: f64, settings: KvStoreParams) -> Live {
    live(&members_of(per_second, settings))
}

fn members_of(per_second: f64, settings: KvStoreParams) -> Design {
    let mut it = design();
    let arrivals = Arrivals::Constant;
    let people = ClientParams { arrivals, timeout: FOREVER, ..client(per_second, 0, 1) };
    add(&mut it, "people", Spec::Client(people));
    let (when_cut, members, read_quorum, write_quorum) = (WhenCut::Quorums, 2, 1, 2);
    let (handoff, work, mesh_latency) = (Nanos::ZERO, Nanos::ZERO, Nanos::ZERO);
    let patience = Nanos::seconds(60);
    let quorums = KvStoreParams { when_cut, members, read_quorum, write_quorum, ..settings };
    let store = KvStoreParams { handoff, work, mesh_latency, patience, ..quorums };
    add(&mut it, "store", Spec::KvStore(store));
    let (latency, latency_shape) = (LATENCY, Shape::Constant);
    wire(
        &mut it,
        "people",
        "store",
        WireParams { latency, latency_shape, ..WireParams::default() },
    );
    it
}

/// Between members, 10 ms apart, a connection takes so many round trips before the first message, each way
/// once; then it is there, as long as either member lives.
#[test]
fn members_connect_before_they_first_talk() {
    let base = |connection| {
        let (places, mesh_connection) = ("left, right".to_owned(), connection);
        let mut it =
            members_of(4.0, KvStoreParams { places, mesh_connection, ..Default::default() });
        let near = || ZoneParams { distance: Nanos::millis(5), ..ZoneParams::default() };
        zone_at(&mut it, "left", -3_000.0, near());
        zone_at(&mut it, "right", -4_000.0, near());
        it
    };
    for (trips, connection) in (0..).zip(Connecting::ALL) {
        let mut live = live(&base(*connection));
        // Between two requests.
        live.run_to(Nanos::millis(5_125));
        live.fault(Fault::Crash(target("store/1")));
        live.fault(Fault::Restart(target("store/1")));
        live.run_to(Nanos::seconds(9));
        let spans = spans(&live);
        // To the zone at the border of which the client stands, and back; there and back between members.
        let known = Nanos::millis(2 * (1 + 5) + 2 * 10);
        let first = known + Nanos::millis(2 * 2 * 10 * trips);
        let slow: Vec<_> = spans.iter().filter(|it| it.1 != known).collect();
        assert!(slow.iter().all(|it| it.1 == first), "{connection:?}: {spans:?}");
        // Each of the two is asked by turns, and both begin anew after the crash.
        let met = slow.iter().filter(|it| it.0 < Nanos::seconds(5)).count();
        assert_eq!((met > 0, slow.len() > met), (trips > 0, trips > 0), "{connection:?}");
        assert!(slow.len() <= 4, "{slow:?}");
        live.check_replay();
    }
}

/// Between members too, transmission takes bytes over bandwidth, exactly: a write of 356 bytes and its
/// confirmation of 100 take 4.56 ms together at 0.8 Mbit/s.
#[test]
fn members_share_no_more_than_their_bandwidth() {
    for (mesh_bandwidth, both) in [(0.8, 4_560), (8.0, 456), (0.0, 0)] {
        let mut live = members(10.0, KvStoreParams { mesh_bandwidth, ..Default::default() });
        live.run_to(Nanos::seconds(5));
        let expected = Nanos::millis(2) + Nanos::micros(both);
        let spans = spans(&live);
        assert!(spans.len() > 40 && spans.iter().all(|it| it.1 == expected), "{spans:?}");
        live.check_replay();
    }
    // 1,000 writes a second of each member are twice what goes through: no more is confirmed than
    // fits (456 bytes a write, two ways of 1.824 Mbit/s), and those behind wait longer and longer.
    let mut live = members(2_000.0, KvStoreParams { mesh_bandwidth: 1.824, ..Default::default() });
    live.run_to(Nanos::seconds(10));
    let ended = spans(&live);
    assert!(ended.len() as f64 * 456.0 * 8.0 <= 2.0 * 1.824e6 * 10.0, "{}", ended.len());
    let (first, last) = (ended[10].1, ended.last().expect("some ended").1);
    assert!(first < Nanos::millis(50) && last > Nanos::seconds(2), "{first} {last}");
    live.check_replay();
}

/// Loss between members costs what it costs on a wire: the geometric mean of RFC 6298's timers.
#[test]
fn loss_between_members_costs_the_geometric_mean() {
    let p: f64 = 0.05;
    let mut live = members(0.5, KvStoreParams { mesh_loss: Share(p), ..Default::default() });
    live.run_to(Nanos::seconds(20_000));
    let spans = spans(&live);
    let extra = |it: &(Nanos, Nanos)| (it.1 - Nanos::millis(2)).as_seconds();
    let n = spans.len() as f64;
    let mean = spans.iter().map(extra).sum::<f64>() / n;
    let (expected, tolerance) = lost(p, n);
    assert!(
        n > 9_900.0 && (mean - expected).abs() < tolerance,
        "{mean} not {expected} ± {tolerance}"
    );
    live.check_replay();
}

/// What loss adds on the way there and back, on average, and four standard errors of `n`.
fn lost(p: f64, n: f64) -> (f64, f64) {
    let expected = 2.0 * 0.2 * p / (1.0 - 2.0 * p);
    // E (2^k - 1)^2 = (1-p)/(1-4p) - 2 (1-p)/(1-2p) + 1.
    let second = (1.0 - p) / (1.0 - 4.0 * p) - 2.0 * (1.0 - p) / (1.0 - 2.0 * p) + 1.0;
    let one = p / (1.0 - 2.0 * p);
    (expected, 4.0 * (2.0 * 0.04 * (second - one * one) / n).sqrt())
}

/// TCP takes one round trip before the first call (RFC 9293), TLS 1.3 one more (RFC 8446), TLS 1.2
/// two more (RFC 5246); a kept connection takes none.
#[test]
fn connections_cost_their_round_trips() {
    let round_trip = 2 * LATENCY.0;
    let cases = [
        (Connecting::Open, 0),
        (Connecting::Tcp, 1),
        (Connecting::Tls13, 2),
        (Connecting::Tls12, 3),
    ];
    for (connection, trips) in cases {
        let fresh = Nanos(round_trip * (1 + trips));
        let kept = Nanos(round_trip);
        for (keep_alive, later) in [(Nanos::ZERO, fresh), (Nanos::seconds(60), kept)] {
            let settings = WireParams { connection, keep_alive, ..WireParams::default() };
            let mut live = live(&pair(1.0, settings));
            live.run_to(Nanos::seconds(10));
            let spans: Vec<_> = spans(&live).into_iter().map(|it| it.1).collect();
            assert!(spans.len() >= 9);
            assert_eq!(spans[0], fresh, "{connection:?}");
            assert!(spans[1..].iter().all(|it| *it == later), "{connection:?} {keep_alive}");
            live.check_replay();
        }
        // Idle for longer than it is kept: set up again each time.
        let keep_alive = Nanos::millis(900);
        let mut live =
            live(&pair(1.0, WireParams { connection, keep_alive, ..WireParams::default() }));
        live.run_to(Nanos::seconds(5));
        assert!(spans(&live).iter().all(|it| it.1 == fresh), "{connection:?}");
    }
}

/// What sets a connection up gets lost too, and is sent again after 1, 3, 7 … seconds: before anything has
/// been measured the timer is one second (RFC 6298, 2.1 and 5.5). On average 1 s p / (1 - 2p) each way.
#[test]
fn a_handshake_gets_lost_at_its_own_price() {
    let p: f64 = 0.05;
    let settings = WireParams {
        loss: Share(p),
        timeout: FOREVER,
        connection: Connecting::Tcp,
        keep_alive: Nanos::ZERO,
        ..WireParams::default()
    };
    let mut live = live(&pair(200.0, settings));
    live.run_to(Nanos::seconds(300));
    let spans = spans(&live);
    let n = spans.len() as f64;
    let extra = |it: &(Nanos, Nanos)| (it.1 - Nanos::millis(4)).as_seconds();
    let mean = spans.iter().map(extra).sum::<f64>() / n;
    // One second is five times the timer of the two messages that follow.
    let (expected, tolerance) = lost(p, n);
    let (expected, tolerance) = (6.0 * expected, tolerance * 26_f64.sqrt());
    assert!((mean - expected).abs() < tolerance, "{mean} not {expected} ± {tolerance}");
    live.check_replay();
}

/// Where answers do not come through, no connection can be set up, and nothing can be said; over one that is
/// there, what is said arrives.
#[test]
fn nobody_connects_one_way() {
    for (connection, from_ms, arrives) in
        [(Connecting::Open, 0, true), (Connecting::Tcp, 0, false), (Connecting::Tls13, 3_000, true)]
    {
        let settings = KvStoreParams { mesh_connection: connection, ..KvStoreParams::default() };
        let mut live = members(20.0, settings);
        live.run_to(Nanos::millis(from_ms));
        live.fault(cut("a", &["store/1"], &["store/0"], Ways::Forth));
        live.run_to(Nanos::seconds(6));
        let one = slots(&live.world, "store")[0];
        let said = live.audit.notes.iter().filter(|it| it.0 >= Nanos::millis(from_ms));
        let said: Vec<bool> = said
            .filter_map(|it| match it.2 {
                Note::Sent { via: Via::Mesh(from), lost, .. } if from == one => Some(!lost),
                _ => None,
            })
            .collect();
        assert!(said.len() > 20, "{connection:?}: {}", said.len());
        assert!(said.iter().all(|it| *it == arrives), "{connection:?}");
        live.check_replay();
    }
}

/// Who calls while the handshake is under way waits for what is left of it.
#[test]
fn calls_share_the_handshake_under_way() {
    let connection = Connecting::Tls12;
    let mut live = live(&pair(1_000.0, WireParams { connection, ..WireParams::default() }));
    live.run_to(Nanos::seconds(1));
    let spans = spans(&live);
    let (first, round_trip) = (spans[0].0, Nanos(2 * LATENCY.0));
    let ready = first + Nanos(3 * round_trip.0);
    for (begun, span) in spans {
        assert_eq!(span, ready.saturating_sub(begun) + round_trip, "begun at {begun}");
    }
}

#[test]
fn a_connection_dies_with_either_end() {
    let connection = Connecting::Tcp;
    for (dying, expected) in [("service", 2), ("people", 2)] {
        let mut live = live(&pair(10.0, WireParams { connection, ..WireParams::default() }));
        live.run_to(Nanos::millis(2_050));
        live.fault(Fault::Crash(target(dying)));
        live.fault(Fault::Restart(target(dying)));
        live.run_to(Nanos::seconds(4));
        let fresh = spans(&live).iter().filter(|it| it.1 == Nanos::millis(4)).count();
        assert_eq!(fresh, expected, "{dying}: at first, and after it came back");
        live.check_replay();
    }
}

/// A dead host refuses at once, whatever the handshake would cost.
#[test]
fn nobody_to_connect_to_is_told_in_one_round_trip() {
    let connection = Connecting::Tls12;
    let mut live = live(&pair(10.0, WireParams { connection, ..WireParams::default() }));
    live.fault(Fault::Crash(target("service")));
    live.run_to(Nanos::seconds(1));
    let ends: Vec<_> = live
        .audit
        .notes
        .iter()
        .filter_map(|it| match it.2 {
            Note::Ended { outcome, arrived, own: true, .. } => Some((outcome, it.0 - arrived)),
            _ => None,
        })
        .collect();
    assert!(ends.len() > 5 && ends.iter().all(|it| *it == (Outcome::Refused, Nanos::millis(2))));
}

/// Rosetta Code's example of the haversine formula, Nashville to Los Angeles: 2,887.2600 km on a
/// sphere of 6,372.8 km, so 2,886.4444 km on one of 6,371 km.
#[test]
fn distances_between_regions_are_great_circles() {
    let published = 2_887.259_950_607_111 / 6_372.8 * 6_371.0;
    let computed = zone::great_circle((36.12, -86.67), (33.94, -118.40));
    assert!((computed - published).abs() < 1e-6, "{computed} not {published}");
    // Half around the world, and a quarter.
    let around = 2.0 * std::f64::consts::PI * 6_371.0;
    let half = zone::great_circle((0.0, 0.0), (0.0, 180.0));
    let quarter = zone::great_circle((90.0, 0.0), (0.0, 50.0));
    assert!((half - around / 2.0).abs() < 1e-6 && (quarter - around / 4.0).abs() < 1e-6);
    for (one, other) in [(Place::Virginia, Place::Ireland), (Place::Tokyo, Place::Sydney)] {
        let there = zone::kilometres(one, other).expect("both are somewhere");
        let back = zone::kilometres(other, one).expect("both are somewhere");
        assert!((there - back).abs() < 1e-6);
        // 200 km a millisecond, and 40 % more, to a tenth of a millisecond.
        let ms = zone::way(one, other).as_seconds() * 1e3;
        assert!((ms - there / 200.0 * 1.4).abs() <= 0.05 + 1e-9, "{ms}");
    }
    // What the help text says.
    assert_eq!(zone::way(Place::Virginia, Place::Ireland).0 / 1_000_000, 38);
    for place in Place::ALL {
        assert_eq!(zone::way(*place, *place), Nanos::ZERO);
        assert_eq!(zone::way(*place, Place::Unset), Nanos::ZERO);
    }
}

fn zone_at(design: &mut Design, id: &str, x: f64, settings: ZoneParams) {
    let area = Rect { x, y: -200.0, width: 400.0, height: 400.0 };
    let (label, extra) = (id.to_owned(), Default::default());
    design.zones.insert(id.into(), ZoneRecord { label, area, settings, extra });
}

/// In one zone only the wire counts; across borders their distances are added; between regions the
/// way between their places as well.
#[test]
fn requests_feel_the_distance_of_their_zones_exactly() {
    let ms = Nanos::millis;
    let near = |n| ZoneParams { distance: Nanos::micros(n), ..ZoneParams::default() };
    let at = |place| ZoneParams { place, distance: Nanos::ZERO, ..ZoneParams::default() };
    let cell = |zone: &str, one_way| ZonePair { zone: zone.into(), one_way };
    let ocean = zone::way(Place::Virginia, Place::Ireland);
    let cases = [
        (near(500), None, Nanos::ZERO),
        (near(250), Some(near(250)), Nanos::micros(500)),
        (at(Place::Virginia), Some(at(Place::Ireland)), ocean),
        (at(Place::Virginia), Some(at(Place::Virginia)), Nanos::ZERO),
        // By default as two availability zones of a region.
        (ZoneParams::default(), Some(ZoneParams::default()), Nanos::micros(500)),
        // What is said of two zones goes before borders and places.
        (
            ZoneParams { pairs: vec![cell("right", ms(7))], ..at(Place::Virginia) },
            Some(at(Place::Ireland)),
            ms(7),
        ),
        (
            ZoneParams { distance: ms(1), ..at(Place::Virginia) },
            Some(ZoneParams { distance: ms(2), ..at(Place::Ireland) }),
            ocean + ms(3),
        ),
    ];
    for (left, right, one_way) in cases {
        let mut it = pair(10.0, WireParams::default());
        it.components.get_mut("service").expect("there").at.x = 1_000.0;
        match right {
            None => {
                it.components.get_mut("service").expect("there").at.x = 100.0;
                zone_at(&mut it, "left", -50.0, left.clone());
            }
            Some(right) => {
                zone_at(&mut it, "left", -50.0, left.clone());
                zone_at(&mut it, "right", 950.0, right);
            }
        }
        zone::settle(&mut it);
        let mut live = live(&it);
        live.run_to(Nanos::seconds(2));
        let expected = Nanos(2 * (LATENCY.0 + one_way.0));
        let spans = spans(&live);
        assert!(spans.len() > 10 && spans.iter().all(|it| it.1 == expected), "{left:?}");
    }
}

/// Troubles of the network come on top of what a wire costs by itself.
#[test]
fn faults_and_settings_add_up() {
    let settings = WireParams {
        bandwidth: 8.0,
        connection: Connecting::Tcp,
        keep_alive: Nanos::ZERO,
        ..WireParams::default()
    };
    let mut live = live(&pair(10.0, settings));
    let on = Scope::Wire("people-service".into());
    live.fault(Fault::Delay { on, by: Nanos::millis(7) });
    live.run_to(Nanos::seconds(2));
    // A round trip for the connection and one for the call, each way 1 ms of latency and 7 more; 1 ms
    // and 1.7 ms of transmission.
    let expected = Nanos::millis(4 * 8) + Nanos::micros(2_700);
    let spans = spans(&live);
    assert!(spans.iter().all(|it| it.1 == expected), "{spans:?}");
    live.check_replay();
}

/// A wire's settings can be changed while messages are under way; what is under way stays so.
#[test]
fn settings_change_while_it_runs() {
    let mut live = live(&pair(500.0, WireParams::default()));
    for n in 0..40u32 {
        live.run_for(Nanos::millis(37));
        live.edit(|it| {
            let settings = &mut it.wires.get_mut("people-service").expect("the wire").settings;
            match n % 4 {
                0 => settings.bandwidth = f64::from(n) * 0.3,
                1 => settings.connection = Connecting::ALL[n as usize / 4 % 4],
                2 => settings.keep_alive = Nanos::millis(u64::from(n)),
                _ => settings.loss = Share(f64::from(n) * 0.01),
            }
        });
        live.audit.check_conservation(&live.world);
        check_desks(&live.world, false);
    }
    live.check_replay();
}

/// A cell of the distance matrix counts both ways, the smallest zones that one is said of go first,
/// and zones that do not lie apart do not matter.
#[test]
fn the_distance_matrix_is_by_the_smallest_zones() {
    let ms = Nanos::millis;
    let mut it = pair(10.0, WireParams::default());
    it.components.get_mut("service").expect("there").at.x = 1_000.0;
    let none = || ZoneParams { distance: Nanos::ZERO, ..ZoneParams::default() };
    zone_at(&mut it, "left", -50.0, none());
    zone_at(&mut it, "right", 950.0, none());
    zone_at(&mut it, "world", -500.0, none());
    it.zones.get_mut("world").expect("there").area.width = 3_000.0;
    zone_at(&mut it, "cell", 960.0, none());
    it.zones.get_mut("cell").expect("there").area.width = 250.0;
    zone::settle(&mut it);
    let say = |it: &mut Design, at: &str, zone: &str, one_way| {
        let settings = &mut it.zones.get_mut(at).expect("there").settings;
        settings.pairs.push(ZonePair { zone: zone.into(), one_way });
    };
    let both = |it: &Design| {
        let (there, back) =
            (zone::distance(it, "people", "service"), zone::distance(it, "service", "people"));
        assert_eq!(there, back);
        there
    };
    assert_eq!(both(&it), Nanos::ZERO);
    say(&mut it, "world", "left", ms(100));
    say(&mut it, "world", "nowhere", ms(100));
    assert_eq!(both(&it), Nanos::ZERO, "both lie in the world");
    say(&mut it, "right", "left", ms(10));
    assert_eq!(both(&it), ms(10));
    assert_eq!(zone::between(&it, "left", "right"), ms(10));
    assert_eq!(zone::between(&it, "left", "cell"), ms(10), "what holds it counts");
    say(&mut it, "left", "cell", ms(3));
    assert_eq!(both(&it), ms(3));
    assert_eq!(
        (zone::between(&it, "left", "right"), zone::between(&it, "cell", "left")),
        (ms(10), ms(3))
    );
}
