//! Commands typed at the servers of a Redis with sentinels: what the primary runs its replicas have, in the
//! order of the stream, and a failover, a copy of all data and an expiry carry keys along as they do requests'
//! writes. Held against what members hold.

use crate::common::*;
use ringside::algorithm::redis::{Holds, Keyspace, Value};
use ringside::base::draw::Stream;
use ringside::base::time::Nanos;
use ringside::base::unit::Rate;
use ringside::component::redis::{Change, RedisParams, Server, Typed};
use ringside::component::{Spec, State};
use ringside::document::{WireParams, faults};
use ringside::engine::fault::{Fault, Ways};

const SECOND: Nanos = Nanos::SECOND;

struct Typing {
    live: Live,
}

impl Typing {
    fn new(params: RedisParams, per_second: f64, seed: u64) -> Self {
        let mut design = design();
        let mut people = client(per_second, 1, 3);
        people.keys = 20;
        add(&mut design, "client", Spec::Client(people));
        add(&mut design, "group", Spec::Redis(params));
        let patient =
            WireParams { timeout: Nanos::millis(500), retries: 3, ..WireParams::default() };
        wire(&mut design, "client", "group", patient);
        Self { live: Live::new(&design, seed) }
    }

    fn run_for(&mut self, span: Nanos) {
        self.live.run_for(span);
    }

    fn is_up(&self, ordinal: u16) -> bool {
        self.live.world.is_up(slots(&self.live.world, "group")[usize::from(ordinal)])
    }

    fn servers(&self) -> Vec<&Server> {
        states(&self.live.world, "group").into_iter().filter_map(own).collect()
    }

    fn server(&self, ordinal: u16) -> &Server {
        self.servers()[usize::from(ordinal)]
    }

    fn leading(&self) -> Vec<u16> {
        let leads = |it: &&Server| it.leads() && self.is_up(it.own);
        self.servers().into_iter().filter(leads).map(|it| it.own).collect()
    }

    /// Types a command, and says what is answered.
    #[track_caller]
    fn types(&mut self, ordinal: u16, words: &str) -> String {
        let fault = command(ordinal, words);
        assert_eq!(faults::check(&self.live.design, &fault), Ok(()));
        self.live.fault(fault);
        let typed = self.last(ordinal);
        assert_eq!(&*typed.words, words);
        assert_eq!(typed.at, self.live.world.now());
        typed.reply.to_string()
    }

    fn last(&self, ordinal: u16) -> Typed {
        self.server(ordinal).typed.last().expect("something was typed").clone()
    }

    fn kill(&mut self, ordinal: u16) {
        self.live.fault(Fault::Crash(target(&format!("group/{ordinal}"))));
    }

    fn revive(&mut self, ordinal: u16) {
        if !self.is_up(ordinal) {
            self.live.fault(Fault::Restart(target(&format!("group/{ordinal}"))));
        }
    }

    fn cut(&mut self, one: &[u16], other: &[u16], ways: Ways) {
        let side = |it: &[u16]| it.iter().map(|it| target(&format!("group/{it}"))).collect();
        let (one, other) = (side(one), side(other));
        self.live.fault(Fault::Partition { name: "a".into(), one, other, ways });
    }

    /// Nobody asks any more.
    fn hush(&mut self) {
        self.live.edit(|design| {
            if let Spec::Client(it) = &mut design.components.get_mut("client").expect("it").spec {
                it.rate = Rate(0.0);
            }
        });
    }

    /// What each server holds is what its stream tells, if it has the whole of that.
    #[track_caller]
    fn check_streams(&self) -> usize {
        let whole = self.servers().into_iter().filter(|it| it.stream.start() == 0);
        whole
            .map(|server| {
                let mut replayed = Keyspace::default();
                for entry in (0..server.stream.end()).filter_map(|it| server.stream.get(it)) {
                    if let Change::Typed(effects) = &entry.change {
                        effects.iter().for_each(|it| _ = replayed.replay(it));
                    }
                }
                assert_same(&server.keys, &replayed, &format!("server {}", server.own));
            })
            .count()
    }

    /// All servers have the same data.
    #[track_caller]
    fn check_level(&self) {
        let lead = self.leading();
        assert_eq!(lead.len(), 1, "one leads: {lead:?}");
        let lead = self.server(lead[0]);
        for it in self.servers() {
            assert_eq!((it.offset(), it.id()), (lead.offset(), lead.id()), "server {}", it.own);
            assert_same(&it.keys, &lead.keys, &format!("server {}", it.own));
        }
    }
}

fn own(it: &State) -> Option<&Server> {
    if let State::Redis(it) = it { it.server() } else { None }
}

fn command(ordinal: u16, words: &str) -> Fault {
    Fault::Command { target: target(&format!("group/{ordinal}")), words: words.into() }
}

#[track_caller]
fn assert_same(one: &Keyspace, other: &Keyspace, what: &str) {
    for (key, entry) in one.entries() {
        let key_name = String::from_utf8_lossy(key);
        assert_eq!(Some(entry), other.entry(key), "{what}: {key_name}");
    }
    assert_eq!(one.len(), other.len(), "{what}");
}

fn params() -> RedisParams {
    RedisParams { backlog: 1_000_000, ..RedisParams::default() }
}

#[test]
fn what_the_primary_runs_its_replicas_have() {
    let mut it = Typing::new(RedisParams { mesh_latency: Nanos::millis(50), ..params() }, 40.0, 1);
    it.run_for(SECOND);
    let before = it.server(0).offset();
    assert_eq!(it.types(0, "SADD tags red green blue"), "(integer) 3");
    assert_eq!(it.server(0).offset(), before + 1, "one command of the stream");
    assert_eq!(it.types(1, "SCARD tags"), "(integer) 0", "not there yet");
    it.run_for(SECOND);
    assert_eq!(it.types(1, "SCARD tags"), "(integer) 3");
    // What was left to chance is settled: replicas lose the same member.
    let before = it.server(0).offset();
    let popped = it.types(0, "SPOP tags");
    assert_eq!(it.types(0, "XADD log * temperature 21"), "\"2000-0\"");
    assert_eq!(it.server(0).offset(), before + 2);
    it.run_for(SECOND);
    for replica in [1, 2] {
        assert_eq!(it.types(replica, &format!("SISMEMBER tags {popped}")), "(integer) 0");
        let log = it.types(replica, "XRANGE log - +");
        assert!(log.contains("2000-0") && log.contains("\"21\""), "{log}");
    }
    // What reads, fails or changes nothing tells nobody.
    it.hush();
    it.run_for(SECOND);
    let before = it.server(0).offset();
    for (words, reply) in [
        ("TYPE tags", "set"),
        (
            "LPUSH tags x",
            "(error) WRONGTYPE Operation against a key holding the wrong kind of value",
        ),
        ("SREM tags purple", "(integer) 0"),
        ("SET", "(error) ERR wrong number of arguments for 'set' command"),
    ] {
        assert_eq!(it.types(0, words), reply);
        assert_eq!(it.last(0).place, None, "{words}");
    }
    assert_eq!(it.server(0).offset(), before);
    it.check_level();
    assert_eq!(it.check_streams(), 3);
    it.live.check_replay();
}

/// Chance comes from the seed: the same seed, the same member.
#[test]
fn the_same_seed_pops_the_same() {
    let popped = |seed: u64| {
        let mut it = Typing::new(params(), 0.0, seed);
        it.run_for(SECOND);
        let members: Vec<String> = (0..40).map(|it| format!("m{it}")).collect();
        it.types(0, &format!("SADD s {}", members.join(" ")));
        (0..5).map(|_| it.types(0, "SPOP s")).collect::<Vec<_>>()
    };
    assert_eq!(popped(1), popped(1));
    assert_ne!(popped(1), popped(2));
}

#[test]
fn a_replica_refuses_writes_and_reads_what_it_has() {
    let mut it = Typing::new(params(), 20.0, 2);
    it.run_for(SECOND);
    it.types(0, "SET k 1");
    it.run_for(SECOND);
    let readonly = "(error) READONLY You can't write against a read only replica.";
    assert_eq!(it.types(1, "INCR k"), readonly);
    assert_eq!(
        it.types(1, "nonsense 1"),
        "(error) ERR unknown command 'nonsense', with args beginning with: '1' "
    );
    assert_eq!(it.types(1, "GET k"), "\"1\"");
    // Cut off from its primary it goes on with what it has.
    it.cut(&[0], &[1], Ways::Both);
    it.types(0, "INCR k");
    it.run_for(Nanos::seconds(9));
    assert_eq!([0, 1, 2].map(|at| it.types(at, "GET k")), ["\"2\"", "\"1\"", "\"2\""]);
    assert_eq!(it.types(1, "INCR k"), readonly);
    it.live.fault(heal("a"));
    it.run_for(Nanos::seconds(3));
    assert_eq!(it.types(1, "GET k"), "\"2\"", "what it had missed was sent");
    // The last eight are remembered.
    assert_eq!(it.server(1).typed.len(), 6);
    (0..7).for_each(|_| _ = it.types(1, "PING"));
    let words: Vec<_> = it.server(1).typed.iter().map(|it| it.words.to_string()).collect();
    assert_eq!(words, [&["GET k"; 1][..], &["PING"; 7]].concat());
}

#[test]
fn a_primary_without_enough_replicas_refuses_writes() {
    let max_lag = Nanos::millis(1_500);
    let params =
        RedisParams { min_replicas_to_write: 2, min_replicas_max_lag: max_lag, ..params() };
    let mut it = Typing::new(params, 0.0, 3);
    it.run_for(Nanos::seconds(3));
    assert_eq!(it.types(0, "SET k 1"), "OK");
    it.kill(2);
    it.run_for(Nanos::seconds(3));
    assert_eq!(it.types(0, "SET k 2"), "(error) NOREPLICAS Not enough good replicas to write.");
    assert_eq!(it.types(0, "GET k"), "\"1\"", "it answers readers");
    it.revive(2);
    it.run_for(Nanos::seconds(3));
    assert_eq!(it.types(0, "SET k 3"), "OK");
}

/// What somebody types at a primary that is cut off is gone with all else it had alone; no observer counts it
/// among the requests' writes.
#[test]
fn what_is_typed_at_a_primary_cut_off_is_lost() {
    let mut it = Typing::new(params(), 0.0, 4);
    it.run_for(Nanos::seconds(2));
    assert_eq!(it.types(0, "RPUSH q kept"), "(integer) 1");
    it.run_for(SECOND);
    it.cut(&[0], &[1, 2, 3, 4, 5], Ways::Both);
    it.run_for(Nanos::seconds(6));
    assert_eq!(it.leading().len(), 2, "split brain");
    let new = it.leading()[1];
    assert_eq!(it.types(0, "RPUSH q alone"), "(integer) 2");
    assert_eq!(it.types(0, "HSET h f v"), "(integer) 1");
    assert_eq!(it.types(new, "RPUSH q there"), "(integer) 2");
    let (alone, there) = (it.last(0).place.expect("it"), it.last(new).place.expect("it"));
    assert!(!it.server(new).has(alone) && it.server(0).has(alone));
    it.live.fault(heal("a"));
    it.run_for(Nanos::seconds(30));
    assert_eq!(it.leading(), [new]);
    for at in [0, 1, 2] {
        assert_eq!(it.types(at, "LRANGE q 0 -1"), "1) \"kept\"\n2) \"there\"", "server {at}");
        assert_eq!(it.types(at, "EXISTS h"), "(integer) 0");
        assert!(it.server(at).has(there) && !it.server(at).has(alone));
    }
    assert!(it.server(0).stream.start() > 0, "all data were copied");
    it.check_level();
    it.live.check_replay();
}

/// A promoted replica has what had reached it; the others go on without copying.
#[test]
fn a_failover_carries_the_keys_along() {
    let mut it = Typing::new(params(), 30.0, 5);
    it.run_for(Nanos::seconds(2));
    it.types(0, "ZADD board 10 ann 20 bob");
    it.run_for(SECOND);
    it.cut(&[0], &[1, 2], Ways::Both);
    it.types(0, "ZADD board 30 cy");
    it.kill(0);
    it.live.fault(heal("a"));
    it.run_for(Nanos::seconds(15));
    let [new] = it.leading()[..] else { panic!("one leads") };
    assert_eq!(it.types(new, "ZCARD board"), "(integer) 2", "cy is lost");
    assert_eq!(it.types(new, "ZINCRBY board 5 ann"), "\"15\"");
    let place = it.last(new).place.expect("it");
    it.run_for(SECOND);
    let other = 3 - new;
    assert!(it.server(other).has(place) && it.server(other).stream.start() == 0, "no copy");
    assert_eq!(it.types(other, "ZSCORE board ann"), "\"15\"");
    assert_eq!(it.check_streams(), 3);
    it.revive(0);
    it.run_for(Nanos::seconds(30));
    it.hush();
    it.run_for(Nanos::seconds(3));
    it.check_level();
}

/// Keys go where the primary's clock says so; replicas are told, and hide them from readers until then.
#[test]
fn expiry_is_replicated_as_del() {
    let mut it = Typing::new(params(), 0.0, 6);
    it.run_for(SECOND);
    it.types(0, "SET session alice EX 3");
    it.types(0, "SET other bob");
    it.types(0, "PEXPIRE other 2500");
    it.run_for(SECOND);
    assert_eq!(it.types(1, "TTL session"), "(integer) 2");
    assert_eq!(it.types(1, "PTTL other"), "(integer) 1500");
    // The primary is cut off: nobody tells the replica.
    it.cut(&[0], &[1], Ways::Both);
    it.run_for(Nanos::millis(4_100));
    assert!(it.server(0).keys.is_empty() && it.server(2).keys.is_empty());
    assert_eq!(it.server(1).keys.len(), 2, "it deletes nothing on its own");
    assert_eq!(it.types(1, "GET session"), "(nil)", "and shows nothing that is over");
    let stream = &it.server(0).stream;
    let told: Vec<_> = (0..stream.end())
        .filter_map(|it| match &stream.get(it)?.change {
            Change::Typed(it) => Some(it.join("; ")),
            Change::Row(..) => None,
        })
        .collect();
    assert_eq!(
        told,
        [
            "SET session alice PXAT 4000",
            "SET other bob",
            "PEXPIREAT other 3500",
            "DEL other",
            "DEL session",
        ]
    );
    it.live.fault(heal("a"));
    it.run_for(Nanos::seconds(8));
    assert!(it.server(1).keys.is_empty());
    it.check_level();
}

/// A replica that has missed more than the backlog copies all keys, and what is typed meanwhile.
#[test]
fn a_copy_of_all_data_has_the_keys() {
    let slow = RedisParams { backlog: 1, sync_time: Nanos::seconds(3), ..params() };
    let mut it = Typing::new(slow, 300.0, 7);
    it.run_for(SECOND);
    it.types(0, "HSET user:1 name Ann");
    it.kill(2);
    it.run_for(SECOND);
    it.types(0, "HSET user:1 city Catania");
    it.types(0, "PFADD visitors a b c");
    it.run_for(Nanos::seconds(4));
    it.revive(2);
    it.run_for(Nanos::seconds(2));
    assert!(it.server(2).loading.is_some());
    let loads = "(error) LOADING Redis is loading the dataset in memory";
    assert_eq!(it.types(2, "HLEN user:1"), loads);
    it.types(0, "HSET user:1 visits 3");
    it.run_for(Nanos::seconds(6));
    assert!(it.server(2).loading.is_none() && it.server(2).stream.start() > 0);
    assert_eq!(it.types(2, "HLEN user:1"), "(integer) 3");
    assert_eq!(it.types(2, "PFCOUNT visitors"), "(integer) 3");
    it.hush();
    it.run_for(Nanos::seconds(3));
    it.check_level();
    it.live.check_replay();
}

/// A fault in a design must be about a server of a kind that takes commands.
#[test]
fn commands_are_typed_at_servers_only() {
    let it = Typing::new(params(), 1.0, 8);
    let check = |fault: Fault| faults::check(&it.live.design, &fault).map_err(|it| it.to_string());
    assert_eq!(check(command(2, "GET k")), Ok(()));
    for (fault, problem) in [
        (command(3, "GET k"), "fault: group/3 watches the others, and takes no commands"),
        (
            command(6, "GET k"),
            "fault: there is no group/6; a target is a component's id or id/ordinal",
        ),
        (
            Fault::Command { target: target("group"), words: "GET k".into() },
            "command: group is not one member; name one, such as group/0",
        ),
    ] {
        assert_eq!(check(fault), Err(problem.into()));
    }
}

/// What people might type next.
fn some_command(draw: u64, more: u64) -> String {
    let key = (more % 3) as u32;
    let own = [
        "SPOP tags:1".to_owned(),
        "SADD tags:1 a b c 1 2 3".to_owned(),
        format!("SET item:{key} v{draw} PX {}", 200 + more % 3_000),
        format!("EXPIRE board:{key} {}", 1 + more % 4),
        format!("PEXPIRE queue:{key} {}", 300 + more % 3_000),
        format!("PERSIST board:{key}"),
        format!("INCRBYFLOAT number:{key} 1.{}", draw % 100),
        format!("APPEND item:{key} x"),
        format!("GETDEL item:{key}"),
        format!("ZADD board:{key} GT CH {} player{}", more % 90, draw % 9),
        format!("BITFIELD seen:{key} INCRBY u8 {} 3", draw % 300),
        format!("XGROUP CREATE log:{key} readers 0 MKSTREAM"),
        format!("XREADGROUP GROUP readers ann COUNT 2 STREAMS log:{key} >"),
        format!("LMOVE queue:{key} queue:{} LEFT RIGHT", draw % 3),
        format!("SUNIONSTORE all tags:{key} tags:1"),
        "SRANDMEMBER all".to_owned(),
        "FLUSHALL".to_owned(),
    ];
    match (draw >> 20) % 4 {
        0 => own[(draw >> 30) as usize % own.len()].clone(),
        _ => {
            let all = Holds::ALL;
            let holds = all[(draw >> 40) as usize % all.len()];
            holds.command(draw >> 10 & 3 > 0, key, more)
        }
    }
}

/// Crashes, cuts and promotions at random while people type at whoever is there: what each server has is what
/// its stream tells, at any moment; and when all is well again, all have the same.
#[test]
fn whatever_happens_all_have_the_same_in_the_end() {
    let seen = std::cell::Cell::new([0usize; 4]);
    for_seeds(300, |seed| {
        let stream = Stream::new(seed, "typing");
        let draw = |purpose: u64, below: u64| stream.bits(seed, purpose) % below;
        let params = RedisParams {
            replicas: 2 + draw(0, 2) as u32,
            quorum: 1 + draw(1, 2) as u32,
            down_after: Nanos::millis(100 + draw(2, 400)),
            failover_timeout: Nanos::millis(300 + draw(3, 1_500)),
            min_replicas_to_write: draw(4, 4).saturating_sub(2) as u32,
            min_replicas_max_lag: Nanos::millis(1_500),
            repl_timeout: Nanos::seconds(2),
            sync_time: Nanos::millis(draw(5, 600)),
            backlog: [1_000_000, 40][draw(6, 2) as usize],
            mesh_latency: Nanos::micros(200 + draw(7, 30_000)),
            ..params()
        };
        let (servers, all) = (params.replicas as u16 + 1, (params.replicas + 4) as u16);
        let mut it = Typing::new(params, 20.0, seed);
        let mut typed = Vec::new();
        let mut counts = seen.get();
        for step in 0..60u64 {
            it.run_for(Nanos::millis(10 + draw(1_000 + step, 250)));
            let leading = it.leading();
            let any = draw(2_000 + step, u64::from(servers)) as u16;
            // Mostly at a primary, if there is one.
            let at = match leading.as_slice() {
                [.., last] if any > 0 => *last,
                [first, ..] => *first,
                [] => any,
            };
            if it.is_up(at) {
                let words =
                    some_command(stream.bits(seed, 3_000 + step), draw(4_000 + step, 1 << 40));
                it.types(at, &words);
                typed.extend(it.last(at).place);
                counts[0] += usize::from(it.last(at).reply.is_error());
            }
            let victim = draw(5_000 + step, u64::from(all)) as u16;
            match draw(6_000 + step, 24) {
                0 => it.kill(victim),
                1 if !it.leading().is_empty() => it.kill(it.leading()[0]),
                2 | 3 => {
                    let bits = draw(7_000 + step, 1 << all);
                    let on = |side: u64| {
                        (0..all).filter(|it| bits >> it & 1 == side).collect::<Vec<_>>()
                    };
                    it.cut(
                        &on(0),
                        &on(1),
                        [Ways::Both, Ways::Forth][draw(8_000 + step, 2) as usize],
                    );
                }
                4 | 5 => it.live.fault(heal("a")),
                6 => it.live.fault(Fault::Promote(target(&format!("group/{any}")))),
                7..10 => it.revive(victim),
                _ => {}
            }
            if step % 10 == 9 {
                counts[1] += it.check_streams();
            }
        }
        it.live.fault(heal("a"));
        (0..all).for_each(|at| it.revive(at));
        it.live.edit(|design| {
            if let Spec::Redis(it) = &mut design.components.get_mut("group").expect("it").spec {
                (it.down_after, it.mesh_latency) = (SECOND, Nanos::millis(1));
            }
        });
        it.run_for(Nanos::seconds(40));
        it.hush();
        it.run_for(Nanos::seconds(6));
        it.check_level();
        it.check_streams();
        let lead = it.server(it.leading()[0]);
        counts[2] += typed.len();
        counts[3] += typed.iter().filter(|it| !lead.has(**it)).count();
        let over = it.live.world.now().0 / 1_000_000;
        assert!(lead.keys.entries().all(|it| !it.1.is_over(over.saturating_sub(1_000))));
        seen.set(counts);
        if seed % 50 == 0 {
            it.live.check_replay();
        }
    });
    let [refused, looked, written, lost] = seen.get();
    eprintln!("{written} typed writes, {lost} lost; {refused} refused; {looked} servers looked at");
    if std::env::var("SEED").is_err() && std::env::var("RUNS").is_err() {
        assert!(written > 5_000 && lost > 100 && refused > 500 && looked > 1_500);
    }
}

/// A run's snapshots share what a keyspace has not changed.
#[test]
fn clones_share_values() {
    let mut it = Typing::new(params(), 0.0, 9);
    it.run_for(SECOND);
    it.types(0, "SETRANGE large 500000 x");
    it.types(0, "SET small 1");
    let before = it.server(0).keys.clone();
    it.types(0, "INCR small");
    let now = &it.server(0).keys;
    let at = |keys: &Keyspace, key: &str| keys.value(key).map(std::ptr::from_ref::<Value>);
    assert_eq!(at(&before, "large"), at(now, "large"));
    assert_ne!(at(&before, "small"), at(now, "small"));
}
