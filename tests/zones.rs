//! Zones: distance on what crosses a border, and everything in one failing together.

use std::collections::BTreeSet;

use crate::common::*;
use ringside::base::geometry::{Point, Rect};
use ringside::base::spread::Shape;
use ringside::base::time::Nanos;
use ringside::base::unit::Rate;
use ringside::component::Spec;
use ringside::component::client::{Arrivals, ClientParams};
use ringside::component::service::ServiceParams;
use ringside::component::sql_db::SqlDbParams;
use ringside::document::edit::{Edit, Item};
use ringside::document::zone::{distance, settle};
use ringside::document::{Design, Diff, WireParams, file};
use ringside::engine::blueprint::Reads;
use ringside::engine::fault::Fault;
use ringside::engine::{Note, Outcome, Verb};

/// client | region ( front | az ( back ) ), nothing but distance taking time.
fn regions() -> Design {
    let mut it = design();
    let (rate, arrivals) = (Rate(100.0), Arrivals::Constant);
    add(&mut it, "client", Spec::Client(ClientParams { rate, arrivals, ..Default::default() }));
    let (work, work_shape) = (Nanos::ZERO, Shape::Constant);
    for id in ["front", "back"] {
        let service = ServiceParams { work, work_shape, ..ServiceParams::default() };
        add(&mut it, id, Spec::Service(service));
    }
    wire(&mut it, "client", "front", instant());
    wire(&mut it, "front", "back", instant());
    zone(&mut it, "region", [200.0, 0.0, 800.0, 400.0], Nanos::millis(40));
    zone(&mut it, "az", [500.0, 50.0, 400.0, 300.0], Nanos::micros(500));
    for (id, x) in [("client", 0.0), ("front", 250.0), ("back", 550.0)] {
        it.components.get_mut(id).expect("a component").at = Point::new(x, 100.0);
    }
    settle(&mut it);
    it
}

/// How long the client's requests took, each of them.
fn latencies(live: &mut Live, span: Nanos) -> BTreeSet<Nanos> {
    live.audit.keep = true;
    live.audit.notes.clear();
    live.run_for(span);
    let own = |(at, _, note): &(Nanos, u64, Note)| match *note {
        Note::Ended { own: true, arrived, outcome: Outcome::Ok, .. } => Some(*at - arrived),
        _ => None,
    };
    live.audit.notes.iter().filter_map(own).collect()
}

fn edit(live: &mut Live, edit: &Edit) -> Diff {
    let diff = edit.diff(&live.design, &BTreeSet::new()).expect("it can be done");
    live.edit(|it| diff.apply(it));
    diff
}

#[test]
fn each_border_adds_its_distance_both_ways() {
    let it = regions();
    assert_eq!(it.components["back"].zones, ["az", "region"]);
    assert_eq!(distance(&it, "client", "back"), Nanos::micros(40_500));
    let mut live = Live::new(&it, 1);
    let there_and_back = BTreeSet::from([Nanos::millis(81)]);
    assert_eq!(latencies(&mut live, Nanos::seconds(1)), there_and_back);

    // Out of the inner zone, within the outer one: the border between is gone.
    let to = vec![(Item::Component("back".into()), Point::new(250.0, 300.0))];
    assert!(edit(&mut live, &Edit::Move { to }).is_felt());
    live.run_for(Nanos::millis(100));
    assert_eq!(latencies(&mut live, Nanos::SECOND), BTreeSet::from([Nanos::millis(80)]));

    // Within the same zones: a picture, and no edit of what runs.
    let to = vec![(Item::Component("back".into()), Point::new(260.0, 300.0))];
    assert!(!edit(&mut live, &Edit::Move { to }).is_felt());

    // A zone's edge that passes over a component moves it in, and its setting is felt.
    let area = Rect { x: 210.0, y: 50.0, width: 700.0, height: 320.0 };
    let resized = edit(&mut live, &Edit::Resize { zone: "az".into(), area });
    assert!(resized.is_felt() && resized.components.contains_key("front"));
    let set = Edit::SetZone { id: "az".into(), field: "distance".into(), value: "2ms".into() };
    assert!(edit(&mut live, &set).is_felt());
    live.run_for(Nanos::millis(100));
    assert_eq!(latencies(&mut live, Nanos::SECOND), BTreeSet::from([Nanos::millis(84)]));
    let remove = Edit::Remove { items: BTreeSet::from([Item::Zone("region".into())]) };
    assert!(edit(&mut live, &remove).is_felt());
    assert_eq!(live.design.components["back"].zones, ["az"]);
    live.check_replay();
}

#[test]
fn a_zone_fails_as_one_and_comes_back() {
    let ups = |live: &Live| {
        ["client", "front", "back"]
            .map(|id| slots(&live.world, id).into_iter().all(|slot| live.world.is_up(slot)))
    };
    let outage = |zone: &str| Fault::ZoneOutage { zone: zone.into() };
    let restart = |zone: &str| Fault::ZoneRestart { zone: zone.into() };
    let mut live = Live::new(&regions(), 2);
    live.run_to(Nanos::SECOND);
    live.fault(outage("az"));
    assert_eq!(ups(&live), [true, true, false]);
    live.run_for(Nanos::SECOND);
    live.fault(outage("region"));
    assert_eq!(ups(&live), [true, false, false], "zones within it included");
    live.run_for(Nanos::SECOND);
    live.fault(restart("region"));
    live.fault(outage("nowhere"));
    assert_eq!(ups(&live), [true; 3]);
    live.run_for(Nanos::millis(200));
    assert!(latencies(&mut live, Nanos::SECOND).contains(&Nanos::millis(81)));
    check_desks(&live.world, false);
    live.check_replay();
}

#[test]
fn files_keep_the_distance_and_the_outage() {
    let mut it = regions();
    let fault = Fault::ZoneOutage { zone: "az".into() };
    let add = Edit::AddFault { at: Nanos::seconds(3), fault };
    add.diff(&it, &BTreeSet::new()).expect("there is such a zone").apply(&mut it);
    let text = file::write(&file::File::new(it.clone()));
    assert!(text.contains("\"distance\": \"500us\"") && text.contains("zone_outage"), "{text}");
    let (back, notices) = file::read(&text).expect("it reads back");
    assert_eq!((back.design, notices), (it.clone(), Vec::new()));
    let fault = Fault::ZoneOutage { zone: "moon".into() };
    let add = Edit::AddFault { at: Nanos::ZERO, fault };
    let error = add.diff(&it, &BTreeSet::new()).expect_err("there is none");
    assert_eq!(error.to_string(), "fault: there is no zone \"moon\"");
}

/// Reads go to the members that are nearest to the caller, in turn, wherever the primary is; writes go to the
/// primary, and take the way there.
#[test]
fn readers_ask_the_nearest() {
    for (place, near) in [("north", vec![0]), ("south", vec![1, 2])] {
        let mut it = design();
        let places = "north, south, south".into();
        add(&mut it, "client", Spec::Client(client(100.0, 3, 1)));
        add(&mut it, "group", Spec::SqlDb(SqlDbParams { places, ..SqlDbParams::default() }));
        wire(&mut it, "client", "group", WireParams { reads: Reads::Nearest, ..instant() });
        zone(&mut it, "north", [0.0, 0.0, 400.0, 400.0], Nanos::millis(15));
        zone(&mut it, "south", [1_000.0, 0.0, 400.0, 400.0], Nanos::millis(15));
        let at = if place == "north" { 100.0 } else { 1_100.0 };
        it.components.get_mut("client").expect("it").at = Point::new(at, 100.0);
        it.components.get_mut("group").expect("it").at = Point::new(100.0, 300.0);
        settle(&mut it);
        let mut live = Live::new(&it, 3);
        live.audit.keep = true;
        live.run_for(Nanos::seconds(20));
        let members = slots(&live.world, "group");
        let served = |which: usize, verb: Verb| {
            let of = |it: &&(Nanos, u64, Note)| matches!(it.2, Note::Ended { member, request, outcome: Outcome::Ok, own: false, .. } if member == members[which] && request.verb == verb);
            live.audit.notes.iter().filter(of).count()
        };
        let reads: Vec<_> = (0..3).map(|it| served(it, Verb::Read)).collect();
        let all: usize = reads.iter().sum();
        assert!(all > 1_400, "{reads:?}");
        for (member, count) in reads.iter().enumerate() {
            let share = if near.contains(&member) { all / near.len() } else { 0 };
            assert!(count.abs_diff(share) <= 1, "{place}: {reads:?}");
        }
        let writes: Vec<_> = (0..3).map(|it| served(it, Verb::Write)).collect();
        assert!(writes[0] > 400 && writes[1..] == [0, 0], "{place}: {writes:?}");
    }
}
