//! The class's minute about Redis Sentinel, in the lens: the primary dies, sentinels vote, a replica is promoted, the
//! old primary comes back. All numbers come from the run. `LENSES=folder` writes the pictures there.
#![cfg(not(target_arch = "wasm32"))]

mod common;

use common::{cut, heal, target};
use expect_test::expect;
use ringside::base::time::Nanos;
use ringside::component::Spec;
use ringside::component::redis::RedisParams;
use ringside::document::file;
use ringside::engine::fault::{Fault, Ways};
use ringside::lens::{self, Act, Look, Subject};
use ringside::scene::{Scene, check, svg, text};
use ringside::session::protocol::Input;
use ringside::session::run::Run;

const SESSIONS: &str = include_str!("../static/designs/redis-sentinel.json");

struct Sessions {
    run: Run,
    look: Look,
}

impl Sessions {
    fn new(change: impl FnOnce(&mut RedisParams)) -> Self {
        let (mut file, problems) = file::read(SESSIONS).expect("it is a file");
        assert!(problems.is_empty(), "{problems:?}");
        if let Spec::Redis(it) = &mut file.design.components.get_mut("sessions").expect("it").spec {
            change(it);
        }
        let run = Run::open(file.design, file.seed, file.warmup, Vec::new()).expect("it compiles");
        Self { run, look: Look::default() }
    }

    fn run_to(&mut self, seconds: f64) {
        let until = self.run.zero.saturating_add(Nanos::from_seconds(seconds));
        self.run.advance(until - self.run.head.world.now(), u64::MAX);
    }

    fn scene(&self, width: f32) -> Scene {
        let shown = self.run.shown();
        let label =
            |id: &str| shown.design.components.get(id).map_or(id.to_owned(), |it| it.label.clone());
        let subject = Subject {
            world: &shown.world,
            recorder: self.run.recorded(),
            component: shown.world.blueprint().component("sessions").expect("it"),
            label: "Sessions",
            name: &label,
            key_name: "session",
            width,
            earlier: &[],
            look: &self.look,
        };
        lens::draw(&subject).expect("it has a lens")
    }

    /// Well drawn at every width; what it says of itself.
    #[track_caller]
    fn look(&self, name: &str) -> String {
        for width in [320.0, 520.0, 700.0, 900.0] {
            let scene = self.scene(width);
            assert_eq!(check::problems(&scene), Vec::<String>::new(), "{name} at {width}");
            if let Ok(folder) = std::env::var("LENSES") {
                std::fs::write(format!("{folder}/{name}-{width}.svg"), svg::svg(&scene))
                    .expect("it");
            }
        }
        self.scene(320.0).description
    }

    fn act(&self, id: &str) -> Option<Act> {
        let scene = self.scene(520.0);
        let mark = scene.marks.iter().find(|it| it.id == id)?;
        Act::parse(mark.action.as_ref()?)
    }

    fn words(&self) -> String {
        text::reading(&self.scene(700.0))
    }
}

#[test]
fn a_primary_dies_and_comes_back() {
    let mut it = Sessions::new(|_| ());
    it.run_to(9.0);
    expect!["Server 1 takes writes, 230 commands in the stream; all that follow are level. 0 of 3 sentinels find their primary down. 0 acknowledged writes lost."].assert_eq(&it.look("calm"));
    assert_eq!(it.act("act/kill/0"), Some(Act::Crash(0)));
    assert_eq!(it.act("act/kill/4"), Some(Act::Crash(4)), "sentinels can be killed, too");
    it.run_to(11.3);
    expect!["Nobody takes writes, 261 commands in the stream; the slowest is 14 commands and 1.77 s behind. 2 of 3 sentinels find their primary down. 0 acknowledged writes lost."].assert_eq(&it.look("dead"));
    assert_eq!(it.act("act/back/0"), Some(Act::Restart(0)));
    it.run_to(30.0);
    expect!["Server 2 takes writes, 743 commands in the stream; all that follow are level. 0 of 3 sentinels find their primary down. 14 acknowledged writes lost."].assert_eq(&it.look("over"));
    expect![[r#"
        Inside Sessions
        Server 2 takes writes, 743 commands in the stream; all that follow are level. 0 of 3 sentinels find their primary down. 14 acknowledged writes lost.
        Offset: 743  Slowest lags: 0 ms  Commands behind: 0  Lost writes: 14
        A write is acknowledged once the primary has run it; replicas are sent the command, and waited for by nobody.
        Failover to Server 2 at 11.6 s, epoch 1  3.10 s
        Silence: 1.26 s, until the sentinel found the primary down (sdown)
        Agreement: 69.1 ms, until enough sentinels did (odown)
        Election: 56.5 ms, until a majority had voted for it
        Promotion: 188 ms, until the replica was a primary
        Replicas turn: 1.53 s, until the other replicas followed it
        First write: 169 µs, until it acknowledged the first write: callers had found it
        Writes again after 1.57 s; 14 acknowledged writes lost.
        The stream of commands, newest right  commands 244 to 743
        Server 1 primary  down · 14 only here
        4 commands that the primary has, too  14 commands only here
        Server 2 primary  offset 743
        500 commands that the primary has, too
        Server 3 ← Server 2  offset 743 · level
        500 commands that the primary has, too
        The primary has heard of 734 commands, 362 ms ago
        Filled: the primary has it, too. Dashed: only here. Diamond: on its way. Tick: as far as the replica has told its
        primary.
        Bring back Server 1  Kill Server 2  Kill Server 3  Kill Sentinel 1  Kill Sentinel 2
        Kill Sentinel 3
        What each sentinel believes  quorum 2, majority 2
        Sentinel 1  epoch 1
        It takes Server 1 for a replica; it is down since 13.0 s, as far as it sees (subjectively down)  It takes Server 2 for the primary; it is up  It takes Server 3 for a replica; it is up  Its last vote: for Sentinel 3, in epoch 1
        Sentinel 2  epoch 1
        It takes Server 1 for a replica; it is down since 13.0 s, as far as it sees (subjectively down)  It takes Server 2 for the primary; it is up  It takes Server 3 for a replica; it is up  Its last vote: for Sentinel 3, in epoch 1
        Sentinel 3  epoch 1
        It takes Server 1 for a replica; it is down since 14.1 s, as far as it sees (subjectively down)  It takes Server 2 for the primary; it is up  It takes Server 3 for a replica; it is up  Its last vote: for Sentinel 3, in epoch 1
        The sentinels' logs, newest first  26
        14.1 s: Sentinel 3 +sdown Server 1
        13.1 s: Sentinel 3 +failover-end Server 2
        13.1 s: Sentinel 3 +switch-master Server 2
        13.0 s: Sentinel 2 +sdown Server 1
        13.0 s: Sentinel 1 +sdown Server 1
        13.0 s: Sentinel 3 +slave-reconf-done Server 3
        12.5 s: Sentinel 3 -odown Server 1
        12.0 s: Sentinel 3 +slave-reconf-sent Server 3
        12.0 s: Sentinel 1 +switch-master Server 2
        12.0 s: Sentinel 2 +switch-master Server 2
        Acknowledged writes lost, oldest left  14
        session:143 v2, command 248 of its stream, acknowledged at 9.53 s: lost  session:308 v3, command 249 of its stream, acknowledged at 9.56 s: lost  session:127 v2, command 250 of its stream, acknowledged at 9.58 s: lost  session:273 v3, command 251 of its stream, acknowledged at 9.64 s: lost  session:457 v3, command 252 of its stream, acknowledged at 9.66 s: lost
        session:25 v3, command 253 of its stream, acknowledged at 9.66 s: lost  session:95 v2, command 254 of its stream, acknowledged at 9.69 s: lost  session:164 v2, command 255 of its stream, acknowledged at 9.70 s: lost  session:435 v4, command 256 of its stream, acknowledged at 9.71 s: lost  session:5 v4, command 257 of its stream, acknowledged at 9.72 s: lost
        session:428 v3, command 258 of its stream, acknowledged at 9.81 s: lost  session:262 v2, command 259 of its stream, acknowledged at 9.91 s: lost  session:216 v4, command 260 of its stream, acknowledged at 9.91 s: lost  session:234 v2, command 261 of its stream, acknowledged at 9.96 s: lost
    "#]].assert_eq(&it.words());
    it.run_to(41.0);
    expect!["Split brain: Server 1 and Server 2 take writes, 1 013 commands in the stream; all that follow are level. 0 of 3 sentinels find their primary down. 14 acknowledged writes lost."].assert_eq(&it.look("back"));
    it.run_to(58.0);
    expect!["Server 2 takes writes, 1 452 commands in the stream; all that follow are level. 0 of 3 sentinels find their primary down. 14 acknowledged writes lost."].assert_eq(&it.look("demoted"));
    // The same picture when rewound.
    let then = it.scene(520.0);
    let at = it.run.head.world.now();
    it.run_to(59.0);
    it.run.seek(at);
    assert_eq!(it.scene(520.0), then);
}

#[test]
fn every_mark_leads_somewhere() {
    let mut it = Sessions::new(|_| ());
    it.run_to(30.0);
    let scene = it.scene(520.0);
    let steps =
        scene.marks.iter().filter(|it| it.id.starts_with("failover/") && it.action.is_some());
    let steps: Vec<_> =
        steps.map(|it| Act::parse(it.action.as_ref().expect("it")).expect("an act")).collect();
    assert_eq!(steps.len(), 6, "silence, agreement, election, promotion, replicas, first write");
    assert!(steps.windows(2).all(|it| match (&it[0], &it[1]) {
        (Act::At(a), Act::At(b)) => a <= b,
        _ => false,
    }));
    let lost =
        scene.marks.iter().filter(|it| it.id.starts_with("lost/") && it.action.is_some()).count();
    let component = it.run.head.world.blueprint().component("sessions").expect("it");
    let ledger = it.run.recorder.takeovers.of(component).expect("a ledger");
    assert_eq!(lost, ledger.lost(it.run.head.world.now()).count());
    let log = scene.marks.iter().filter(|it| it.id.starts_with("log/") && it.action.is_some());
    assert_eq!(log.count(), 10);
}

/// A primary that is cut off with half of its callers: two take writes, and without enough replicas it
/// refuses them.
#[test]
fn a_cut_makes_two_primaries() {
    for need in [0, 1] {
        let mut it = Sessions::new(|it| {
            it.min_replicas_to_write = need;
            it.min_replicas_max_lag = Nanos::seconds(2);
        });
        it.run_to(2.0);
        let alone = ["sessions/0", "app/0"];
        let others =
            ["sessions/1", "sessions/2", "sessions/3", "sessions/4", "sessions/5", "app/1"];
        let parted = cut("cut", &alone, &others, Ways::Both);
        it.run.act(Input::Fault(parted)).expect("it compiles");
        it.run_to(9.0);
        let words = it.words();
        assert!(words.contains("Split brain"), "{words}");
        assert_eq!(words.contains("NOREPLICAS"), need == 1, "{words}");
        _ = it.look(["split", "refusing"][need as usize]);
        it.run.act(Input::Fault(heal("cut"))).expect("it compiles");
        it.run_to(9.9);
        _ = it.look("healed");
        it.run_to(25.0);
        assert!(!it.words().contains("Split brain"));
        _ = it.look("one");
    }
}

/// Few and many members, nothing yet, and no sentinel at all.
#[test]
fn it_is_well_drawn_whoever_there_is() {
    for (replicas, sentinels) in [(0, 0), (0, 1), (5, 7), (2, 0), (1, 2)] {
        let mut it = Sessions::new(|it| (it.replicas, it.sentinels) = (replicas, sentinels));
        _ = it.look("nothing");
        it.run_to(5.0);
        _ = it.look("some");
        it.run.act(Input::Fault(Fault::Crash(target("sessions/0")))).expect("it compiles");
        it.run_to(7.0);
        _ = it.look("dead");
        it.run_to(15.0);
        _ = it.look("later");
    }
}
