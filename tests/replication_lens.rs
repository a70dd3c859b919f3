//! The class's minute about replication lag, in the lens of a database: a replica that falls behind, the
//! read that came too early, the primary that dies, and what that loses. All numbers come from the
//! run. `LENSES=folder` writes the pictures there.

use std::collections::BTreeSet;

use crate::common::looking::{open_ready, run_to, well_drawn};
use crate::common::target;
use expect_test::expect;
use ringside::base::time::Nanos;
use ringside::component::Spec;
use ringside::component::sql_db::{Failover, Replication, SqlDbParams, Topology};
use ringside::document::edit::Edit;
use ringside::engine::fault::{Fault, Scope, Ways};
use ringside::lens::history::{BOUND, CHOICES, CHOSEN};
use ringside::lens::{self, Act, Look, Subject};
use ringside::scene::{Mark, Scene, Tone, text};
use ringside::session::protocol::Input;
use ringside::session::run::Run;

const NEWS: &str = include_str!("../static/designs/news-site.json");

struct News {
    run: Run,
    look: Look,
}

impl News {
    fn new(change: impl FnOnce(&mut SqlDbParams)) -> Self {
        let run = open_ready(NEWS, "stories", |it| match it {
            Spec::SqlDb(it) => change(it),
            other => panic!("{other:?}"),
        });
        Self { run, look: Look::default() }
    }

    fn run_to(&mut self, seconds: f64) {
        run_to(&mut self.run, seconds);
    }

    fn scene(&self, width: f32) -> Scene {
        let shown = self.run.shown();
        let edits = self.run.inputs[..shown.inputs].iter().rev().filter_map(|it| match &it.input {
            Input::Edit(diff) => Some((it.at, diff.components.get("stories")?.before.as_ref()?)),
            _ => None,
        });
        let earlier: Vec<_> = edits.map(|(at, record)| (at, &record.spec)).collect();
        let label =
            |id: &str| shown.design.components.get(id).map_or(id.to_owned(), |it| it.label.clone());
        let subject = Subject {
            world: &shown.world,
            recorder: &self.run.recorder,
            component: shown.world.blueprint().component("stories").expect("it"),
            label: "Stories",
            name: &label,
            key_name: "story",
            width,
            earlier: &earlier,
            before: None,
            look: &self.look,
        };
        lens::draw(&subject).expect("it has a lens")
    }

    /// Well drawn at every width; the description of the picture.
    #[track_caller]
    fn look(&self, name: &str) -> String {
        well_drawn(name, &[320.0, 520.0, 900.0], |width| self.scene(width));
        text::reading(&self.scene(320.0))
    }

    fn mark(&self, id: &str) -> Option<Mark> {
        self.scene(520.0).marks.into_iter().find(|it| it.id == id)
    }

    fn fault(&mut self, fault: Fault) {
        self.run.act(Input::Fault(fault)).expect("it compiles");
    }

    fn edit(&mut self, edit: &Edit) {
        let diff = edit.diff(&self.run.shown().design, &BTreeSet::new()).expect("it can be set");
        self.run.act(Input::Edit(diff)).expect("it compiles");
    }

    fn set(&mut self, field: &str, value: &str) {
        let (id, field) = ("stories".into(), field.into());
        let value = serde_json::from_str(value).expect("JSON");
        self.edit(&Edit::SetComponent { id, field, value });
    }

    /// Does what a mark asks for when it is clicked, or let go at a place.
    fn click(&mut self, id: &str, spot: Option<usize>) {
        let mark = self.mark(id).unwrap_or_else(|| panic!("there is {id}"));
        let action = match spot {
            Some(spot) => mark.slide.expect("it slides").spots[spot].action.clone(),
            None => mark.action.expect("it asks for something"),
        };
        match Act::parse(&action).expect("an act") {
            Act::Note(name, value) => self.look.note(&name, &value),
            Act::Set(field, value) => self.set(&field, &value),
            Act::Crash(it) => self.fault(Fault::Crash(target(&format!("stories/{it}")))),
            Act::Restart(it) => self.fault(Fault::Restart(target(&format!("stories/{it}")))),
            Act::Promote(it) => self.fault(Fault::Promote(target(&format!("stories/{it}")))),
            Act::At(at) | Act::Follow(_, at) => self.run.seek(Nanos(at)),
            Act::Move(who, ..) => panic!("nobody expects to move {who}"),
            Act::Tune(values) => panic!("nobody expects to set {values}"),
            Act::Command(_, words) => panic!("nobody expects to type {words}"),
        }
    }

    /// Entries that the primary has and replica 1 has not.
    fn unsent(&self) -> u64 {
        let world = &self.run.head.world;
        let component = world.blueprint().component("stories").expect("it");
        let members = &world.blueprint().components[component as usize].members;
        let end = |at: usize| match &world.member(members[at]).state {
            Some(ringside::component::State::SqlDb(it)) => it.log.end(),
            _ => 0,
        };
        end(0) - end(1)
    }

    /// Each guarantee, chosen one after the other: what is said of it, and the operations that show it.
    fn guarantees(&mut self, name: &str, bound: Nanos) -> String {
        let mut told = String::new();
        for guarantee in CHOICES {
            self.look.note(CHOSEN, guarantee.id());
            self.look.note(BOUND, &bound.0.to_string());
            _ = self.look(&format!("{name}-{}", guarantee.id()));
            let scene = self.scene(320.0);
            let of = |id: &'static str| scene.marks.iter().filter(move |it| it.id.starts_with(id));
            let sentence: Vec<_> = of("verdict/sentence/").map(|it| it.words()).collect();
            told += &format!("{}\n", sentence.join(" "));
            let shown = of("verdict/operation/").filter(|it| !it.id.ends_with("/follow"));
            for it in shown.filter(|it| it.action.is_some()) {
                let label = it.label.as_deref().unwrap_or_default().trim_end_matches(" Go there");
                told += &format!("  {label}\n");
            }
            let outlined =
                of("operation/").filter(|it| it.tone == Tone::Fail && it.action.is_some());
            let outlined = outlined.count();
            if outlined > 0 {
                told += &format!("  {outlined} outlined\n");
            }
        }
        told
    }

    fn reads(&mut self, wire: &str, value: &str) {
        let (id, field, value) = (wire.into(), "reads".into(), serde_json::Value::from(value));
        self.edit(&Edit::SetWire { id, field, value });
    }

    fn stale_of(&self, who: &str) -> u64 {
        let words = self.scene(900.0).marks.iter().find_map(|it| match &it.shape {
            ringside::scene::Shape::Text { text, .. } if it.id == "stale/readers/0" => {
                Some(text.clone())
            }
            _ => None,
        });
        let Some(words) = words else { return 0 };
        let at = words.find(who);
        let number =
            |at: usize| words[at + who.len()..].trim().split([',', '.']).next()?.parse().ok();
        at.and_then(number).unwrap_or(0)
    }
}

/// Guessed, then seen: 200 writes a second, 180 applied, so that 20 entries more are missing each second;
/// after ten about 200, the oldest of which is as old as 200 writes take.
#[test]
fn a_slow_replica_falls_behind_as_far_as_it_must() {
    let mut it = News::new(|_| ());
    it.run_to(2.0);
    assert!(it.mark("guess").is_none(), "nothing to ask yet");
    it.click("applies/180", None);
    it.click("guess", Some(15));
    it.run_to(7.0);
    let half = it.look("lag-half");
    assert!(
        half.contains("How far behind after 10 s?") && half.contains("replica 2 applies"),
        "{half}"
    );
    it.run_to(12.5);
    let seen = it.look("lag-answer");
    let behind = seen.split("After 10 s it was ").nth(1).and_then(|it| it.split(' ').next());
    let behind: f64 = behind.and_then(|it| it.parse().ok()).unwrap_or_else(|| panic!("{seen}"));
    assert!((behind - 200.0).abs() < 45.0, "{behind} entries");
    assert!(it.mark("ghost").is_some(), "the guess stays: {seen}");
    let off = format!(
        "Your guess, dashed: 150, {} off",
        ringside::base::text::number((150.0 - behind).abs())
    );
    assert!(seen.replace('\n', " ").contains(&off), "{off}: {seen}");
    // Entries and seconds agree at the rate at which they are written.
    let reading = text::reading(&it.scene(900.0));
    let behind = reading.split("entries and ").nth(1).and_then(|it| it.split(" behind").next());
    let behind = behind.and_then(|it| it.split_once(char::is_whitespace));
    let (figure, unit) = behind.unwrap_or_else(|| panic!("{reading}"));
    let unit = if unit == "ms" { 1e-3 } else { 1.0 };
    let seconds = figure.parse::<f64>().expect("a figure") * unit;
    let entries = reading.split("slowest is ").nth(1).and_then(|it| it.split(' ').next());
    let entries: f64 = entries.and_then(|it| it.parse().ok()).expect("entries");
    assert!((entries / 200.0 - seconds).abs() < 0.12, "{entries} entries, {seconds} s");
}

/// Whoever reads at the replica that lags reads old stories; a line leads from what was read to the entry
/// that was missed. Reading one's own writes costs the primary reads, and others read on as before.
#[test]
fn own_writes_are_read_where_they_are_and_others_not() {
    let mut it = News::new(|it| it.last_applies.0 = 180.0);
    it.run_to(15.0);
    let before = it.look("lag-stale");
    // At any moment, just after entries have been sent as just before.
    for step in 0..30 {
        it.run_to(15.0 + f64::from(step) * 0.02);
        assert!(it.mark("miss").is_some(), "{step}: {}", it.look("lag-stale"));
    }
    assert!(it.stale_of("Reporters") > 3 && it.stale_of("Readers") > 3, "{before}");
    let primary_reads = |it: &News| {
        let component = it.run.head.world.blueprint().component("stories").expect("it");
        let windows = &it.run.recorder.components[component as usize].windows[1];
        let last = windows.iter().rev().take(10);
        last.map(|it| {
            f64::from(it.counters[usize::from(ringside::component::sql_db::READ_AT_PRIMARY)])
        })
        .sum::<f64>()
            / 10.0
    };
    let usual = primary_reads(&it);
    let reads = serde_json::to_value("own-writes").expect("JSON");
    it.edit(&Edit::SetWire { id: "newsroom-stories".into(), field: "reads".into(), value: reads });
    it.run_to(27.0);
    let after = it.look("lag-own-writes");
    assert_eq!(it.stale_of("Reporters"), 0, "{after}");
    assert!(it.stale_of("Readers") > 3, "{after}");
    let more = primary_reads(&it);
    assert!(more > usual + 10.0, "{more}/s at the primary, after {usual}/s");
}

/// In a cascade each strip names who feeds it, and whom a write waits for is told. What is behind a dead
/// replica falls back with it.
#[test]
fn a_cascade_shows_who_feeds_whom() {
    let mut it = News::new(|it| {
        (it.topology, it.replicas, it.replication) = (Topology::Cascade, 3, Replication::SemiSync);
        it.last_applies.0 = 0.0;
    });
    it.run_to(5.0);
    let words = it.look("cascade");
    for expected in [
        "replica 1 ← ",
        "replica 2 ← replica 1",
        "replica 3 ← replica 2",
        "hears of the first only",
    ] {
        assert!(words.contains(expected), "{expected}: {words}");
    }
    it.fault(Fault::Crash(target("stories/2")));
    it.run_to(8.0);
    let words = it.look("cascade-broken");
    let behind = words.split("replica 3 ← replica 2").nth(1).and_then(|it| it.split('−').nth(1));
    let behind: u64 =
        behind.and_then(|it| it.split(' ').next()?.parse().ok()).expect("it is behind");
    // Two in three seconds of writes at least; replica 1 is level.
    assert!(behind > 100, "{words}");
}

/// The primary dies, replica 1 is promoted: what had been acknowledged and not sent is listed one by one.
/// At the same moment with synchronous replication there is none, and writes take longer by the way to
/// the replicas and back.
#[test]
fn what_a_dead_primary_had_not_sent_is_lost() {
    let mut medians = Vec::new();
    for replication in [Replication::Async, Replication::Sync] {
        let mut it = News::new(|it| it.replication = replication);
        it.run_to(6.04);
        let component = it.run.head.world.blueprint().component("stories").expect("it");
        let (_, window) =
            it.run.recorder.window_at(component, 1, it.run.head.world.now()).expect("it");
        medians.push(window.p95_ns / 1e6);
        if replication == Replication::Async {
            // When something has gathered.
            while it.unsent() < 4 {
                it.run.step(1);
            }
        }
        it.click("act/kill/0", None);
        let dead = it.look(&format!("takeover-dead-{}", replication.word()));
        assert!(dead.contains("Nobody takes writes"), "{dead}");
        it.run_to(6.5);
        it.click("act/promote/1", None);
        it.run_to(8.0);
        let seen = it.look(&format!("takeover-{}", replication.word()));
        assert!(seen.contains("replica 1 takes writes"), "{seen}");
        assert!(seen.contains("replica 1, primary now") && seen.contains("Decision"), "{seen}");
        let scene = it.scene(520.0);
        let listed = scene
            .marks
            .iter()
            .filter(|it| it.id.strip_prefix("lost/").is_some_and(|it| it.parse::<u32>().is_ok()));
        let (listed, counted) = (listed.count(), seen.contains("; 0 acknowledged writes lost"));
        match replication {
            Replication::Async => assert!(listed > 1 && !counted, "{listed}: {seen}"),
            _ => assert!(listed == 0 && counted, "{listed}: {seen}"),
        }
        if replication == Replication::Async {
            assert!(seen.replace('\n', " ").contains("target (RPO) at most 0: missed"), "{seen}");
            // It comes back, and what it alone had is thrown away.
            it.click("act/back/0", None);
            it.run_to(9.0);
            let again = it.look("takeover-back");
            assert!(!again.contains("only here") && again.contains("first primary"), "{again}");
            // Asked to lead again once writes wait for all, it costs nothing: what was lost before is no news.
            it.set("replication", "\"sync\"");
            it.run_to(10.0);
            it.click("act/promote/0", None);
            it.run_to(12.0);
            let back = it.look("takeover-failback").replace('\n', " ");
            assert!(back.contains("first primary takes writes"), "{back}");
            assert!(
                back.contains("0 acknowledged writes lost; target (RPO) at most 0: met"),
                "{back}"
            );
        }
    }
    let more = medians[1] - medians[0];
    assert!((8.0..16.0).contains(&more), "{medians:?}: there and back are 10 ms");
}

/// By itself: found, chosen, promoted, and found by clients, against the targets.
#[test]
fn a_takeover_by_itself_is_told_phase_by_phase() {
    let mut it = News::new(|it| (it.failover, it.rpo) = (Failover::Majority, 50));
    it.run_to(3.0);
    it.fault(Fault::Crash(target("stories/0")));
    it.run_to(3.6);
    // The last sign was sent up to 100 ms before it died, and came some 5 ms, 20 at most, later.
    let silent = it.mark("silence/0/figure").expect("it is shown").words().to_owned();
    let ms: f64 = silent.split(' ').next().and_then(|it| it.parse().ok()).expect("a number");
    assert!((580.0..700.0).contains(&ms) && silent.ends_with(" ms of 1.00 s"), "{silent}");
    it.run_to(4.0);
    _ = it.look("takeover-suspects");
    it.run_to(8.0);
    let seen = it.look("takeover-by-itself");
    for phase in ["Detection", "Election", "Promotion", "Clients switch"] {
        assert!(seen.contains(phase), "{phase}: {seen}");
    }
    assert!(
        seen.replace('\n', " ").contains("(RTO) 30.0 s: met")
            && seen.replace('\n', " ").contains("(RPO) at most 50: met"),
        "{seen}"
    );
}

/// Signs of life on a line of time; a network that slows down makes a false alarm of a short wait, and none of
/// a long one; a death is no false alarm.
#[test]
fn a_short_wait_takes_a_slow_network_for_a_death() {
    let of = |patience: u64| {
        let mut it = News::new(|it| {
            (it.failover, it.heartbeat) = (Failover::Majority, Nanos::millis(100));
            it.patience = Nanos::millis(patience);
        });
        it.run_to(3.0);
        let ticks = |it: &News| {
            let scene = it.scene(520.0);
            let marks = scene.marks.iter().filter(|it| it.id.starts_with("silence/0/pulse-"));
            marks.count()
        };
        // The line has room for twelve.
        assert!((11..=13).contains(&ticks(&it)), "{}", ticks(&it));
        // For a moment, what it sends takes 500 ms longer: signs come late, then as often as before.
        let on = Scope::Target(target("stories/0"));
        let late = |by| Fault::Delay { on: on.clone(), by: Nanos::millis(by) };
        it.fault(late(500));
        it.run_to(3.55);
        let shown = it.mark("silence/alarms/0").expect("it is told").words().to_owned();
        it.fault(late(0));
        it.run_to(6.0);
        (it, shown)
    };
    let (mut short, told) = of(300);
    assert!(told.contains("false alarm"), "{told}");
    _ = short.look("false-alarms");
    let alarms = |it: &News| {
        let stories = it.run.shown().world.blueprint().component("stories").expect("it");
        let ledger = it.run.recorder.takeovers.of(stories).expect("a ledger");
        let vain = ledger.alarms.iter().filter(|it| it.is_false).count();
        (ledger.alarms.len(), vain)
    };
    // A sign on the line leads to the moment of the alarm.
    let stories = short.run.shown().world.blueprint().component("stories").expect("it");
    let (first, _) = alarms(&short);
    assert!(first >= 1);
    let moment = short.run.recorder.takeovers.of(stories).expect("it").alarms[0].at;
    assert!(moment > short.run.recorder.zero + Nanos::seconds(3), "{moment}");
    let (mut long, told) = of(1_000);
    assert_eq!(told, "Nobody has suspected it so far.");
    assert_eq!(alarms(&long), (0, 0));
    long.fault(Fault::Crash(target("stories/0")));
    long.run_to(9.0);
    let (all, vain) = alarms(&long);
    assert!(all > 0 && vain == 0, "{vain} of {all}");
    // A wait half as long is one edit.
    short.click("silence/wait-50", None);
    let half = short.run.shown().design.components["stories"].spec.clone();
    assert!(matches!(half, Spec::SqlDb(it) if it.patience == Nanos::millis(150)));
}

/// Which part of a second's reads was old: all of it follows from what was counted.
#[test]
fn the_stale_share_is_what_was_counted() {
    let mut it = News::new(|it| it.mesh_latency = Nanos::millis(200));
    it.run_to(12.0);
    let share = it.mark("share/line-0").expect("there are stale reads");
    let label = share.label.expect("it says what it is");
    let stories = it.run.shown().world.blueprint().component("stories").expect("it");
    let recorder = &it.run.recorder;
    let (_, window) = recorder.window_at(stories, 1, it.run.shown().world.now()).expect("a second");
    let stale = recorder.staleness.within(stories, window.end, Nanos::seconds(1)) as f64;
    let reads = f64::from(window.counters[0]) + f64::from(window.counters[1]);
    let now = format!("{:.1} % now", stale / reads * 100.0);
    assert!(stale > 0.0 && label.contains(&now), "{label}: {now}");
}

/// A primary that is cut off does not die: what went on counts from when it was last heard.
#[test]
fn a_takeover_after_a_cut_counts_from_the_last_sign_of_life() {
    let mut it = News::new(|it| it.failover = Failover::Majority);
    it.run_to(3.0);
    let targets = |it: &[&str]| it.iter().map(|it| it.parse().expect("a target")).collect();
    let (one, other) = (targets(&["stories/0"]), targets(&["stories/1", "stories/2"]));
    it.fault(Fault::Partition { name: "cut".into(), one, other, ways: Ways::Both });
    it.run_to(8.0);
    let seen = it.look("takeover-cut").replace('\n', " ");
    for phase in ["Detection", "Election", "Promotion", "Clients switch"] {
        assert!(seen.contains(phase), "{phase}: {seen}");
    }
    // It is suspected after a second of silence, which began at most one beat (100 ms) before the cut and as long
    // as a sign of life was on its way (20 ms) after it.
    let stories = it.run.shown().world.blueprint().component("stories").expect("it");
    let subject = it.run.recorder.takeovers.of(stories);
    let took = subject.and_then(|it| it.takeovers.back()).expect("it was taken over");
    let cut = it.run.recorder.zero + Nanos::seconds(3);
    let silent = took.silent.expect("it was found silent");
    assert!(
        silent > cut - Nanos::millis(100) && silent < cut + Nanos::millis(20),
        "{silent:?} of {cut:?}"
    );
    let waited = took.suspected.expect("it was suspected") - silent;
    // The patience of the design, and up to a tenth longer by chance.
    assert!(waited >= Nanos::seconds(1) && waited <= Nanos::millis(1_100), "{waited:?}");
}

#[test]
fn split_brain_is_said_and_entries_of_one_side_are_told_apart() {
    let mut it = News::new(|it| it.fencing = false);
    it.run_to(3.0);
    let targets = |it: &[&str]| it.iter().map(|it| it.parse().expect("a target")).collect();
    let (one, other) = (targets(&["stories/0"]), targets(&["stories/1", "stories/2"]));
    it.fault(Fault::Partition { name: "cut".into(), one, other, ways: Ways::Both });
    it.run_to(3.2);
    it.click("act/promote/1", None);
    it.run_to(3.6);
    let seen = it.look("takeover-split");
    assert!(seen.contains("Split brain: first primary and replica 1 take writes"), "{seen}");
    assert!(seen.contains("leads, too"), "{seen}");
    let scene = it.scene(520.0);
    assert!(scene.marks.iter().any(|it| it.id.starts_with("member/0/alone")
        || it.label.as_deref().is_some_and(|it| it.starts_with("Only here"))));
    // Who reaches whom, and members that can be dragged across the cut.
    let label = |id: &str| it.mark(id).and_then(|it| it.label).unwrap_or_default();
    assert_eq!(label("matrix/0-1"), "first primary does not reach replica 1");
    assert_eq!(label("matrix/1-2"), "replica 1 reaches replica 2");
    let across = it.mark("across/stories/2").and_then(|it| it.slide).expect("it can be dragged");
    let over = Act::Move(target("stories/2"), false, "cut".into()).to_string();
    assert!(across.spots.iter().any(|it| it.action == over), "{across:?}");
    // Healed, both lead on: what one side has, the other never gets.
    it.fault(Fault::Heal { name: "cut".into() });
    it.run_to(9.0);
    assert!(it.mark("matrix/0-1").is_none(), "nobody is parted");
    it.look.note(CHOSEN, "convergence");
    it.look.note(BOUND, &Nanos::millis(500).0.to_string());
    let words = it.look("guarantees-split").replace('\n', " ");
    assert!(words.contains("first primary has entries that others do not (eventual"), "{words}");
}

/// In slow motion: appended and acknowledged first, sent to the replicas after.
#[test]
fn a_write_is_acknowledged_before_it_flies() {
    let mut it = News::new(|_| ());
    it.run_to(2.0);
    let end = |it: &News| match &it.run.head.world.member(first(it)).state {
        Some(ringside::component::State::SqlDb(it)) => it.log.end(),
        _ => 0,
    };
    fn first(it: &News) -> u32 {
        let world = &it.run.head.world;
        let component = world.blueprint().component("stories").expect("it");
        world.blueprint().components[component as usize].members[0]
    }
    let ways =
        |it: &News| it.scene(520.0).marks.iter().filter(|it| it.id.contains("/way/")).count();
    let mut before;
    loop {
        before = end(&it);
        it.run.step(1);
        if end(&it) > before && ways(&it) == 0 {
            break;
        }
    }
    let acknowledged = it.mark("acknowledged").and_then(|it| it.label).expect("a tick");
    assert!(acknowledged.ends_with(&ringside::base::text::count(before + 1)), "{acknowledged}");
    let seen = it.look("write-appended");
    assert_eq!(ways(&it), 0, "{seen}");
    while ways(&it) == 0 {
        it.run.step(1);
    }
    _ = it.look("write-flies");
}

/// Reads at the primary keep every guarantee; reads at replicas that lag break those that are about what a
/// client sees, and the primary's death the one that what is acknowledged stays.
#[test]
fn guarantees_are_kept_or_broken_by_where_is_read() {
    let mut it = News::new(|it| it.last_applies.0 = 180.0);
    for wire in ["newsroom-stories", "website-stories"] {
        it.reads(wire, "primary");
    }
    it.run_to(15.0);
    let kept = it.guarantees("guarantees-primary", Nanos::millis(500));
    expect![[r#"
        Every answer can be explained (linearizable).
        Nobody has seen an effect without its cause (causal).
        Every client has read what it had written itself (read your writes).
        No client has read something older than before (monotonic reads).
        Nobody has seen the writes of one client out of their order (monotonic writes).
        No read has found what had been replaced for more than 500 ms (bounded staleness of 500 ms).
        Cannot be told yet: replica 1 is 8 entries behind (eventual consistency).
        What was acknowledged is there, or was overwritten (no write lost).
    "#]]
    .assert_eq(&kept);
    let mut it = News::new(|it| it.last_applies.0 = 180.0);
    it.run_to(15.0);
    let broken = it.guarantees("guarantees-replicas", Nanos::millis(500));
    expect![[r#"
        Read an old value after a finished write (not linearizable).
          Reporters wrote story:106 v6 at first primary, from 447 ms to 454 ms: acknowledged.
          Reporters wrote story:106 v7 at first primary, from 3.78 s to 3.80 s: acknowledged.
          Reporters read story:106 at replica 2, from 4.05 s to 4.06 s: found v6.
        Reporters saw an effect without its cause (not: causal).
          Reporters wrote story:106 v6 at first primary, from 447 ms to 454 ms: acknowledged.
          Reporters read story:106 at first primary, from 2.64 s to 2.65 s: found v6.
          Reporters read story:334 at replica 1, from 2.71 s to 2.72 s: found v8.
          Reporters wrote story:4 v5 at first primary, from 2.91 s to 2.93 s: acknowledged.
          Reporters wrote story:28 v5 at first primary, from 3.23 s to 3.24 s: acknowledged.
          Reporters wrote story:106 v7 at first primary, from 3.78 s to 3.80 s: acknowledged.
          Reporters wrote story:151 v3 at first primary, from 3.98 s to 3.99 s: acknowledged.
          Reporters read story:106 at replica 2, from 4.05 s to 4.06 s: found v6.
        Reporters wrote v7, and then read v6 (not: read your writes).
          Reporters wrote story:106 v6 at first primary, from 447 ms to 454 ms: acknowledged.
          Reporters wrote story:106 v7 at first primary, from 3.78 s to 3.80 s: acknowledged.
          Reporters read story:106 at replica 2, from 4.05 s to 4.06 s: found v6.
        No client has read something older than before (monotonic reads).
        Reporters saw the writes of one client out of their order (not: monotonic writes).
          Reporters wrote story:4 v8 at first primary, from 7.56 s to 7.56 s: acknowledged.
          Reporters wrote story:4 v9 at first primary, from 8.56 s to 8.57 s: acknowledged.
          Reporters wrote story:334 v12 at first primary, from 8.69 s to 8.70 s: acknowledged.
          Reporters read story:334 at replica 1, from 9.27 s to 9.28 s: found v12.
          Reporters read story:4 at replica 2, from 9.52 s to 9.53 s: found v8.
          3 outlined
        Reporters read v8 517 ms after v10 had been acknowledged (not: bounded staleness of 500 ms).
          Reporters wrote story:4 v8 at first primary, from 7.56 s to 7.56 s: acknowledged.
          Reporters wrote story:4 v10 at first primary, from 8.99 s to 9.00 s: acknowledged.
          Reporters read story:4 at replica 2, from 9.52 s to 9.53 s: found v8.
          3 outlined
        Cannot be told yet: replica 1 is 8 entries behind (eventual consistency).
        What was acknowledged is there, or was overwritten (no write lost).
    "#]]
    .assert_eq(&broken);
}

#[test]
fn what_is_lost_breaks_a_guarantee() {
    let mut it = News::new(|_| ());
    it.run_to(6.0);
    it.look.note(CHOSEN, "no-lost-writes");
    // When something of the sample has gathered.
    let sampled = |it: &News| {
        let component = it.run.head.world.blueprint().component("stories").expect("it");
        let log = it.run.recorder.history.of(component).expect("it");
        let now = it.run.head.world.now();
        let lately = now.saturating_sub(Nanos::millis(20));
        log.operations.iter().any(|it| it.writes && it.ended.is_some_and(|it| it.1 >= lately))
    };
    while !(it.unsent() > 4 && sampled(&it)) {
        it.run.step(1);
    }
    let before = it.guarantees("guarantees-before", Nanos::millis(500));
    it.click("act/kill/0", None);
    it.run_to(7.5);
    it.click("act/promote/1", None);
    it.run_to(9.0);
    let after = it.guarantees("guarantees-lost", Nanos::millis(500));
    expect![[r#"
        Every answer can be explained (linearizable).
        Nobody has seen an effect without its cause (causal).
        Every client has read what it had written itself (read your writes).
        No client has read something older than before (monotonic reads).
        Nobody has seen the writes of one client out of their order (monotonic writes).
        No read has found what had been replaced for more than 500 ms (bounded staleness of 500 ms).
        Cannot be told yet: replica 1 is 17 entries behind (eventual consistency).
        What was acknowledged is there, or was overwritten (no write lost).
        ---
        Every answer can be explained (linearizable).
        Nobody has seen an effect without its cause (causal).
        Every client has read what it had written itself (read your writes).
        No client has read something older than before (monotonic reads).
        Nobody has seen the writes of one client out of their order (monotonic writes).
        No read has found what had been replaced for more than 500 ms (bounded staleness of 500 ms).
        Cannot be told yet: first primary is down (eventual consistency).
        1 acknowledged write is lost, story:4 v7 (not: no write lost).
          Reporters wrote story:4 v7 at first primary, from 6.21 s to 6.22 s: acknowledged.
          1 outlined
    "#]]
    .assert_eq(&format!("{before}---\n{after}"));
}
