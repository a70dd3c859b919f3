//! The class's minute about Redis Sentinel, in the lens: the primary dies, sentinels vote, a replica is promoted, the
//! old primary comes back. All numbers come from the run. `LENSES=folder` writes the pictures there.

use crate::common::looking::{open_ready, run_to, well_drawn};
use crate::common::{cut, heal, target};
use expect_test::expect;
use ringside::base::time::Nanos;
use ringside::component::Spec;
use ringside::component::redis::RedisParams;
use ringside::engine::fault::{Fault, Ways};
use ringside::lens::{self, Act, Look, Subject};
use ringside::scene::{Scene, text};
use ringside::session::protocol::Input;
use ringside::session::run::Run;

const SESSIONS: &str = include_str!("../static/designs/redis-sentinel.json");

struct Sessions {
    run: Run,
    look: Look,
}

impl Sessions {
    fn new(change: impl FnOnce(&mut RedisParams)) -> Self {
        let run = open_ready(SESSIONS, "sessions", |it| match it {
            Spec::Redis(it) => change(it),
            other => panic!("{other:?}"),
        });
        Self { run, look: Look::default() }
    }

    fn run_to(&mut self, seconds: f64) {
        run_to(&mut self.run, seconds);
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
            before: None,
            look: &self.look,
        };
        lens::draw(&subject).expect("it has a lens")
    }

    /// Well drawn at every width; what it says of itself.
    #[track_caller]
    fn look(&self, name: &str) -> String {
        well_drawn(name, &[320.0, 520.0, 700.0, 900.0], |width| self.scene(width));
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
        Failover: who leads, how far replicas are, what sentinels believe  Data types: type commands, and see each key as what it is, at each server
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

/// Types a command at a server, and goes on a little.
fn types(it: &mut Sessions, member: u16, words: &str) {
    let target = target(&format!("sessions/{member}"));
    let fault = Fault::Command { target, words: words.into() };
    it.run.act(Input::Fault(fault)).expect("it compiles");
}

/// What somebody types is shown as what it is, at the server where it is looked at.
#[test]
fn data_types_are_drawn_as_what_they_are() {
    let mut it = Sessions::new(|it| it.mesh_latency = Nanos::millis(200));
    it.run_to(2.0);
    assert_eq!(it.act("view/data"), Some(Act::Note("view".into(), "data".into())));
    it.look.note("view", "data");
    assert!(it.words().contains("Nothing yet."), "{}", it.words());
    _ = it.look("data-nothing");
    for words in [
        "RPUSH jobs a b c",
        "LPUSH jobs z",
        "SET page:home \"hello world\" EX 20",
        "INCRBY hits 41",
        "HSET user:1 name Ann city Catania",
        "SADD tags red green blue",
        "SADD numbers 30 4 100",
        "ZADD board 10 ann 40 bob 25 cy",
        "SETBIT seen 3 1",
        "SETBIT seen 17 1",
        "PFADD visitors a b c d e",
        "XADD log * temperature 21",
        "XADD log * temperature 22 place roof",
        "XGROUP CREATE log readers 0",
        "XREADGROUP GROUP readers eve COUNT 1 STREAMS log >",
        "GEOADD places 13.361389 38.115556 Palermo 15.087269 37.502669 Catania",
        "LRANGE jobs 0 -1",
        "INCR jobs",
    ] {
        types(&mut it, 0, words);
    }
    // At a replica nothing has arrived yet.
    it.look.note("data", "1");
    assert!(it.words().contains("Keys at Server 2  0"), "{}", it.words());
    it.run_to(3.0);
    types(&mut it, 1, "SET k v");
    let words = it.words();
    assert!(
        words.contains("(error) READONLY You can't write against a read only replica."),
        "{words}"
    );
    assert!(words.contains("Keys at Server 2  11"), "{words}");
    _ = it.look("data-replica");
    it.look.note("data", "0");
    let keys = [
        "board",
        "hits",
        "jobs",
        "log",
        "numbers",
        "page:home",
        "places",
        "seen",
        "tags",
        "user:1",
        "visitors",
    ];
    for key in keys {
        it.look.note("key", &format!("99999 {key}"));
        let name = format!("data-{}", key.replace(':', "-"));
        _ = it.look(&name);
        for other in ["bits", "bytes", "scores", "places"] {
            it.look.note("as", other);
            _ = it.look(&format!("{name}-{other}"));
        }
        it.look.noted.retain(|it| it.0 != "as");
    }
    let drawn = |it: &mut Sessions, key: &str| {
        it.look.note("key", &format!("99999 {key}"));
        let mut scene = it.scene(520.0);
        let wanted = ["data/value", "data/as"];
        scene.marks.retain(|it| wanted.iter().any(|start| it.id.starts_with(start)));
        text::reading(&scene).lines().skip(2).collect::<Vec<_>>().join("\n")
    };
    expect![[r#"
        jobs: list of 4 elements  quicklist
        head: LPUSH, LPOP  tail: RPUSH, RPOP
        Element 0, the head: z  Element 1: a  Element 2: b  Element 3, the tail: c"#]]
    .assert_eq(&drawn(&mut it, "jobs"));
    expect![[r#"
        page:home: string of 11 bytes  embstr
        When its time is over, the primary removes it and tells its replicas DEL.
        Show it as bytes: Redis does not know what is meant  Show it as bits: Redis does not know what is meant
        Byte 0: h, 0x68  Byte 1: e, 0x65  Byte 2: l, 0x6c  Byte 3: l, 0x6c  Byte 4: o, 0x6f  Byte 5: ␣, 0x20  Byte 6: w, 0x77  Byte 7: o, 0x6f  Byte 8: r, 0x72  Byte 9: l, 0x6c  Byte 10: d, 0x64"#]].assert_eq(&drawn(&mut it, "page:home"));
    expect![[r#"
        hits: string of 2 bytes  int
        A whole number: Redis keeps it in 8 bytes as long as it is one.
        41"#]]
    .assert_eq(&drawn(&mut it, "hits"));
    expect![[r#"
        user:1: hash of 2 fields  listpack
        Field name: Ann
        Field city: Catania"#]]
    .assert_eq(&drawn(&mut it, "user:1"));
    expect![[r#"
        numbers: set of 3 members  intset
        Whole numbers only: one array, sorted, found by halving.
        Member 4  Member 30  Member 100"#]]
    .assert_eq(&drawn(&mut it, "numbers"));
    expect![[r#"
        board: sorted set of 3 members  listpack
        Rank 0: ann, score 10  Rank 1: cy, score 25  Rank 2: bob, score 40
        10  15  20  25  30  35  40
        Rank from 0, the lowest score first; of equal ones by their bytes.
        0 · ann: 10
        1 · cy: 25
        2 · bob: 40"#]]
    .assert_eq(&drawn(&mut it, "board"));
    expect![[r#"
        seen: string of 3 bytes  raw
        Show it as bytes: Redis does not know what is meant  Show it as bits: Redis does not know what is meant
        2 bits of 24 set (BITCOUNT).
        Bits 0 to 7: 00010000  Bits 8 to 15: 00000000  Bits 16 to 23: 01000000"#]].assert_eq(&drawn(&mut it, "seen"));
    expect![[r#"
        log: stream of 2 entries, 1 consumer group  stream
        Entry 2000-0: temperature: 21
        Entry 2000-1: temperature: 22, place: roof
        Ids are ms and a number; the largest so far is 2000-1.
        Group readers, read up to 2000-0  1 not acknowledged
        Consumer eve: 1 pending
        2000-0 pending at eve"#]]
    .assert_eq(&drawn(&mut it, "log"));
    expect![[r#"
        places: sorted set of 2 members  listpack
        Show it as scores: Redis does not know what is meant  Show it as places: Redis does not know what is meant
        38.1°  Palermo: longitude 13.3614°, latitude 38.1156°
        38.0°
        37.9°
        37.8°
        37.7°
        37.6°
        37.5°  Catania: longitude 15.0873°, latitude 37.5027°
        13.5°  14.0°  14.5°  15.0°
        Longitude rightwards, latitude upwards. Each score is a cell of the map, in 52 bits;
        who is near in the map is mostly near in the order.
        Palermo, score 3479099956230698: 13.3614° 38.1156° · sqc8b49rny0
        Catania, score 3479447370796909: 15.0873° 37.5027° · sqdtr74hyu0"#]].assert_eq(&drawn(&mut it, "places"));
    it.look.note("key", "99999 visitors");
    let words = it.words();
    assert!(words.contains("About 5 different things, ±0.041 (standard error 0.81 %)."), "{words}");
    it.look.note("key", "99999 jobs");
    let mut scene = it.scene(520.0);
    scene.marks.retain(|it| !it.id.starts_with("data/value") && it.id.starts_with("data/"));
    expect![[r#"
        Inside Sessions
        Server 1 takes writes, 97 commands in the stream; the slowest is 3 commands and 165 ms behind. 0 of 3 sentinels find their primary down. 0 acknowledged writes lost.
        Server 1 primary: its keys; commands go to it  Server 2 replica: its keys; commands go to it  Server 3 replica: its keys; commands go to it
        Keys: 11  Memory, about: 1.53 kB  Offset: 97  Commands behind: 0
        Typed at Server 1, newest last  18
        At 2.00 s: XREADGROUP GROUP readers eve COUNT 1 STREAMS log >
        1) 1) "log"
        2) 1) 1) "2000-0"
        2) 1) "temperature"
        2) "21"
        At 2.00 s: GEOADD places 13.361389 38.115556 Palermo 15.087269 37.502669 Catania
        (integer) 2
        At 2.00 s: LRANGE jobs 0 -1
        1) "z"
        2) "a"
        3) "b"
        4) "c"
        At 2.00 s: INCR jobs
        (error) WRONGTYPE Operation against a key holding the wrong kind of
        value
        Commands to press, for Server 1
        String: Text, numbers, any bytes up to 512 MB: cached pages, counters, flags.  List: Quick at both ends. LPUSH with RPOP: first in, first out, a queue; LPUSH with LPOP: last in, first out, a stack.  Hash: Fields with values under one key: an object, a session, a basket.  Set: Each member once, in no order: tags, who has been here.  Sorted set: Members in the order of their scores: leaderboards, deadlines.  Bitmap: The bits of a string: one per user or day, for what was seen.  HyperLogLog: Counts different things in at most 12 kB, to ±0.81 %.  Stream: A log of entries that groups of consumers read and acknowledge.
        Geo: Places in a sorted set, their scores being cells of the map.  Expiry: Any key may end at a moment: sessions, locks, caches.
        Text, numbers, any bytes up to 512 MB: cached pages, counters, flags.
        Type at Server 1: SET page:home hello  Type at Server 1: SET page:home other NX  Type at Server 1: APPEND page:home " world"
        Type at Server 1: INCR hits
        Keys at Server 1  11
        board: sorted set · listpack · 100 B
        hits: string · int · 60 B
        jobs: list · quicklist · 152 B
        log: stream · 482 B
        numbers: set · intset · 95 B
        page:home: string · embstr · 78 B · TTL 19.0 s
        places: sorted set · listpack · 99 B
        seen: string · raw · 65 B
        tags: set · hashtable · 201 B
        user:1: hash · listpack · 95 B
        … 1 more
    "#]].assert_eq(&text::reading(&scene));
    // The same picture when rewound; and as it was before a command.
    let then = it.scene(520.0);
    let at = it.run.head.world.now();
    it.run_to(4.0);
    types(&mut it, 0, "FLUSHALL");
    assert!(it.words().contains("Keys at Server 1  0"));
    it.run.seek(at);
    assert_eq!(it.scene(520.0), then);
}

/// A press on each example types it, and what is lost or too much to show is told.
#[test]
fn examples_can_be_pressed_and_much_is_counted() {
    let mut it = Sessions::new(|_| ());
    it.look.note("view", "data");
    it.run_to(1.0);
    for of in [
        "string",
        "list",
        "hash",
        "set",
        "sorted",
        "bitmap",
        "hyperloglog",
        "stream",
        "geo",
        "expiry",
    ] {
        assert_eq!(it.act(&format!("data/try/{of}")), Some(Act::Note("try".into(), of.into())));
        it.look.note("try", of);
        for round in 0..40 {
            let Some(Act::Command(0, words)) = it.act(&format!("data/press/{}", round % 4)) else {
                continue;
            };
            types(&mut it, 0, &words);
        }
        _ = it.look(&format!("pressed-{of}"));
    }
    // More of everything than there is room for.
    for number in 0..30 {
        types(
            &mut it,
            0,
            &format!("SET \"some rather long key, number {number}\" {}", "x".repeat(90)),
        );
        let of = |word: &str| {
            (0..12).map(|it| format!("{word}{number}-{it}")).collect::<Vec<_>>().join(" ")
        };
        types(&mut it, 0, &format!("RPUSH jobs {}", of("job")));
        types(&mut it, 0, &format!("SADD tags {}", of("tag")));
        types(
            &mut it,
            0,
            &format!("ZADD board {number} {number} -7e3{number} low{number} inf high{number}"),
        );
        types(&mut it, 0, &format!("SETBIT seen {} 1", 100 * number));
        types(
            &mut it,
            0,
            &format!("HSET user:1 field{number} {}", "long ".repeat(9).replace(' ', "-")),
        );
        types(&mut it, 0, "XREADGROUP GROUP readers ann COUNT 3 STREAMS log >");
        types(&mut it, 0, &format!("XADD log * number {number}"));
        types(
            &mut it,
            0,
            &format!(
                "GEOADD places {}.5 {}.25 \"A place {number}\"",
                number * 6 - 90,
                number * 2 - 30
            ),
        );
    }
    for key in ["jobs", "tags", "board", "seen", "user:1", "log", "places", "page:home", "visitors"]
    {
        it.look.note("key", &format!("99999 {key}"));
        _ = it.look(&format!("much-{}", key.replace(':', "-")));
        let more = it.words();
        assert!(more.contains("more") || key == "page:home", "{key}: {more}");
    }
    types(&mut it, 0, "LRANGE jobs 0 20");
    types(&mut it, 0, "GET \"some rather long key, number 7\"");
    assert!(it.words().contains("more lines"), "{}", it.words());
    _ = it.look("much-answers");
    // What is typed at a primary that nobody hears is lost.
    it.run_to(2.0);
    let others = ["sessions/1", "sessions/2", "sessions/3", "sessions/4", "sessions/5", "app/1"];
    let parted = cut("cut", &["sessions/0", "app/0"], &others, Ways::Both);
    it.run.act(Input::Fault(parted)).expect("it compiles");
    it.run_to(8.0);
    types(&mut it, 0, "DEL jobs");
    it.look.note("data", "0");
    assert!(it.words().contains("and lost: the primary does not have it"), "{}", it.words());
    assert!(
        it.words().contains("the primary holds something else") || !it.words().contains("jobs ≠")
    );
    _ = it.look("typed-lost");
    it.run.act(Input::Fault(Fault::Crash(target("sessions/0")))).expect("it compiles");
    assert!(it.words().contains("Server 1 is down: it answers nobody."));
    _ = it.look("typed-down");
}
