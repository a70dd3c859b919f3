//! Caches one behind the other: what each answers, and what is left for the store.

use crate::base::text;
use crate::base::time::Nanos;
use crate::component::cache::{HIT, MISS};
use crate::component::{Role, Spec, State};
use crate::scene::Tone;

use super::super::Subject;
use super::super::column::{Bar, Column};
use super::super::hits::{counter, seconds};
use super::{Inside, SECONDS};

/// Keys held that are compared, and those told one by one.
const COMPARED: usize = 5_000;
const TOLD: usize = 4;
/// What is good for longer has no end.
const FOREVER: Nanos = Nanos::seconds(1_000_000);

impl Inside<'_> {
    /// The layers that it is one of, the first to be asked first; none if it is alone, or if they do not
    /// stand in one row.
    fn row(&self) -> Vec<u32> {
        let blueprint = self.subject.world.blueprint();
        let is_cache = |it: &u32| {
            let spec = blueprint.components[*it as usize].spec.as_ref();
            spec.map(Spec::about).is_some_and(|it| it.role == Role::Cache)
        };
        let caches = (0..blueprint.components.len() as u32).filter(is_cache);
        let own = self.subject.component;
        let related = |it: &u32| *it == own || self.is_before(*it, own) || self.is_before(own, *it);
        let mut row: Vec<u32> = Vec::new();
        for it in caches.filter(related) {
            let at = row.iter().position(|other| self.is_before(it, *other));
            row.insert(at.unwrap_or(row.len()), it);
        }
        let in_row = row.windows(2).all(|it| self.is_before(it[0], it[1]));
        if in_row && row.len() > 1 { row } else { Vec::new() }
    }

    /// Whether a cache is asked, and misses, before another is asked: because it asks others itself, or
    /// because one caller asks both in turn.
    fn is_before(&self, one: u32, other: u32) -> bool {
        let blueprint = self.subject.world.blueprint();
        let wires = |of: u32| {
            let out = blueprint.components[of as usize].out.iter();
            out.map(|it| &blueprint.wires[*it as usize]).filter(|it| it.alive)
        };
        let (mut seen, mut next) = (vec![one], 0);
        while next < seen.len() {
            let fresh: Vec<_> =
                wires(seen[next]).map(|it| it.to).filter(|it| !seen.contains(it)).collect();
            seen.extend(fresh);
            next += 1;
        }
        let in_turn = |of: u32| {
            // Callers ask in the order of their wires' ids.
            let at = |wanted: u32| wires(of).find(|it| it.to == wanted).map(|it| &it.id);
            at(one).zip(at(other)).is_some_and(|(one, other)| one < other)
        };
        one != other && seen.contains(&other) || (0..blueprint.components.len() as u32).any(in_turn)
    }

    /// A bar for each layer, and what their misses multiply to.
    pub(super) fn layers(&self, column: &mut Column) {
        let row = self.row();
        if row.is_empty() {
            return;
        }
        let layer = |it: &u32| {
            let windows = seconds(&Subject { component: *it, ..*self.subject });
            let lately = &windows[windows.len().saturating_sub(SECONDS)..];
            let sum = |of: u8| lately.iter().map(|it| counter(it, of)).sum::<u64>();
            let id = &self.subject.world.blueprint().components[*it as usize].id;
            ((self.subject.name)(id), sum(HIT), sum(HIT) + sum(MISS), lately.len().max(1))
        };
        let layers: Vec<_> = row.iter().map(layer).collect();
        column.space(8.0);
        column.caption("layers", ["Layers, 10 s", "hits of their reads"]);
        let share = |hits: u64, reads: u64| hits as f64 / reads.max(1) as f64;
        let mut bars = Vec::new();
        for (at, (name, hits, reads, seconds)) in layers.iter().enumerate() {
            let part = share(*hits, *reads);
            let rate = text::rate(*reads as f64 / *seconds as f64, "");
            let is_own = row[at] == self.subject.component;
            bars.push(Bar {
                id: format!("layers/{}", at + 1),
                name,
                part,
                ghost: None,
                figure: format!("{:.0} % of {rate}", part * 100.0),
                tone: if is_own { Tone::Link } else { Tone::Ink3 },
                label: format!("{name}: {hits} of {reads} reads hit"),
            });
        }
        column.bars(&bars, None);
        let missed: Vec<f64> = layers.iter().map(|it| 1.0 - share(it.1, it.2)).collect();
        let product: f64 = missed.iter().product();
        let factors: Vec<_> = missed.iter().map(|it| format!("{it:.2}")).collect();
        let words = format!(
            "Of 100 reads the store gets {:.1}: misses multiply, {} = {product:.3}.",
            product * 100.0,
            factors.join(" × "),
        );
        // Others may ask a layer too, past the one before it.
        let alone = |pair: &[(String, u64, u64, usize)]| {
            let missed = (pair[0].2 - pair[0].1) as f64;
            (pair[1].2 as f64 - missed).abs() <= 0.05 * missed + 5.0
        };
        let words = match layers.windows(2).all(alone) {
            true => words.as_str(),
            false => {
                "Not all reads of a layer are those that the one before it missed: others ask it too."
            }
        };
        if layers.iter().all(|it| it.2 > 0) {
            column.words("layers/product", words);
        }
        self.versions(&row, column);
    }

    /// What a layer has of a key, as long as it is good: its version, and the time it has left.
    fn version(&self, layer: u32, key: u32) -> Option<(u32, Nanos)> {
        let world = self.subject.world;
        let member = *world.blueprint().components[layer as usize].members.first()?;
        let Some(State::Cache(state)) = &world.member(member).state else { return None };
        let entry = state.entries.get(key).filter(|_| world.is_up(member))?;
        let good = entry.expires.saturating_sub(self.subject.now());
        (good > Nanos::ZERO || entry.dirty).then_some((entry.version, good))
    }

    /// The same in words, with the cache's name.
    pub(super) fn copy(&self, cache: u32, key: u32) -> String {
        let id = &self.subject.world.blueprint().components[cache as usize].id;
        let name = (self.subject.name)(id);
        match self.version(cache, key) {
            None => format!("{name} –"),
            Some((version, left)) if left > FOREVER => format!("{name} v{version}"),
            Some((version, left)) => {
                format!("{name} v{version} for {}", text::duration(left.0 as f64))
            }
        }
    }

    /// Of the keys held here, those that another layer has in another version, and who has which.
    fn versions(&self, row: &[u32], column: &mut Column) {
        let versions = |key: u32| row.iter().map(move |it| self.version(*it, key));
        let held: Vec<u32> =
            self.state.order.order().map(|it| self.state.order.key(it)).take(COMPARED).collect();
        let own = |key: &u32| self.version(self.subject.component, *key);
        let held: Vec<u32> = held.into_iter().filter(|it| self.up && own(it).is_some()).collect();
        let differ = |key: &&u32| {
            let own = own(key).map(|it| it.0);
            versions(**key).flatten().any(|it| Some(it.0) != own)
        };
        let differing: Vec<u32> = held.iter().filter(differ).copied().collect();
        column.space(6.0);
        let right = format!(
            "{} of {} differ",
            text::count(differing.len() as u64),
            text::some(held.len() as u64, "key"),
        );
        column.caption("versions", ["Versions: do the layers agree?", &right]);
        let told =
            self.key.into_iter().chain(differing.into_iter().filter(|it| Some(*it) != self.key));
        for (index, key) in told.take(TOLD).enumerate() {
            let all: Vec<_> = row.iter().map(|it| self.copy(*it, key)).collect();
            let words = format!("{}: {}.", self.subject.key(key), all.join(", "));
            column.words(&format!("versions/{index}"), &words);
        }
        column.words("versions/why", "Each keeps what it has until its time is up, or it is told.");
    }
}
