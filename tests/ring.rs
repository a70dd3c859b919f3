//! A cache cluster: keys go where the scheme says, what a change moves is what `ringside place` says
//! it moves, and the inside shows just that. `LENSES=folder` writes the pictures there.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::process::{Command, Stdio};

use crate::common;
use crate::common::looking::{Looking, well_drawn};
use crate::common::{Live, slots, target};
use expect_test::expect;
use ringside::algorithm::hashing::Hash;
use ringside::algorithm::placement::{Node, Scheme, Settings};
use ringside::base::time::Nanos;
use ringside::component::cache_cluster::{ByHash, CacheClusterParams};
use ringside::component::{Registry, Spec, State};
use ringside::document::Design;
use ringside::document::edit::Edit;
use ringside::engine::fault::Fault;
use ringside::engine::world::Watch;
use ringside::engine::{Blueprint, Note, World};
use ringside::lens::Act;
use ringside::scene::{Point, Shape};
use ringside::session::run::Run;
use serde_json::{Value, json};

const DESIGN: &str = include_str!("../static/designs/cache-cluster.json");

fn design() -> Design {
    let (file, notices) = ringside::document::file::read(DESIGN).expect("it is a file");
    assert_eq!(notices, Vec::new(), "nothing in it is unknown");
    file.design
}

/// The design with other settings of its cluster.
fn set(design: &mut Design, settings: Value) {
    let spec = &mut design.components.get_mut("cluster").expect("it is there").spec;
    for (name, value) in settings.as_object().expect("an object") {
        spec.set(name, value).expect("it can be set");
    }
}

fn params(design: &Design) -> &CacheClusterParams {
    match &design.components["cluster"].spec {
        Spec::CacheCluster(it) => it,
        other => panic!("{other:?} is no cluster"),
    }
}

/// Calls that arrived, by key and the ordinal of the node.
#[derive(Default)]
struct Arrived {
    slots: Vec<u32>,
    calls: BTreeMap<u32, BTreeSet<usize>>,
    seen: u64,
}

impl Watch<Registry> for Arrived {
    fn wants_from(&self) -> u64 {
        self.seen
    }
    fn next_look(&self) -> Nanos {
        Nanos::MAX
    }
    fn look(&mut self, _: Nanos, _: &World<Registry>) {}
    fn notes(&mut self, _: Nanos, ordinal: u64, notes: &[Note], _: &Blueprint<Registry>) {
        self.seen = ordinal;
        for note in notes {
            if let Note::Offered { member, request, .. } = note
                && let Some(at) = self.slots.iter().position(|it| it == member)
            {
                self.calls.entry(request.key).or_default().insert(at);
            }
        }
    }
}

/// Where keys go, by the algorithm itself; nothing of the component is used.
fn owner(scheme: Scheme, names: &[&str], key: u32) -> usize {
    let node = |name: &&str| Node { name: (*name).into(), weight: 1 };
    let nodes: Vec<_> = names.iter().map(node).collect();
    let placed = scheme.build(&nodes, &Settings::default()).expect("it is built");
    placed.find(format!("product:{key}").as_bytes(), &[]).expect("it is placed")
}

#[test]
fn every_call_goes_where_the_scheme_says() {
    for scheme in Scheme::ALL.iter().copied().filter(|it| it.is_by_hash()) {
        let mut design = design();
        set(&mut design, json!({ "scheme": scheme.id() }));
        let mut world = common::start(&design, 7);
        let slots = slots(&world, "cluster");
        let mut arrived = Arrived { slots, ..Arrived::default() };
        world.run(Nanos::seconds(4), u64::MAX, &mut arrived);
        assert!(arrived.calls.len() > 1_000, "{}: {} keys", scheme.id(), arrived.calls.len());
        let node = |name: &str| Node { name: name.into(), weight: 1 };
        let nodes = ["A", "B", "C"].map(node);
        let placed = scheme.build(&nodes, &Settings::default()).expect("it is built");
        let (mut elsewhere, mut calls) = (0, 0);
        for (key, nodes) in &arrived.calls {
            let own = placed.find(format!("product:{key}").as_bytes(), &[]).expect("a place");
            calls += nodes.len();
            elsewhere += nodes.iter().filter(|it| **it != own).count();
        }
        // Bounded loads send some calls on, by what is out at the moment.
        match scheme {
            Scheme::Bounded => assert!(elsewhere > 0 && elsewhere < calls / 2, "{elsewhere}"),
            _ => assert_eq!(elsewhere, 0, "{}", scheme.id()),
        }
    }
}

/// What cannot be said by bounds; all else compiles: every scheme with every hash function.
#[test]
fn settings_that_cannot_be_are_refused_with_a_reason() {
    let design = design();
    let refused = |field: &str, value: Value, on: Value| {
        let mut design = design.clone();
        set(&mut design, on);
        let edit = Edit::SetComponent { id: "cluster".into(), field: field.into(), value };
        let none = BTreeSet::new();
        edit.diff(&design, &none).expect_err("it is refused").to_string()
    };
    assert_eq!(
        refused("weights", json!("0, 0, 0"), json!({})),
        "nodes: there must be at least one"
    );
    assert_eq!(
        refused("weights", json!("1000"), json!({ "scheme": "ring", "vnodes": 1000 })),
        "vnodes: 1002000 points in all, by weight; at most 200000"
    );
    let range = refused("scheme", json!("range"), json!({}));
    assert!(range.contains("one of modulo, ring, ketama, rendezvous, jump"), "{range}");
    assert_eq!(ByHash(Scheme::Ring), CacheClusterParams::default().scheme);
    for scheme in Scheme::BY_HASH {
        for hash in Hash::ALL {
            let mut design = design.clone();
            set(&mut design, json!({ "scheme": scheme, "hash": hash.id(), "slack": "0%" }));
            common::start(&design, 1);
        }
    }
}

/// What the command line says of the keys that the inside shows.
fn place(scheme: &str, before: &str, after: &str, vnodes: u32, keys: &[u32]) -> (u64, u64) {
    let vnodes = vnodes.to_string();
    let arguments = ["place", "--scheme", scheme, "--nodes", after, "--moved-from", before];
    let mut process = Command::new(env!("CARGO_BIN_EXE_ringside"))
        .args(arguments)
        .args(["--vnodes", &vnodes, "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the command starts");
    let mut input = process.stdin.take().expect("a pipe");
    for key in keys {
        writeln!(input, "product:{key}").expect("it is read");
    }
    drop(input);
    let output = process.wait_with_output().expect("the command ends");
    let moved: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let count = |name: &str| moved[name].as_u64().expect("a count");
    (count("moved"), count("between_survivors"))
}

fn shown_keys() -> Vec<u32> {
    (0..96).map(|it| it * 50).collect()
}

/// All 96 keys and what every scheme is would be too much to read in a snapshot.
const QUIET: &[&str] = &["key/", "scheme/", "view/"];

fn open(settings: Value) -> Looking {
    let mut design = design();
    set(&mut design, settings);
    Looking::open(design, 7, Nanos::seconds(25), ("cluster", "Product cache"))
}

/// Reads that reached the database in the last whole second.
fn database(run: &Run) -> u32 {
    let wire = run.shown().world.blueprint().wire("shop-database").expect("a wire");
    run.recorder.arrived_at(wire, run.shown().world.now())
}

#[test]
fn what_a_joining_node_moves_is_what_the_command_line_says() {
    let keys = shown_keys();
    for (scheme, vnodes) in [("modulo", 200), ("ring", 200), ("ring", 8), ("rendezvous", 200)] {
        let mut it = open(json!({ "scheme": scheme, "vnodes": vnodes }));
        let (moved, between) = place(scheme, "A,B,C", "A,B,C,D", vnodes, &keys);
        // First tried out: nothing has happened, and the picture says what would.
        it.look.trial = it.mark("node/D").action;
        assert_eq!(it.words("moved"), moved.to_string(), "{scheme}, tried");
        assert!(it.words("moved#what").contains("would move"), "{scheme}");
        it.look.trial = None;
        it.click("node/D");
        it.on(10);
        assert_eq!(it.words("moved"), moved.to_string(), "{scheme}");
        let said = format!("Between nodes that stay: {between} of {moved}.");
        assert_eq!(it.words("moves/between/0"), said, "{scheme}");
        let listed = it.scene(300.0).marks.iter().filter(|it| it.id.ends_with("#before")).count();
        assert_eq!(listed as u64, moved, "{scheme}: as many keys are lit");
    }
}

/// The journey of the class: modulo, and the same with a ring.
#[test]
fn a_node_joins() {
    let mut by_modulo = open(json!({}));
    let steady = (by_modulo.figure("hit-ratio"), database(&by_modulo.run));
    assert!(steady.0 > 90.0, "{steady:?}");
    by_modulo.act("note key 1700");
    by_modulo.act("note guess 24");
    by_modulo.check(
        "before",
        QUIET,
        expect![[r#"
            Inside Product cache
            3 nodes by Modulo; product:1700 belongs to B. 94.2 % of reads hit in the last second.
            Hit ratio, last 1 s: 94.2 %  Entries: 4 481  Nodes asked: 3
            D: not on the ring; drag it there to add it
            C: pick it, drag it off the ring, or into its middle to kill it  A: pick it, drag it off the ring, or into its middle to kill it
            product:1700, picked  0  Hashes grow clockwise
            Key: drag around to pick one  96
            keys shown
            on 3 nodes
            B: pick it, drag it off the ring, or into its middle to kill it
            Key product:1700  to B
            xxHash64 15231030284556196024, modulo 3 is
            1: B.
            B holds it: the next read hits.
            Add D: how many of 96 keys move?  24
            Add D: how many of 96 keys move?: 24
            Add D to the cluster, now
            Compare all: schemes side by side on the same keys
            Hit ratio, second by second  last 60 s
            100 %
            50 %  94.2 % of reads hit in the latest second
            0 %
            −60 s  −40 s  −20 s  now
            Requests per node, last 3 s  max/mean 1.04
            A: 34.8 % of requests, 33.8 % of the keys; 93.3 % of its reads hit
            B: 32.6 % of requests, 32.7 % of the keys; 94.6 % of its reads hit
            C: 32.7 % of requests, 33.4 % of the keys; 92.4 % of its reads hit
            mean
            Dashed: its share of the keys: A 33.8 %, B 32.7
            %, C 33.4 %.
        "#]],
    );
    let mut by_ring = open(json!({ "scheme": "ring" }));
    for it in [&mut by_modulo, &mut by_ring] {
        it.click("node/D");
        it.on(2_500);
    }
    let (modulo, ring) = (database(&by_modulo.run), database(&by_ring.run));
    assert!(modulo > 4 * steady.1, "the database is asked {modulo} a second, before {steady:?}");
    assert!(ring > steady.1 && ring * 2 < modulo, "{ring}, by modulo {modulo}");
    assert!(
        by_modulo.figure("hit-ratio") < by_ring.figure("hit-ratio")
            && by_ring.figure("hit-ratio") < steady.0
    );
    by_modulo.check("modulo", QUIET, expect![[r#"
        Inside Product cache
        4 nodes by Modulo; product:1700 belongs to A. D joins: 72 of 96 keys moved, 54 of them between nodes that stay. 39.7 % of reads hit in the last second.
        Hit ratio, last 1 s: 39.7 %  Entries: 5 579  Nodes asked: 4
        E: not on the ring; drag it there to add it
        D: pick it, drag it off the ring, or into its middle to kill it  A: pick it, drag it off the ring, or into its middle to kill it
        product:1700, picked  0  Hashes grow clockwise
        Key: drag around to pick one  72
        of 96 keys
        moved
        C: pick it, drag it off the ring, or into its middle to kill it  B: pick it, drag it off the ring, or into its middle to kill it
        Key product:1700  to A
        xxHash64 15231030284556196024, modulo 4 is
        0: A.
        A does not hold it: the next read misses.
        D joins: keys that moved  72 of 96
        Modulo: 72 of 96 keys moved
        Ring, 200 points: 27 of 96 keys moved
        Rendezvous: 21 of 96 keys moved
        Jump: 15 of 96 keys moved
        even share 24
        Between nodes that stay: 54 of 72.
        Who owns a key changes, and nothing is copied:
        it misses once.
        Your guess, dashed: 24 of 96.
        Compare all: schemes side by side on the same keys
        Hit ratio, second by second  0 s: D joins
        100 %
        39.7 % of reads hit in the latest second
        50 %
        0 %
        0 s  20 s  40 s
        90.8 % of reads hit in the 10 s before, 30.5 % in
        the worst second since.
        Requests per node, last 3 s  max/mean 1.15
        A: 25.4 % of requests, 24.8 % of the keys; 64.2 % of its reads hit
        B: 25.6 % of requests, 25.1 % of the keys; 66.1 % of its reads hit
        C: 28.6 % of requests, 26.1 % of the keys; 60.6 % of its reads hit
        D: 20.4 % of requests, 24.0 % of the keys; 11.8 % of its reads hit
        mean
        Dashed: its share of the keys: A 24.8 %, B 25.1
        %, C 26.1 %, D 24.0 %.
    "#]]);
    by_ring.check("ring", QUIET, expect![[r#"
        Inside Product cache
        4 nodes by Hash ring; product:0 belongs to C. D joins: 27 of 96 keys moved, 0 of them between nodes that stay. 75.0 % of reads hit in the last second.
        Hit ratio, last 1 s: 75.0 %  Entries: 4 856  Nodes asked: 4
        E: not on the ring; drag it there to add it
        D: pick it, drag it off the ring, or into its middle to kill it  A: pick it, drag it off the ring, or into its middle to kill it
        Weight of D: 1; drag it clockwise for more, back for less  Weight of A: 1; drag it clockwise for more, back for less
        0  Hashes grow clockwise
        Lit: 26.2 % of the ring, now D's  A: 24.2 % of the ring  B: 25.5 % of the ring  C: 24.2 % of the ring  D: 26.2 % of the ring  Key: drag around to pick one  27
        of 96 keys
        moved
        Weight of C: 1; drag it clockwise for more, back for less  product:0, picked  Weight of B: 1; drag it clockwise for more, back for less
        C: pick it, drag it off the ring, or into its middle to kill it  B: pick it, drag it off the ring, or into its middle to kill it
        The next point clockwise is C's
        Key product:0  to C
        xxHash64 9664140091863494558: 52.4 % of the
        way round. The next point clockwise, at 52.6 %,
        is C's.
        C holds it: the next read hits.
        D joins: keys that moved  27 of 96
        Modulo: 72 of 96 keys moved
        Ring, 200 points: 27 of 96 keys moved
        Rendezvous: 21 of 96 keys moved
        Jump: 15 of 96 keys moved
        even share 24
        Between nodes that stay: 0 of 27.
        Who owns a key changes, and nothing is copied:
        it misses once.
        Compare all: schemes side by side on the same keys
        Hit ratio, second by second  0 s: D joins
        100 %
        75.0 % of reads hit in the latest second
        50 %
        0 %
        0 s  20 s  40 s
        90.8 % of reads hit in the 10 s before, 72.9 % in
        the worst second since.
        Requests per node, last 3 s  max/mean 1.08
        A: 23.7 % of requests, 24.2 % of the ring; 93.9 % of its reads hit
        B: 27.1 % of requests, 25.5 % of the ring; 93.2 % of its reads hit
        C: 23.6 % of requests, 24.2 % of the ring; 95.6 % of its reads hit
        D: 25.7 % of requests, 26.2 % of the ring; 15.9 % of its reads hit
        mean
        Dashed: its share of the ring: A 24.2 %, B 25.5 %,
        C 24.2 %, D 26.2 %.
        Points on the ring (virtual nodes)  200 a node
        Points on the ring (virtual nodes): 200 a node
        8 points a node, now: how uneven is it then?  4 points a node, now: how uneven is it then?
        Share of the ring: max/mean 1.05.
        D is furthest above its even share: by 4.75 %;
        6.12 % off is usual. Requests, last 3 s: max/mean
        1.08.
        800 points, too many to draw.
    "#]]);
}

/// A line of the chart of hit ratios: how far each point is right of the change, and above the axis.
fn line(it: &Looking, id: &str) -> Vec<(i32, i32)> {
    let Shape::Line { from, to, .. } = it.mark("dip/moment").shape else { panic!("a line") };
    let Shape::Path { points, .. } = it.mark(id).shape else { panic!("a path") };
    let bottom = from.y.max(to.y);
    // Hundredths of a pixel.
    let near = |it: f32| (it * 100.0).round() as i32;
    points.iter().map(|it| (near(it.x - from.x), near(bottom - it.y))).collect()
}

/// Hits of the reads in percent, second by second, from the counters of the run.
fn by_second(run: &Run, since: Nanos, until: Nanos) -> Vec<f64> {
    let cluster = run.shown().world.blueprint().component("cluster").expect("it is there");
    let windows = run.recorder.components[cluster as usize].windows[1].iter();
    let within = windows.filter(|it| it.end > since && it.end <= until);
    let ratio = |it: &[u32]| f64::from(it[0]) / f64::from(it[0] + it[1]) * 100.0;
    within.map(|it| ratio(&it.counters)).collect()
}

/// The dip after D joins is seen second by second, and over it that of modulo in the future that was left by
/// rewinding: the same line, from the moment of the join on.
#[test]
fn the_dip_is_drawn_over_the_one_that_was_left_behind() {
    let worst = |of: &[f64]| of.iter().copied().fold(f64::MAX, f64::min);
    let says = |it: &Looking, id: &str, number: f64| {
        let lines = it.scene(300.0).marks;
        let lines = lines.iter().filter(|it| it.id.starts_with(id)).map(|it| it.words().to_owned());
        let words = lines.collect::<Vec<_>>().join(" ");
        let told = ringside::base::text::percent(number / 100.0);
        assert!(words.contains(&told), "{words:?} says {told}");
    };
    let mut it = open(json!({}));
    let began = it.run.head.world.now();
    it.on(1_000);
    let joined = it.run.head.world.now();
    it.click("node/D");
    it.on(8_000);
    let seconds = by_second(&it.run, joined, it.run.head.world.now());
    assert_eq!(seconds.len(), 8);
    assert_eq!(it.words("dip/caption-end"), "0 s: D joins");
    says(&it, "dip/worst", worst(&seconds));
    // The figure is that of the last second.
    assert!((it.figure("hit-ratio") - seconds[7]).abs() < 0.06, "{seconds:?}");
    let by_modulo = (line(&it, "dip/line-0"), worst(&seconds));
    let has = |it: &Looking, id: &str| it.scene(300.0).marks.iter().any(|it| it.id == id);
    assert!(!has(&it, "dip/ghost-0"), "nothing was left behind yet");

    it.run.seek(began);
    it.act(&Act::Set("scheme".into(), "\"ring\"".into()).to_string());
    it.on(15_000);
    assert!(!has(&it, "dip/ghost-0"), "another change is not compared with it");
    let joined = it.run.head.world.now();
    it.click("node/D");
    it.on(8_000);
    let seconds = by_second(&it.run, joined, it.run.head.world.now());
    assert_eq!(line(&it, "dip/ghost-0"), by_modulo.0, "modulo's line, moment on moment");
    says(&it, "dip/worst", worst(&seconds));
    says(&it, "dip/left", by_modulo.1);
    assert!(worst(&seconds) > by_modulo.1 + 20.0, "a small dip: {seconds:?}, {}", by_modulo.1);
    it.check(
        "dip",
        &["key/", "scheme/", "view/", "requests", "arcs/", "moves", "node/", "weigh/"],
        expect![[r#"
            Inside Product cache
            4 nodes by Hash ring; product:0 belongs to C. D joins: 27 of 96 keys moved, 0 of them between nodes that stay. 86.2 % of reads hit in the last second.
            Hit ratio, last 1 s: 86.2 %  Entries: 8 280  Nodes asked: 4
            0  Hashes grow clockwise
            Key: drag around to pick one  27
            of 96 keys
            moved
            product:0, picked
            The next point clockwise is C's
            Key product:0  to C
            xxHash64 9664140091863494558: 52.4 % of the
            way round. The next point clockwise, at 52.6 %,
            is C's.
            C holds it: the next read hits.
            Compare all: schemes side by side on the same keys
            Hit ratio, second by second  0 s: D joins
            100 %
            86.2 % of reads hit in the latest second
            The future you left, by Modulo: D joins
            50 %
            0 %
            0 s  20 s  40 s
            79.5 % of reads hit in the 10 s before, 69.1 % in
            the worst second since.
            Dashed: the same by Modulo, in the future you
            left: 91.4 %, then 30.4 %.
            Points on the ring (virtual nodes)  200 a node
            Points on the ring (virtual nodes): 200 a node
            8 points a node, now: how uneven is it then?  4 points a node, now: how uneven is it then?
            Share of the ring: max/mean 1.05.
            D is furthest above its even share: by 4.75 %;
            6.12 % off is usual. Requests, last 3 s: max/mean
            1.24.
            800 points, too many to draw.
        "#]],
    );
}

/// The knob of a node weighs it: held, it says what would move; let go, that is one edit; and what moves is
/// what the command line says.
#[test]
fn a_node_is_weighed_by_dragging_its_knob() {
    let mut it = open(json!({ "scheme": "ring" }));
    let slide = it.mark("weigh/B").slide.expect("it is dragged");
    let labels: Vec<_> = slide.spots.iter().map(|it| it.label.as_str()).collect();
    assert_eq!(labels, ["weight 1", "weight 2", "weight 3", "weight 4", "weight 8"]);
    assert_eq!(slide.at, Some(0));
    // A pointer is at the spot whose middle is nearest: no two are one, and each is within the picture.
    let middle = |at: usize| slide.spots[at].area.middle();
    let apart = |one: Point, other: Point| (one.x - other.x).hypot(one.y - other.y);
    (1..5).for_each(|at| assert!(apart(middle(at - 1), middle(at)) > 20.0));
    let action = slide.spots[2].action.clone();
    it.look.trial = Some(action.clone());
    let tried = it.words("moved");
    assert!(it.words("moved#what").contains("would move"));
    let Shape::Glyph { at, .. } = it.mark("weigh/B").shape else { panic!("a knob") };
    assert!(apart(at, middle(2)) < 0.1, "it is where the pointer has it");
    it.look.trial = None;
    let before = it.run.inputs.len();
    it.act(&action);
    assert_eq!(it.run.inputs.len(), before + 1, "one edit");
    assert_eq!(params(&it.run.shown().design).weights.of(1), 3);
    it.on(10);
    assert_eq!(it.words("moved"), tried);
    let all = ["place", "--scheme", "ring", "--vnodes", "200", "--nodes", "A,B,C"];
    let keys: String = shown_keys().iter().map(|it| format!("product:{it}\n")).collect();
    let owners = |more: &[&str]| {
        let told = common::command::text(&[&all[..], more].concat(), keys.as_bytes());
        told.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let (even, weighed) = (owners(&[]), owners(&["--weights", "1,3,1"]));
    let moved = even.iter().zip(&weighed).filter(|it| it.0 != it.1).count();
    assert_eq!(tried, moved.to_string());
    // Modulo knows of no weights.
    assert!(!open(json!({})).scene(300.0).marks.iter().any(|it| it.id.starts_with("weigh/")));
}

/// A dead node: until its callers know, its keys are asked for in vain; then they go to the others,
/// and nobody else's do.
#[test]
fn a_dead_nodes_keys_go_to_the_others_and_no_others_move() {
    let mut design = design();
    set(&mut design, json!({ "scheme": "ring" }));
    let mut live = Live::new(&design, 7);
    live.run_to(Nanos::seconds(5));
    live.fault(Fault::Crash(target("cluster/1")));
    // Two checks, half a second apart, and the time of a check.
    live.run_for(Nanos::millis(1_300));
    let slots = slots(&live.world, "cluster");
    let mut arrived = Arrived { slots, seen: live.world.ordinal(), ..Arrived::default() };
    let until = live.world.now() + Nanos::seconds(4);
    live.world.run(until, u64::MAX, &mut arrived);
    let mut spread = BTreeSet::new();
    assert!(arrived.calls.len() > 1_000);
    for (key, nodes) in &arrived.calls {
        let before = owner(Scheme::Ring, &["A", "B", "C"], *key);
        let nodes: Vec<_> = nodes.iter().copied().collect();
        if before == 1 {
            assert!(nodes == [0] || nodes == [2], "{key}: {nodes:?}");
            spread.extend(nodes);
        } else {
            assert_eq!(nodes, [before], "{key} stays");
        }
    }
    assert_eq!(spread.len(), 2, "they are spread over both that are left");

    let mut it = open(json!({ "scheme": "ring" }));
    // Dragged into the middle of the ring: what would move is what moves.
    it.look.trial = Some("crash 1".into());
    let tried = it.words("moved");
    it.look.trial = None;
    let asks = it.mark("node/B").slide.expect("it can be dragged").spots;
    assert!(asks.iter().any(|it| it.action == "crash 1"), "{asks:?}");
    it.act("note node B");
    it.click("node-act/fault");
    it.on(1_500);
    assert_eq!(it.words("moved"), tried, "what was tried is what came");
    let keys = shown_keys();
    let (moved, between) = place("ring", "A,B,C", "A,C", 200, &keys);
    assert_eq!((it.words("moved"), between), (moved.to_string(), 0));
    it.check("killed", QUIET, expect![[r#"
        Inside Product cache
        2 nodes by Hash ring; product:0 belongs to C. B is down: 32 of 96 keys moved, 0 of them between nodes that stay. 75.4 % of reads hit in the last second.
        Hit ratio, last 1 s: 75.4 %  Entries: 3 164  Nodes asked: 2
        D: not on the ring; drag it there to add it
        C: pick it, drag it off the ring, or into its middle to kill it  A: pick it, drag it off the ring, or into its middle to kill it
        Weight of C: 1; drag it clockwise for more, back for less  Weight of A: 1; drag it clockwise for more, back for less
        0  Hashes grow clockwise
        Lit: 18.0 % of the ring, now A's  Lit: 16.8 % of the ring, now C's  A: 50.2 % of the ring  C: 49.8 % of the ring  Key: drag around to pick one  32
        of 96 keys
        moved
        product:0, picked
        Weight of B: 1; drag it clockwise for more, back for less
        The next point clockwise is C's
        B: down
        Key product:0  to C
        xxHash64 9664140091863494558: 52.4 % of the
        way round. The next point clockwise, at 52.6 %,
        is C's.
        C holds it: the next read hits.
        B is down: keys that moved  32 of 96
        Modulo: 72 of 96 keys moved
        Ring, 200 points: 32 of 96 keys moved
        Rendezvous: 25 of 96 keys moved
        Jump: 51 of 96 keys moved
        even share 32
        Between nodes that stay: 0 of 32.
        Who owns a key changes, and nothing is copied:
        it misses once.
        Compare all: schemes side by side on the same keys
        Hit ratio, second by second  last 60 s
        100 %
        50 %  75.4 % of reads hit in the latest second
        0 %
        −60 s  −40 s  −20 s  now
        Requests per node, last 3 s  max/mean 1.03
        A: 39.1 % of requests, 50.2 % of the ring; 84.9 % of its reads hit
        B: 23.8 % of requests, 0 % of the ring; 93.3 % of its reads hit
        C: 37.1 % of requests, 49.8 % of the ring; 88.0 % of its reads hit
        mean
        Dashed: its share of the ring: A 50.2 %, B 0 %, C
        49.8 %.
        Bring B back  Take B out
        Weight of B  1
        Weight of B: 1
        Points on the ring (virtual nodes)  200 a node
        Points on the ring (virtual nodes): 200 a node
        8 points a node, now: how uneven is it then?  4 points a node, now: how uneven is it then?
        Share of the ring: max/mean 1.00.
        A is furthest above its even share: by 0.477 %;
        4.99 % off is usual. Requests, last 3 s: max/mean
        1.03.
        400 points, too many to draw.
    "#]]);
    it.click("node-act/fault");
    it.on(2_000);
    let left = it.scene(300.0).marks.iter().any(|it| it.id.ends_with("#before"));
    assert!(!left, "it is back, and so are its keys");
}

/// Entries stay where they are: a key that moves misses once, and finds its old entry again when it
/// moves back.
#[test]
fn entries_stay_where_they_are() {
    let mut live = Live::new(&design(), 7);
    live.run_to(Nanos::seconds(10));
    let held = |live: &Live| -> Vec<usize> {
        let states = common::states(&live.world, "cluster");
        let entries = |it: &&State| match it {
            State::CacheCluster(it) => it.entries.len(),
            other => panic!("{other:?}"),
        };
        states.iter().map(entries).collect()
    };
    let before = held(&live);
    live.edit(|it| set(it, json!({ "nodes": 4, "scheme": "ring" })));
    assert_eq!(held(&live), [before.as_slice(), &[0]].concat(), "as they were, and an empty one");
    live.run_for(Nanos::seconds(2));
    live.edit(|it| set(it, json!({ "weights": "1, 0" })));
    live.run_for(Nanos::seconds(2));
    let out = held(&live);
    live.run_for(Nanos::seconds(2));
    // Nobody asks a node of weight 0, so that nothing of it changes.
    assert_eq!(held(&live)[1], out[1]);
    live.check_replay();
}

/// Weights: a node of twice the weight has about twice the ring.
#[test]
fn weights_and_virtual_nodes_are_seen() {
    let mut it = open(json!({ "scheme": "ring", "weights": "2, 1, 1" }));
    let label = it.mark("arcs/A").label.expect("a label");
    let share: f64 =
        label.split([' ', '\u{a0}']).nth(1).and_then(|it| it.parse().ok()).expect("a share");
    assert!((40.0..60.0).contains(&share), "{label}");
    it.act(&Act::Set("vnodes".into(), "1".into()).to_string());
    it.on(4_000);
    let uneven = it.words("vnodes/shares/0");
    it.act(&Act::Set("vnodes".into(), "200".into()).to_string());
    it.on(4_000);
    let even = it.words("vnodes/shares/0");
    let figure = |it: &str| -> f64 {
        it.trim_end_matches('.')
            .rsplit(' ')
            .next()
            .and_then(|it| it.parse().ok())
            .expect("a figure")
    };
    assert!(figure(&uneven) > 1.4 && figure(&even) < 1.2, "{uneven} {even}");
    assert_eq!(params(&it.run.shown().design).vnodes, 200);
}

/// Peers that know only their fingers find the same owners: whoever begins, and however many there are.
#[test]
fn chord_finds_the_owner_of_the_ring() {
    for (vnodes, few, many) in [(1, 0.0, 2.0), (8, 1.4, 3.2), (200, 3.9, 5.4)] {
        let mut it = open(json!({ "scheme": "ring", "vnodes": vnodes }));
        it.act("note view chord");
        let names = ["A", "B", "C"];
        let nodes = names.map(|name| Node { name: name.into(), weight: 1 });
        let settings = Settings { vnodes, ..Settings::default() };
        let placed = Scheme::Ring.build(&nodes, &settings).expect("a ring");
        let mut total = 0.0;
        for key in shown_keys().into_iter().step_by(8) {
            it.act(&format!("note key {key}"));
            let owner = placed.find(format!("product:{key}").as_bytes(), &[]).expect("placed");
            let said = it.scene(300.0).description;
            let last = said.split(" → ").last().expect("an owner").trim_end_matches('.');
            // One node: it finds its own keys by itself.
            let last = last.rsplit(' ').next().expect("a name").to_owned();
            assert_eq!(last.split('·').next(), Some(names[owner]), "product:{key}: {said}");
            let hops = it.words("lookup/caption-end");
            total += hops.split(' ').next().and_then(|it| it.parse::<f64>().ok()).expect("hops");
        }
        // Half of log2 N is 0.8, 2.3 and 4.6.
        let mean = it.words("hops/caption-end");
        let mean: f64 = mean.trim_start_matches("mean ").parse().expect("a mean");
        assert!(few <= mean && mean <= many, "{vnodes}: mean {mean}");
        assert!(few <= total / 12.0 + 0.7 && total / 12.0 - 0.7 <= many, "{vnodes}: {total}");
    }
}

/// What is drawn of it, and what can be picked.
#[test]
fn the_fingers_and_the_way() {
    let mut it = open(json!({ "scheme": "ring", "vnodes": 4 }));
    it.act("note view chord");
    it.act("note key 1700");
    it.click("node/B");
    it.check("chord", &["key/", "scheme/", "point/", "requests"], expect![[r#"
        Inside Product cache
        Chord, 12 nodes: B·1 finds product:1700 by B·1 → A·3 → B·4.
        Hit ratio, last 1 s: 94.2 %  Entries: 4 481  Nodes asked: 3
        Every caller knows all nodes  Chord: each node knows a few others, and asks on
        B: look from B·1  C: look from C·1
        2: A·3 to B·4
        product:1700, picked
        Finger 64 of B·1: A·3  1: B·1 to A·3
        A: look from A·1  A: 24.6 % of the ring  B: 24.2 % of the ring  C: 51.2 % of the ring  Start: drag around the rim  Key: drag around to pick one
        B·1 wants to know
        Finger 59 of B·1: B·2
        Finger 63 of B·1: A·1  Finger 62 of B·1: C·2
        B·1 looks for product:1700  1 hop
        1. B·1 → A·3: 0.788 % of the circle to go
        A·3 knows: the node after it, B·4, owns the key.
        Between different machines: 1 of 1.
        Fingers of B·1  4 of 12 nodes
        Finger 64: 1/2 of the circle on, the first node is A·3  Finger 63: 1/4 of the circle on, the first node is A·1
        Fingers 60 to 62: up to 1/8 of the circle on, the first node is C·2  Fingers 1 to 59: up to 1/64 of the circle on, the first node is B·2
        Hops of 96 lookups, from all round  mean 1.6
        12 of 96 lookups: 0 hops
        24 of 96 lookups: 1 hop
        50 of 96 lookups: 2 hops
        10 of 96 lookups: 3 hops
        Half of log₂ 12 is 1.8: twice as many nodes, half
        a hop more. The last step, to the owner itself, is
        not counted.
        Points on the ring (virtual nodes)  4 a node
        Points on the ring (virtual nodes): 4 a node
        Share of the ring: max/mean 1.54.
        C is furthest above its even share: by 53.7 %;
        39.2 % off is usual. Requests, last 3 s: max/mean
        1.54.
    "#]]);
    let hops = it.scene(300.0).marks.iter().filter(|it| it.id.starts_with("hop/")).count();
    assert!(hops > 0, "the way is drawn");
    let mut it = open(json!({ "scheme": "modulo" }));
    it.act("note view chord");
    assert_eq!(it.words("chord/none/0"), "Chord looks for keys on a hash ring. By Modulo");
    it.click("chord/ring");
    it.on(10);
    assert!(it.scene(300.0).description.starts_with("Chord, 600 nodes"));
}

/// Where each stretch lies, of those marks that are lit; and of all that have an owner.
fn spans(it: &Looking, lit: bool) -> BTreeMap<String, Vec<(f32, f32)>> {
    let marks = it.scene(300.0).marks.into_iter();
    let of = |it: ringside::scene::Mark| {
        let name = it.id.strip_prefix("arcs/")?;
        let name = if lit { name.strip_suffix("#lit")? } else { name };
        match it.shape {
            Shape::Arcs { spans, .. } if !name.contains('#') => Some((name.to_owned(), spans)),
            _ => None,
        }
    };
    marks.filter_map(of).collect()
}

fn owner_at(of: &BTreeMap<String, Vec<(f32, f32)>>, turn: f32) -> Option<&str> {
    let has = |spans: &Vec<(f32, f32)>| spans.iter().any(|it| it.0 < turn && turn < it.1);
    of.iter().find(|it| has(it.1)).map(|it| it.0.as_str())
}

/// Whatever changes: just those stretches are lit that have another owner than before, for as long as it is
/// tried out and after it is done.
#[test]
fn stretches_that_change_hands_are_lit() {
    let out = Act::Set("weights".into(), "\"1, 0, 1\"".into()).to_string();
    let weigh = Act::Set("weights".into(), "\"1, 3, 1\"".into()).to_string();
    let join = Act::Set("nodes".into(), "4".into()).to_string();
    let fewer = Act::Set("vnodes".into(), "4".into()).to_string();
    for (vnodes, scheme) in [(8, "ring"), (200, "ring"), (200, "ketama"), (200, "redis-slots")] {
        for act in ["crash 1", &out, &weigh, &join, &fewer] {
            let of = format!("{scheme}, {vnodes}: {act}");
            let mut it = open(json!({ "scheme": scheme, "vnodes": vnodes }));
            let before = spans(&it, false);
            assert_eq!(spans(&it, true), BTreeMap::new(), "{of}: nothing changed yet");
            it.look.trial = Some(act.to_owned());
            let tried = spans(&it, true);
            let after = spans(&it, false);
            let differs = |turn: f32| owner_at(&before, turn) != owner_at(&after, turn);
            let mut lit = 0;
            for at in 0..2_000 {
                let turn = (at as f32 + 0.5) / 2_000.0 + 0.000_01;
                let now = owner_at(&tried, turn);
                assert_eq!(now.is_some(), differs(turn), "{of}: at {turn}");
                assert!(now.is_none() || now == owner_at(&after, turn), "{of}: at {turn}");
                lit += usize::from(now.is_some());
            }
            let moves = it.words("moved") != "0" && it.words("moved#what").contains("would");
            assert!(!moves || lit > 100, "{of}: {lit}");
            well_drawn("lit", &[300.0, 520.0, 900.0], |width| it.scene(width));
            it.look.trial = None;
            it.act(act);
            it.on(1_500);
            assert_eq!(spans(&it, true), tried, "{of}: as it was tried");
        }
    }
    // Where no circle says who owns a key, there is none to light; nor where keys lie elsewhere on it.
    let mut it = open(json!({}));
    it.look.trial = Some("crash 1".into());
    assert_eq!(spans(&it, true), BTreeMap::new());
    let mut it = open(json!({ "scheme": "ring" }));
    it.look.trial = Some(Act::Set("scheme".into(), "\"ketama\"".into()).to_string());
    assert_eq!(spans(&it, true), BTreeMap::new());
}

/// Each long stretch is told by its owner's letter, not by a shade; nothing lies on it.
#[test]
fn long_stretches_have_their_owners_letter() {
    for (vnodes, nodes, least) in [(1, 3, 2), (1, 5, 3), (4, 3, 4), (8, 5, 4), (200, 3, 0)] {
        let it = open(json!({ "scheme": "ring", "vnodes": vnodes, "nodes": nodes }));
        well_drawn("letters", &[300.0, 520.0, 900.0], |width| it.scene(width));
        let (marks, owned) = (it.scene(300.0).marks, spans(&it, false));
        let middle = marks.iter().find(|it| it.id == "pick").expect("a circle");
        let Shape::Arc { center, .. } = middle.shape else { panic!("a circle") };
        let letters: Vec<_> = marks.iter().filter(|it| it.id.starts_with("letter/")).collect();
        for letter in &letters {
            let at = letter.shape.bounds().middle();
            let turn = (at.x - center.x).atan2(center.y - at.y) / std::f32::consts::TAU;
            assert_eq!(owner_at(&owned, turn.rem_euclid(1.0)), Some(letter.words()), "{vnodes}");
        }
        assert!(letters.len() >= least, "{vnodes}, {nodes}: {}", letters.len());
        assert!(least > 0 || letters.is_empty(), "all are too short");
    }
}

#[test]
fn virtual_nodes_are_drawn_if_they_are_few() {
    let mut it = open(json!({ "scheme": "ring", "vnodes": 8 }));
    let names = ["A", "B", "C"].map(|name| Node { name: name.into(), weight: 1 });
    let settings = Settings { vnodes: 8, ..Settings::default() };
    let placed = Scheme::Ring.build(&names, &settings).expect("a ring");
    let (points, _) = placed.points().expect("points");
    let drawn = |it: &Looking| -> Vec<String> {
        let marks = it.scene(300.0).marks.into_iter();
        marks.filter(|it| it.id.starts_with("vnode/")).filter_map(|it| it.label).collect()
    };
    let share = |at: u64| ringside::base::text::percent(libm::ldexp(at as f64, -64));
    let expected: Vec<_> = points
        .iter()
        .map(|it| format!("{}: a virtual node at {}", names[it.node as usize].name, share(it.at)))
        .collect();
    assert_eq!(drawn(&it), expected);
    assert_eq!(it.words("vnodes/points/0"), "24 points: the lines across the ring.");
    it.act(&Act::Set("vnodes".into(), "200".into()).to_string());
    assert_eq!(drawn(&it), Vec::<String>::new());
    assert_eq!(it.words("vnodes/points/0"), "600 points, too many to draw.");
}

/// The second act: few points are uneven, and one is worse. By luck three nodes of 8 points are not, and the
/// inside says what is usual: by the beta distribution, the root of 2/25.
#[test]
fn few_points_are_uneven() {
    let mut it = open(json!({ "scheme": "ring" }));
    let most = |it: &Looking| {
        let words = it.words("vnodes/shares/0");
        let figure = words.trim_end_matches('.').rsplit(' ').next().expect("a figure");
        figure.parse::<f64>().expect("a figure")
    };
    let uneven = |it: &Looking| {
        let marks = it.scene(900.0).marks;
        let lines = marks.iter().filter(|it| it.id.starts_with("vnodes/uneven/"));
        lines.map(|it| it.words().replace('\u{a0}', " ")).collect::<Vec<_>>().join(" ")
    };
    let five = open(json!({ "scheme": "ring", "vnodes": 8, "nodes": 5 }));
    assert!(most(&five) > 1.3, "{}", most(&five));
    let many = most(&it);
    assert!(many < 1.2, "{many}");
    assert!(uneven(&it).contains("; 5.77 % off is usual."), "{}", uneven(&it));
    it.click("vnodes/8");
    assert_eq!(params(&it.run.shown().design).vnodes, 8);
    it.on(10);
    assert!(most(&it) > many);
    assert!(uneven(&it).contains("; 28.3 % off is usual."), "{}", uneven(&it));
    it.click("vnodes/4");
    it.on(4_000);
    let few = most(&it);
    assert!(few > 1.3, "{few}");
    let shares = [0, 1, 2].map(|at| {
        let label = it.mark(&format!("arcs/{}", ["A", "B", "C"][at])).label.expect("a label");
        let share = label.split([' ', '\u{a0}']).nth(1).and_then(|it| it.parse::<f64>().ok());
        share.expect("a share")
    });
    let largest = shares.iter().copied().fold(0.0, f64::max);
    assert!((largest * 3.0 / 100.0 - few).abs() < 0.01, "{shares:?}: {few}");
    let name = ["A", "B", "C"][shares.iter().position(|it| *it == largest).expect("it is there")];
    let words = uneven(&it);
    assert!(words.starts_with(&format!("{name} is furthest above its even share: by ")), "{words}");
    let requests = it.words("requests/caption-end").trim_start_matches("max/mean ").to_owned();
    assert!(words.ends_with(&format!("Requests, last 3 s: max/mean {requests}.")), "{words}");
    assert!(requests.parse::<f64>().expect("a figure") > 1.2, "{requests}");
    assert!(!it.scene(300.0).marks.iter().any(|it| it.id == "vnodes/4"), "there it is");
    it.act(&Act::Set("vnodes".into(), "1".into()).to_string());
    assert!(most(&it) > few, "{} {few}", most(&it));
}

/// Taken out by its chip or dragged off the ring: it says what would move, and that is what moves, with one
/// edit; the figures are those of the command line.
#[test]
fn a_node_is_taken_out() {
    for (name, left) in [("C", "A,B"), ("B", "A,C")] {
        for by_chip in [false, true] {
            let mut it = open(json!({ "scheme": "ring" }));
            it.act(&format!("note node {name}"));
            let action = if by_chip {
                it.mark("node-act/out").action.expect("it asks for that")
            } else {
                let spots = it.mark(&format!("node/{name}")).slide.expect("it is dragged").spots;
                let off: Vec<_> = spots.iter().filter(|it| it.label == "off the ring").collect();
                assert_eq!(off.len(), 4, "on all four sides");
                assert!(off.iter().all(|it| it.action == off[0].action));
                off[0].action.clone()
            };
            let (moved, between) = place("ring", "A,B,C", left, 200, &shown_keys());
            let before = it.run.inputs.len();
            it.look.trial = Some(action.clone());
            assert_eq!(it.words("moved"), moved.to_string(), "{name}, tried");
            assert!(it.words("moved#what").contains("would move"));
            assert_eq!(it.run.inputs.len(), before, "nothing has happened");
            it.look.trial = None;
            it.act(&action);
            assert_eq!(it.run.inputs.len(), before + 1, "one edit");
            it.on(10);
            assert_eq!(it.words("moved"), moved.to_string(), "{name}");
            assert_eq!(it.words("moves/caption"), format!("{name} leaves: keys that moved"));
            assert_eq!(
                it.words("moves/between/0"),
                format!("Between nodes that stay: {between} of {moved}.")
            );
            // Beside the even share: a third of the keys goes to those that are left.
            assert_eq!(it.words("moves-even/words"), "even share 32");
            for (scheme, id) in
                [("modulo", "modulo"), ("ring", "ring"), ("rendezvous", "rendezvous")]
            {
                let (moved, _) = place(scheme, "A,B,C", left, 200, &shown_keys());
                let part = (moved as f64 / 96.0 * 100.0).round();
                let figure = it.words(&format!("moves/{id}#figure"));
                assert_eq!(figure, format!("{moved:>2} · {part:>2} %"), "{scheme}");
            }
        }
    }
}

/// All schemes on the same keys: only when asked for, whatever is at work; with what the command line counts.
#[test]
fn schemes_side_by_side() {
    let keys = shown_keys();
    let rows = |it: &Looking| -> Vec<String> {
        let marks = it.scene(520.0).marks.into_iter();
        let ids = marks.filter(|it| it.id.starts_with("compare/") && it.id.ends_with("#figure"));
        ids.map(|it| format!("{} {}", it.id, it.words())).collect()
    };
    let mut it = open(json!({ "scheme": "rendezvous", "vnodes": 8 }));
    assert_eq!(rows(&it), Vec::<String>::new());
    it.click("compare");
    well_drawn("compare", &[300.0, 520.0, 900.0], |width| it.scene(width));
    assert_eq!(rows(&it).len(), 8);
    let input: String = keys.iter().map(|it| format!("product:{it}\n")).collect();
    for scheme in Scheme::ALL.iter().copied().filter(|it| it.is_by_hash()) {
        let arguments = ["place", "--scheme", scheme.id(), "--vnodes", "8", "--nodes", "A,B,C"];
        let told = common::command::text(&arguments, input.as_bytes());
        let mut counts = BTreeMap::<&str, usize>::new();
        let owner = |it: &'_ str| it.split_whitespace().last().expect("an owner").to_owned();
        let owners: Vec<String> = told.lines().map(owner).collect();
        owners.iter().for_each(|it| *counts.entry(it).or_default() += 1);
        let most = counts.values().copied().max().expect("somebody") as f64 / 32.0;
        let (moved, _) = place(scheme.id(), "A,B,C", "A,B,C,D", 8, &keys);
        let figure = it.words(&format!("compare/{}#figure", scheme.id()));
        assert_eq!(figure, format!("{most:.2} · {moved:>2}"), "{}", scheme.id());
    }
    it.click("compare");
    assert_eq!(rows(&it), Vec::<String>::new());
}
