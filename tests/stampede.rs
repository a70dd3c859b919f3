//! Loads of one key at the same time: how many a cache lets through while one is under way, with and
//! without single flight, and how early they are begun by XFetch. Expected values in closed form.

use crate::common::looking::Looking;
use crate::common::*;
use ringside::base::spread::Shape;
use ringside::base::time::Nanos;
use ringside::component::Spec;
use ringside::component::cache::flight::is_early;
use ringside::component::cache::{CacheParams, Strategy};
use ringside::component::cache::{EARLY, EXPIRED, JOINED, MISS};
use ringside::component::client::Arrivals;
use ringside::component::service::ServiceParams;
use ringside::component::sql_db::SqlDbParams;
use ringside::document::Design;
use ringside::engine::Note;
use ringside::engine::fault::Fault;

/// From one read to the next, how long a load takes and how long an entry is good for, in
/// milliseconds.
const GAP: u64 = 10;
const LOAD: u64 = 295;
const TTL: u64 = 2_000;

/// Reads of one key in equal gaps, through a service with a cache beside its database, or through the
/// cache itself. Nothing but the load takes time.
fn one_key(cache: CacheParams) -> Design {
    let mut it = design();
    let mut people = client(1000.0 / GAP as f64, 1, 0);
    (people.keys, people.arrivals) = (1, Arrivals::Constant);
    add(&mut it, "people", Spec::Client(people));
    let service = ServiceParams { work: Nanos::ZERO, workers: 1_000, ..ServiceParams::default() };
    add(&mut it, "service", Spec::Service(service));
    let aside = cache.strategy == Strategy::CacheAside;
    let (ttl, work) = (Nanos::millis(TTL), Nanos::ZERO);
    add(&mut it, "cache", Spec::Cache(CacheParams { ttl, work, ..cache }));
    let (read_work, work_shape) = (Nanos::millis(LOAD), Shape::Constant);
    let (replicas, workers) = (0, 1_000);
    let store = SqlDbParams { read_work, work_shape, replicas, workers, ..SqlDbParams::default() };
    add(&mut it, "store", Spec::SqlDb(store));
    wire(&mut it, "people", "service", instant());
    wire(&mut it, "service", "cache", instant());
    wire(&mut it, if aside { "service" } else { "cache" }, "store", instant());
    it
}

/// What happened: by counter, when; and the calls that came to the store.
struct Seen {
    live: Live,
}

impl Seen {
    fn of(cache: CacheParams, seconds: u64) -> Self {
        let mut live = Live::new(&one_key(cache), 7);
        live.audit.keep = true;
        live.run_to(Nanos::seconds(seconds));
        Self { live }
    }

    fn times(&self, of: u8) -> Vec<u64> {
        let cache = slots(&self.live.world, "cache")[0];
        let is = |note: &Note| matches!(note, Note::Count { member, counter, .. } if *member == cache && *counter == of);
        self.live.audit.notes.iter().filter(|it| is(&it.2)).map(|it| it.0.0 / 1_000_000).collect()
    }

    fn loads(&self) -> u64 {
        self.live.audit.component(&self.live.world, "store").offered
    }

    fn failed(&self) -> u64 {
        let people = self.live.audit.component(&self.live.world, "people");
        people.ended.iter().filter(|it| it.0.is_failure()).map(|it| it.1).sum()
    }
}

/// Times in groups with a second and more between them.
fn groups(times: &[u64]) -> Vec<Vec<u64>> {
    let mut groups: Vec<Vec<u64>> = Vec::new();
    for at in times {
        match groups.last_mut() {
            Some(group) if at - group[group.len() - 1] < 1_000 => group.push(*at),
            _ => groups.push(vec![*at]),
        }
    }
    groups
}

/// Reads that come before the first of them has brought the key: one each gap.
const THROUGH: u64 = LOAD / GAP + 1;

/// Without single flight every read asks the store until the first load is back. The last one to come
/// back makes the entry new once more: that long, and its time to live, is it until the next stampede.
#[test]
fn a_stampede_is_as_large_as_what_comes_while_one_load_is_under_way() {
    for strategy in [Strategy::CacheAside, Strategy::ReadThrough] {
        let seen = Seen::of(CacheParams { strategy, ..CacheParams::default() }, 60);
        let groups = groups(&seen.times(MISS));
        let whole = &groups[..groups.len() - 1];
        assert!(whole.len() > 15, "{} stampedes", whole.len());
        assert!(whole.iter().all(|it| it.len() as u64 == THROUGH), "{strategy:?}: {whole:?}");
        let last = (THROUGH - 1) * GAP + LOAD;
        let period = (last + TTL).div_ceil(GAP) * GAP;
        for pair in groups.windows(2) {
            assert_eq!(pair[1][0] - pair[0][0], period, "{strategy:?}");
        }
        assert_eq!(seen.loads(), seen.times(MISS).len() as u64);
        assert_eq!(seen.times(JOINED), [0; 0]);
    }
}

/// With it one asks, and all others wait for that.
#[test]
fn with_single_flight_one_asks_and_the_others_wait() {
    for strategy in [Strategy::CacheAside, Strategy::ReadThrough] {
        let single_flight = Nanos::seconds(5);
        let seen = Seen::of(CacheParams { strategy, single_flight, ..CacheParams::default() }, 60);
        let groups = groups(&seen.times(MISS));
        let whole = groups.len() as u64 - 1;
        assert!(whole > 15, "{whole} times it was too old");
        assert!(groups[..whole as usize].iter().all(|it| it.len() as u64 == THROUGH));
        for pair in groups.windows(2) {
            assert_eq!(pair[1][0] - pair[0][0], (LOAD + TTL).div_ceil(GAP) * GAP, "{strategy:?}");
        }
        assert_eq!(seen.loads(), groups.len() as u64, "{strategy:?}");
        let joined = seen.times(JOINED).len() as u64;
        let last = groups[whole as usize].len() as u64;
        assert_eq!(joined, whole * (THROUGH - 1) + last - 1);
        assert_eq!(seen.failed(), 0);
        seen.live.check_replay();
        seen.live.audit.check_conservation(&seen.live.world);
    }
}

/// A load that does not come back: one more is let through each time the wait is over.
#[test]
fn a_lost_load_is_begun_again_by_one_of_those_who_wait() {
    let single_flight = Nanos::millis(500);
    let mut live = Live::new(&one_key(CacheParams { single_flight, ..CacheParams::default() }), 7);
    live.fault(Fault::Crash(target("store")));
    live.run_to(Nanos::seconds(10));
    let loads = live.audit.component(&live.world, "store").offered;
    let refused = live.audit.component(&live.world, "service").ended.values().sum::<u64>();
    // At 0.01 s, and then every half second.
    assert_eq!((loads, refused), (0, 20), "nobody is there to count them; one fails at a time");
    // Once it is back all are answered.
    live.fault(Fault::Restart(target("store")));
    live.run_to(Nanos::seconds(12));
    assert_eq!(live.audit.component(&live.world, "store").offered, 1);
    for who in ["people", "service", "cache"] {
        assert!(live.audit.component(&live.world, who).jobs < 3, "{who}: nobody waits for ever");
    }
    live.check_replay();
}

/// Callers who give up before the wait is over are passed over: whoever is let through brings the key.
#[test]
fn who_has_left_is_not_let_through() {
    let single_flight = Nanos::millis(500);
    let mut design = one_key(CacheParams { single_flight, ..CacheParams::default() });
    let wire = design.wires.values_mut().find(|it| it.to.as_str() == "cache").expect("it");
    wire.settings.timeout = Nanos::millis(200);
    let mut live = Live::new(&design, 7);
    // The first load is lost, and so are those who wait for it, one after the other.
    live.fault(Fault::Crash(target("store")));
    live.run_to(Nanos::millis(400));
    live.fault(Fault::Restart(target("store")));
    live.run_to(Nanos::seconds(4));
    assert!(live.audit.component(&live.world, "cache").jobs < 3, "nobody waits for ever");
    let late = Seen { live };
    let last = late.times(MISS).last().copied().unwrap_or_default();
    assert!(late.live.audit.component(&late.live.world, "cache").offered > 300);
    assert!(last < 3_500, "the key has come: {last} ms");
    late.live.check_replay();
}

/// Where nobody waits for loads, none leaves a timer behind: what waits in the queue is what is on its way.
#[test]
fn loads_leave_nothing_behind() {
    for (early, single_flight) in [(1.0, Nanos::ZERO), (0.0, Nanos::seconds(30))] {
        let mut design = one_key(CacheParams { early, single_flight, ..CacheParams::default() });
        let Some(Spec::Client(people)) = design.components.get_mut("people").map(|it| &mut it.spec)
        else {
            panic!("there are people")
        };
        (people.keys, people.rate.0) = (1_000_000, 1_000.0);
        let mut live = Live::new(&design, 7);
        live.run_to(Nanos::seconds(10));
        let misses = live.audit.component(&live.world, "store").offered;
        assert!(misses > 5_000, "{misses}");
        // A load takes 0.3 s, and a few messages and timeouts stand for each.
        let waits = live.world.in_flight().count();
        assert!(waits < 300 * 8, "{waits} with {early}, {single_flight}");
    }
}

/// Whoever waits is let go when it is switched off.
#[test]
fn switched_off_nobody_waits_on() {
    let single_flight = Nanos::seconds(60);
    let mut live = Live::new(&one_key(CacheParams { single_flight, ..CacheParams::default() }), 7);
    live.run_to(Nanos::millis(150));
    assert_eq!(live.audit.component(&live.world, "store").offered, 1);
    live.edit(|it| {
        let Some(record) = it.components.get_mut("cache") else { panic!("there is a cache") };
        let Spec::Cache(cache) = &mut record.spec else { panic!("it is one") };
        cache.single_flight = Nanos::ZERO;
    });
    let waited = live.audit.component(&live.world, "cache").ended();
    live.run_for(Nanos::millis(5));
    assert!(
        live.audit.component(&live.world, "store").offered > 10,
        "each asks now, after {waited}"
    );
    live.check_replay();
}

/// PVLDB 8(8): a read so long before the end fetches early with probability exp(−gap / (Δ·β)).
#[test]
fn how_early_is_exponential() {
    let now = Nanos::seconds(100);
    let draws = 10_000;
    for (gap, took, beta) in [(100, 295, 1.0), (590, 295, 1.0), (590, 295, 2.0), (10, 295, 0.5)] {
        let expires = now + Nanos::millis(gap);
        let early = |it: &u32| {
            is_early(now, expires, Nanos::millis(took), beta, f64::from(*it) / f64::from(draws))
        };
        let count = (1..=draws).filter(early).count() as f64;
        let expected = f64::from(draws) * libm::exp(-(gap as f64) / (took as f64 * beta));
        assert!((count - expected).abs() <= 1.0, "{count} of {draws}, not {expected}");
    }
}

/// In the running cache: the mean of how long before its end an entry is fetched, from the product of
/// the chances that no read before did; and hardly anybody waits.
#[test]
fn entries_are_fetched_before_they_are_too_old() {
    let (single_flight, early) = (Nanos::seconds(5), 1.0);
    let seen = Seen::of(CacheParams { single_flight, early, ..CacheParams::default() }, 600);
    let times = seen.times(EARLY);
    // A load begun at 0 is back at 295 ms, and good until 2,295 ms; reads come each 10 ms.
    let end = LOAD + TTL;
    let gaps: Vec<f64> = times.windows(2).map(|it| end as f64 - (it[1] - it[0]) as f64).collect();
    let (mut none, mut mean, mut square) = (1.0, 0.0, 0.0);
    for read in LOAD.div_ceil(GAP)..end.div_ceil(GAP) {
        let gap = (end - read * GAP) as f64;
        let chance = libm::exp(-gap / LOAD as f64);
        (mean, square) = (mean + none * chance * gap, square + none * chance * gap * gap);
        none *= 1.0 - chance;
    }
    assert!(none < 1e-6, "nearly always before its end: {none}");
    assert_eq!(seen.times(EXPIRED).len(), 0);
    let measured = gaps.iter().sum::<f64>() / gaps.len() as f64;
    let error = ((square - mean * mean) / gaps.len() as f64).sqrt();
    assert!(gaps.len() > 400, "{} loads", gaps.len());
    assert!((measured - mean).abs() < 4.0 * error, "{measured} ms, not {mean} ± {error}");
    // The store is asked once for each; only the very first load is waited for, and what is begun
    // less than a load's time before the end.
    assert_eq!(seen.loads(), times.len() as u64 + 1);
    let late = gaps.iter().filter(|it| **it < LOAD as f64).count();
    let joined = groups(&seen.times(JOINED)).len();
    assert!(joined.abs_diff(late + 1) <= 1, "{joined} waits for {late} late loads");
    seen.live.check_replay();
}

/// The lens says who fetches and who waits; without single flight, how many asked at once.
#[test]
fn the_lens_tells_who_fetches_and_who_waits() {
    let open = |cache| Looking::open(one_key(cache), 7, Nanos::ZERO, ("cache", "Cache"));
    let mut alone =
        open(CacheParams { single_flight: Nanos::seconds(5), ..CacheParams::default() });
    // Reads at 10 to 150 ms: the first fetches.
    alone.on(155);
    let scene = alone.scene(300.0);
    let labels: Vec<&str> = scene.marks.iter().filter_map(|it| it.label.as_deref()).collect();
    let told = labels.iter().find(|it| it.contains("145 ms")).expect("the load is told");
    assert!(told.contains("14"), "{told}");
    alone.on(10_000);
    let scene = alone.scene(300.0);
    let lines = scene.marks.iter().filter(|it| it.id.starts_with("flights/told/"));
    let spared: Vec<&str> = lines.map(|it| it.words()).collect();
    assert!(spared.join(" ").contains("spared the store"), "{spared:?}");
    let mut all = open(CacheParams::default());
    all.on(2_000);
    assert!(
        all.words("flights/crowd/0").starts_with("30 reads of"),
        "{}",
        all.words("flights/crowd/0")
    );
}
