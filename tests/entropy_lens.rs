//! Anti-entropy in the inside of a key–value store: the picture of two hash trees is held against what the
//! members hold, row by row, and what it says was repaired against what was missing.

use std::collections::BTreeSet;

use ringside::base::time::Nanos;
use ringside::base::unit::Rate;
use ringside::component::kv_store::{KvStoreParams, KvStoreState, WhenCut, homes};
use ringside::component::{Spec, State};
use ringside::document::file;
use ringside::engine::fault::{Fault, Ways};
use ringside::lens::{self, Look, Subject};
use ringside::scene::{Mark, Scene, Tone, check, svg};
use ringside::session::protocol::Input;
use ringside::session::run::Run;

const PARTS: u32 = 64;
const MEMBERS: u32 = 5;

/// The leaderless store; hints go nowhere, reads repair nothing: only comparing brings members together.
fn open(every: Nanos) -> (Run, KvStoreParams) {
    let text = include_str!("../static/designs/leaderless.json");
    let (mut file, _) = file::read(text).expect("it is a file");
    let mut params = KvStoreParams::default();
    if let Spec::KvStore(it) = &mut file.design.components.get_mut("store").expect("there").spec {
        (it.handoff, it.read_repair, it.sloppy) = (Nanos::ZERO, false, false);
        (it.when_cut, it.read_quorum, it.write_quorum) = (WhenCut::Quorums, 1, 1);
        (it.members, it.copies, it.anti_entropy) = (MEMBERS, 3, every);
        params = it.clone();
    }
    for it in file.design.components.values_mut() {
        if let Spec::Client(it) = &mut it.spec {
            (it.keys, it.rate) = (200, Rate(20.0));
        }
    }
    let run = Run::open(file.design, file.seed, file.warmup, Vec::new()).expect("it compiles");
    (run, params)
}

fn look(run: &Run, name: &str, pair: [u32; 2]) -> Scene {
    let shown = run.shown();
    let component = shown.world.blueprint().component("store").expect("a component");
    let called = |id: &str| {
        let component = shown.design.components.get(id).map(|it| it.label.clone());
        component.or_else(|| shown.design.zones.get(id).map(|it| it.label.clone())).expect("it")
    };
    let mut look = Look::default();
    look.note("trees", &format!("{}-{}", pair[0], pair[1]));
    let mut smallest = None;
    for width in [320.0, 520.0, 900.0] {
        let subject = Subject {
            world: &shown.world,
            recorder: &run.recorder,
            component,
            label: "Prices",
            name: &called,
            key_name: "price",
            width,
            earlier: &[],
            before: None,
            look: &look,
        };
        let scene = lens::draw(&subject).expect("it has a lens");
        if let Ok(folder) = std::env::var("LENSES") {
            std::fs::write(format!("{folder}/{name}-{width}.svg"), svg::svg(&scene)).expect("it");
        }
        assert_eq!(check::problems(&scene), Vec::<String>::new(), "{name} at {width}");
        smallest.get_or_insert(scene);
    }
    smallest.expect("a picture")
}

fn states(run: &Run) -> Vec<&KvStoreState> {
    let world = &run.shown().world;
    let store = world.blueprint().component("store").expect("there");
    let members = world.blueprint().components[store as usize].members.iter();
    let state = |slot: &u32| match &world.member(*slot).state {
        Some(State::KvStore(it)) => &**it,
        _ => panic!("a member of the store"),
    };
    members.map(state).collect()
}

/// Keys that both keep and of which they do not hold the same.
fn differing(run: &Run, params: &KvStoreParams, [one, other]: [u32; 2]) -> BTreeSet<u32> {
    let states = states(run);
    let held = |member: u32, key: u32| {
        let row = states[member as usize].rows.get(key.into());
        let mut held: Vec<_> =
            row.map_or(&[][..], |it| &it.copies).iter().map(|it| it.version).collect();
        held.sort_unstable();
        held
    };
    let end = states.iter().map(|it| it.rows.end()).max().expect("members") as u32;
    let both = 1 << one | 1 << other;
    let differ =
        |key: &u32| homes(params, *key) & both == both && held(one, *key) != held(other, *key);
    (0..end).filter(differ).collect()
}

/// Nodes that are drawn as differing: level and place; the same in both trees.
fn drawn(scene: &Scene, member: u32) -> BTreeSet<(u32, u32)> {
    let prefix = format!("tree/{member}/");
    let node = |it: &Mark| {
        let (level, place) = it.id.strip_prefix(&prefix)?.split_once('/')?;
        Some((level.parse().ok()?, place.parse().ok()?))
    };
    scene.marks.iter().filter(|it| it.tone == Tone::Fail).filter_map(node).collect()
}

fn words(scene: &Scene, id: &str) -> String {
    let of = scene.marks.iter().filter(|it| it.id.starts_with(id));
    let words: Vec<_> =
        of.filter(|it| it.label.is_none() || it.action.is_none()).map(|it| it.words()).collect();
    words.join(" ")
}

fn pairs() -> impl Iterator<Item = [u32; 2]> {
    (0..MEMBERS).flat_map(|one| (one + 1..MEMBERS).map(move |other| [one, other]))
}

/// A cut; each side writes; before it heals and after, the picture shows exactly the parts in which rows
/// differ, and above them the way to the root. Healed, all of it is compared away, and what is told to be
/// repaired had been missing.
#[test]
fn trees_are_as_the_rows_are() {
    let (mut run, params) = open(Nanos::seconds(2));
    let side =
        |it: &[u16]| it.iter().map(|it| format!("store/{it}").parse().expect("a target")).collect();
    let cut = Fault::Partition {
        name: "cut".into(),
        one: side(&[0, 1]),
        other: side(&[2, 3, 4]),
        ways: Ways::Both,
    };
    run.act(Input::Fault(cut)).expect("a fault");
    run.advance(Nanos::millis(7_900), u64::MAX);
    let check = |run: &Run, name: &str| {
        let mut all = 0;
        for pair in pairs() {
            let differ = differing(run, &params, pair);
            all += differ.len();
            // Parts are what is left of a key divided by how many there are; the way up halves.
            let mut expected = BTreeSet::new();
            for part in differ.iter().map(|it| it % PARTS) {
                expected.extend((0..=6).map(|level| (level, part >> (6 - level))));
            }
            let scene = look(run, &format!("{name}-{}-{}", pair[0], pair[1]), pair);
            for member in pair {
                assert_eq!(drawn(&scene, member), expected, "{name}, {pair:?}");
            }
            let leaves = expected.iter().filter(|it| it.0 == 6).count();
            let words = words(&scene, "trees");
            let said = if leaves == 0 {
                "hold the same".into()
            } else {
                format!("{leaves} of 64 parts differ")
            };
            assert!(words.contains(&said), "{words}");
        }
        all
    };
    let before = check(&run, "trees-cut");
    assert!(before > 10, "{before} rows differ");
    // Nobody writes any more; what differs now is what is repaired.
    let silent: Vec<_> = run
        .shown()
        .design
        .components
        .iter()
        .filter(|it| matches!(it.1.spec, Spec::Client(_)))
        .map(|it| it.0.clone())
        .collect();
    for id in silent {
        let target = id.parse().expect("a target");
        run.act(Input::Fault(Fault::Spike { target, factor: 0.0 })).expect("a fault");
    }
    run.advance(Nanos::millis(600), u64::MAX);
    let heal = Fault::Heal { name: "cut".into() };
    run.act(Input::Fault(heal)).expect("a fault");
    let mut repaired = 0;
    for step in 0..200 {
        let held: Vec<Vec<_>> = states(&run).iter().map(|it| it.compared.clone()).collect();
        let lacked: Vec<_> = pairs().map(|it| (it, differing(&run, &params, it))).collect();
        run.advance(Nanos::millis(20), u64::MAX);
        if step % 50 == 49 {
            check(&run, "trees-healed");
        }
        for (member, state) in states(&run).iter().enumerate() {
            for (other, it) in state.compared.iter().enumerate() {
                let was = held[member].get(other).filter(|was| was.at == it.at);
                let news = &it.repaired[was.map_or(0, |it| it.repaired.len())..];
                if news.is_empty() {
                    continue;
                }
                let mut pair = [member as u32, other as u32];
                pair.sort_unstable();
                // The other may have got it from a third a moment before.
                let of = |pair: &[u32; 2]| pair.contains(&(member as u32));
                let lacked: BTreeSet<u32> =
                    lacked.iter().filter(|it| of(&it.0)).flat_map(|it| it.1.clone()).collect();
                repaired += news.len();
                assert!(news.iter().all(|it| lacked.contains(it)), "{news:?} of {lacked:?}");
                let scene = look(&run, "trees-repaired", pair);
                let words = words(&scene, &format!("trees/repaired/{member}"));
                for key in it.repaired.iter().take(8) {
                    assert!(words.contains(&format!("price:{key}")), "{key}: {words}");
                }
            }
        }
    }
    assert!(repaired > 5, "{repaired}");
    run.advance(Nanos::seconds(40), u64::MAX);
    assert_eq!(check(&run, "trees-level"), 0, "they hold the same in the end");
}
