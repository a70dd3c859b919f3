//! Room in bytes: how much of it is taken, by values of which sizes, and what Redis calls that.

use crate::algorithm::eviction::Policy;
use crate::base::text;
use crate::base::time::Nanos;
use crate::component::cache::{REFUSED, Strategy};
use crate::scene::Tone;
use crate::scene::layout::figures::Figure;

use super::super::column::{Bar, Column};
use super::super::hits::rate;
use super::{Inside, SECONDS};

/// Sizes told: the part of the entries that is no larger.
const QUANTILES: [(f64, &str); 4] = [(0.1, "p10"), (0.5, "p50"), (0.9, "p90"), (1.0, "largest")];

/// What Redis calls the policy, in its setting maxmemory-policy; none if it has none like it.
fn in_redis(policy: Policy) -> Option<&'static str> {
    match policy {
        Policy::Lru => Some("allkeys-lru"),
        Policy::Lfu => Some("allkeys-lfu"),
        Policy::Random => Some("allkeys-random"),
        Policy::Ttl => Some("noeviction"),
        _ => None,
    }
}

impl Inside<'_> {
    /// The size of the cache, in entries or in kB.
    pub(super) fn size(&self) -> u64 {
        match self.params.max_memory {
            0 => self.params.capacity.into(),
            kilobytes => kilobytes.into(),
        }
    }

    /// The setting that says so.
    pub(super) fn size_field(&self) -> &'static str {
        if self.params.max_memory == 0 { "capacity" } else { "max_memory" }
    }

    /// A size in words.
    pub(super) fn size_words(&self, size: u64) -> String {
        match self.params.max_memory {
            0 => format!("{} entries", text::count(size)),
            _ => text::bytes(size as f64 * 1e3),
        }
    }

    /// What a key's value takes of the room.
    pub(super) fn size_of(&self, key: u32) -> u64 {
        let component = &self.subject.world.blueprint().components[self.subject.component as usize];
        self.params.size_of(component.stream, key)
    }

    /// What is taken.
    pub(super) fn taken_bytes(&self) -> String {
        text::bytes(self.state.order.weight() as f64)
    }

    /// What there is.
    pub(super) fn room_words(&self) -> String {
        text::bytes(self.params.room() as f64)
    }

    /// What is taken of the room, where it is in bytes.
    pub(super) fn memory_figure(&self) -> Option<Figure> {
        let of = format!("of {}", self.room_words());
        let taken = if self.up { self.taken_bytes() } else { text::bytes(0.0) };
        (self.params.max_memory > 0).then(|| Figure::new("memory", "Memory", taken, &of))
    }

    /// The room, what Redis calls it, and the sizes of what is held.
    pub(super) fn memory(&self, column: &mut Column) {
        if self.params.max_memory == 0 {
            return;
        }
        let of = format!("{} of {}", self.taken_bytes(), self.room_words());
        column.caption("memory", ["Memory", &of]);
        let (taken, room) = (self.state.order.weight() as f64, self.params.room() as f64);
        let mut sizes: Vec<u64> =
            self.state.order.order().map(|it| self.state.order.size(it)).collect();
        sizes.sort_unstable();
        let mut bars = vec![Bar {
            id: "memory/taken".into(),
            name: "taken",
            part: taken / room.max(1.0),
            ghost: Some(1.0),
            figure: text::percent(taken / room.max(1.0)),
            tone: Tone::Ink3,
            label: format!("{of} is taken"),
        }];
        let largest = sizes.last().copied().unwrap_or(1).max(1) as f64;
        for (share, name) in QUANTILES {
            let Some(at) = sizes.len().checked_sub(1) else { continue };
            let size = sizes[libm::round(at as f64 * share) as usize] as f64;
            bars.push(Bar {
                id: format!("memory/{name}"),
                name,
                part: size / largest,
                ghost: None,
                figure: text::bytes(size),
                tone: Tone::Ink3,
                label: format!("Sizes of what is held, {name}: {}", text::bytes(size)),
            });
        }
        column.bars(&bars, None);
        column.space(2.0);
        self.when_full(column);
        // As its setting wants it: its own kB and mb are powers of two.
        let room = self.params.room();
        let redis = match in_redis(self.params.policy) {
            Some(policy) => format!("In Redis: maxmemory {room}, maxmemory-policy {policy}."),
            None => format!("In Redis: maxmemory {room}; it has no policy like this one."),
        };
        column.words("memory/redis", &redis);
        column.space(6.0);
    }

    /// What a full cache does: both can be chosen.
    fn when_full(&self, column: &mut Column) {
        let own = self.params.policy;
        // The policy it has, if it evicts.
        let evicts = if own == Policy::Ttl { Policy::Lru } else { own };
        let all = [
            (evicts.id(), ("evict", "When full, entries leave until what comes in fits.")),
            (
                Policy::Ttl.id(),
                ("noeviction", "When full, writes are refused: nothing leaves before its time."),
            ),
        ];
        column.choices(["memory/full", "policy"], all.into_iter(), own.id());
    }

    /// What was not taken in for want of memory.
    pub(super) fn refused(&self, column: &mut Column) {
        let refused = rate(self.subject, REFUSED, SECONDS);
        if !self.params.policy.needs_ttl() && refused == 0.0 {
            return;
        }
        let right = format!("{}, last {SECONDS} s", text::rate(refused, ""));
        column.caption("refused", ["Writes refused, out of memory", &right]);
        let why = match (self.params.policy.needs_ttl(), self.params.strategy) {
            (true, _) if self.params.ttl == Nanos::ZERO => {
                "It is not to evict, and nothing expires: once full, it takes no new key in. Redis, by \
                 noeviction, answers such writes with an error (OOM); those keys go on missing."
            }
            (true, _) => {
                "It is not to evict: once full, it takes no new key in until something expires. Redis, by \
                 noeviction, answers such writes with an error (OOM); those keys go on missing."
            }
            (_, Strategy::WriteBehind) => {
                "What the store has not got may not leave: such writes go through to the store."
            }
            _ => "A value that is larger than the whole room is not taken in.",
        };
        column.words("refused/why", why);
        column.space(6.0);
    }
}
