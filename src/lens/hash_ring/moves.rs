//! Which keys belong to whom, before and after a change: by the algorithms that run, on the keys that
//! are shown.

use crate::algorithm::placement::{Placed, Scheme};
use crate::base::time::Nanos;
use crate::component::{Membership, Spec};

use super::super::{Act, Subject};

/// Keys shown.
pub const SHOWN: u32 = 96;
/// Keys that shares are counted on where no circle says them.
const COUNTED: u32 = 5_000;

/// Keys as they are shown and as they are hashed.
pub struct Keys {
    /// Their numbers, rising.
    pub numbers: Vec<u32>,
    /// Their texts.
    pub texts: Vec<String>,
    /// How many keys there are in all.
    pub total: u32,
}

impl Keys {
    /// All keys, or [`SHOWN`] of them evenly spread.
    pub fn of(subject: &Subject) -> Self {
        let components = &subject.world.blueprint().components;
        let keys = components.iter().find_map(|it| match &it.spec {
            Some(Spec::Client(client)) => Some(client.keys),
            _ => None,
        });
        let total = keys.unwrap_or(SHOWN);
        let numbers = evenly(total, SHOWN);
        let texts = numbers.iter().map(|it| subject.key(*it)).collect();
        Self { numbers, texts, total }
    }

    /// How many are shown.
    pub fn len(&self) -> usize {
        self.numbers.len()
    }
}

/// A membership, those of it who are asked, and the member of each key shown.
pub struct Layout {
    /// Who there is.
    pub by: Membership,
    /// Who is asked, by ordinal.
    pub among: Vec<usize>,
    /// The scheme at work on them.
    pub placed: Placed,
    /// The ordinal of each key's member.
    pub owners: Vec<usize>,
}

impl Layout {
    /// None if the scheme does not take it.
    pub fn new(by: Membership, among: Vec<usize>, keys: &Keys) -> Option<Self> {
        let placed = by.place(&among).ok()?;
        let owner = |key: &String| placed.find(key.as_bytes(), &[]).ok().map(|it| among[it]);
        let owners = keys.texts.iter().map(owner).collect::<Option<Vec<_>>>()?;
        Some(Self { by, among, placed, owners })
    }

    /// The same by another scheme.
    pub fn by_scheme(&self, scheme: Scheme, keys: &Keys) -> Option<Self> {
        Self::new(Membership { scheme, ..self.by.clone() }, self.among.clone(), keys)
    }

    /// Which part of all weights a member has; its even share of the keys.
    pub fn even(&self, ordinal: usize) -> f64 {
        even(&self.by, &self.among, ordinal)
    }

    /// Where a key lies on the circle, in turns: by its hash, whatever the scheme.
    pub fn turn(&self, key: &str) -> f32 {
        let (at, bits) = match (&self.placed, self.placed.points()) {
            (Placed::RedisSlots(_), _) => {
                let slot = crate::algorithm::placement::redis_slots::slot(key.as_bytes());
                (u64::from(slot), 14)
            }
            (placed, Some((_, bits))) => {
                (placed.position(key.as_bytes()).unwrap_or_default(), bits)
            }
            _ => (self.by.settings.hash.of(key.as_bytes()), self.by.settings.hash.bits()),
        };
        libm::ldexp(at as f64, -(bits as i32)) as f32
    }

    /// Stretches of the circle from its zero on: where each ends, in turns, and whose it is. Empty if
    /// places on a circle do not say who owns them.
    pub fn stretches(&self) -> Vec<(f32, usize)> {
        if let Placed::RedisSlots(slots) = &self.placed {
            let end = |it: &u32| (it + 1) as f32 / 16_384.0;
            let piece = |it: &(u32, u32)| (end(&it.0), self.among[it.1 as usize]);
            return slots.pieces().iter().map(piece).collect();
        }
        let Some((points, bits)) = self.placed.points() else { return Vec::new() };
        let end = |at: u64| libm::ldexp(at as f64, -(bits as i32)) as f32;
        let of = |node: u32| self.among[node as usize];
        let mut stretches: Vec<(f32, usize)> = Vec::new();
        let first = points.first().map(|it| (1.0, of(it.node)));
        for (end, owner) in points.iter().map(|it| (end(it.at), of(it.node))).chain(first) {
            match stretches.last_mut() {
                Some(last) if last.1 == owner => last.0 = end,
                _ => stretches.push((end, owner)),
            }
        }
        stretches
    }

    /// What is shared out: a circle, slots, or only keys.
    pub(super) fn whole(&self) -> &'static str {
        match self.placed {
            Placed::RedisSlots(_) => "slots",
            _ if self.stretches().is_empty() => "keys",
            _ => "ring",
        }
    }

    /// The share of the circle that each member owns, by ordinal; of the keys where there is none.
    pub fn shares(&self, subject: &Subject, keys: &Keys) -> Vec<f64> {
        let mut shares = vec![0.0; self.by.nodes.len()];
        let mut last = 0.0;
        for (end, owner) in self.stretches() {
            shares[owner] += f64::from(end - last);
            last = end;
        }
        if last == 0.0 {
            let numbers = evenly(keys.total, COUNTED);
            let one = 1.0 / numbers.len().max(1) as f64;
            let owner = |it: u32| self.placed.find(subject.key(it).as_bytes(), &[]).ok();
            let owners = numbers.into_iter().filter_map(owner);
            owners.for_each(|it| shares[self.among[it]] += one);
        }
        shares
    }
}

/// Which part of all weights a member has, of those who are asked.
pub fn even(by: &Membership, among: &[usize], ordinal: usize) -> f64 {
    if !among.contains(&ordinal) {
        return 0.0;
    }
    let weighs = by.scheme.weighs();
    let weight = |it: usize| match by.nodes[it].weight {
        // It gives away what it has.
        0 => 0.0,
        weight if weighs => f64::from(weight),
        _ => 1.0,
    };
    weight(ordinal) / among.iter().map(|it| weight(*it)).sum::<f64>()
}

/// Numbers below `total`, at most so many, evenly spread.
fn evenly(total: u32, most: u32) -> Vec<u32> {
    let count = total.min(most);
    (0..count).map(|at| (u64::from(at) * u64::from(total) / u64::from(count)) as u32).collect()
}

/// What a change moves.
pub struct Moves {
    /// Before.
    pub before: Layout,
    /// What changed, in a few words: "D joins".
    pub what: String,
    /// Whether it is only tried out.
    pub trial: bool,
    /// Keys that have another member than before.
    pub moved: usize,
    /// Of these: from a member that stays to one that was there before.
    pub between: usize,
    /// Which part of the keys must move for even shares.
    pub even: f64,
    /// The same change by several schemes: moved keys, and whether it is the one at work. Empty if
    /// members neither came nor went.
    pub schemes: Vec<(Scheme, usize)>,
}

/// Schemes that are compared, besides the one at work.
const COMPARED: [Scheme; 4] = [Scheme::Modulo, Scheme::Ring, Scheme::Rendezvous, Scheme::Jump];

fn moved(before: &Layout, after: &Layout) -> usize {
    before.owners.iter().zip(&after.owners).filter(|it| it.0 != it.1).count()
}

impl Moves {
    /// None if nothing is another than before.
    pub fn new(
        before: Layout,
        after: &Layout,
        keys: &Keys,
        down: bool,
        trial: bool,
    ) -> Option<Self> {
        if before.by == after.by && before.among == after.among {
            return None;
        }
        let pairs = before.owners.iter().zip(&after.owners);
        let survives = |it: &usize| before.among.contains(it) && after.among.contains(it);
        let between =
            pairs.filter(|(from, to)| from != to && survives(from) && survives(to)).count();
        let all = before.by.nodes.len().max(after.by.nodes.len());
        let gain = |it: usize| (after.even(it) - before.even(it)).max(0.0);
        let even = (0..all).map(gain).sum();
        let of = |scheme: Scheme| {
            let (before, after) = (before.by_scheme(scheme, keys)?, after.by_scheme(scheme, keys)?);
            Some((scheme, moved(&before, &after)))
        };
        let mut schemes = Vec::new();
        let own = Some(after.by.scheme).filter(|it| !COMPARED.contains(it));
        if before.among != after.among && before.by.scheme == after.by.scheme {
            schemes = COMPARED.into_iter().chain(own).filter_map(of).collect();
        }
        let what = what((&before.by, &before.among), (&after.by, &after.among), down);
        let moved = moved(&before, after);
        // How slots are dealt anew depends on how they lay.
        let own = |it: &&mut (Scheme, usize)| it.0 == Scheme::RedisSlots && Some(it.0) == own;
        schemes.iter_mut().filter(own).for_each(|it| it.1 = moved);
        Some(Self { before, what, trial, moved, between, even, schemes })
    }
}

/// Who there is, and those of them who are asked.
type Asked<'a> = (&'a Membership, &'a [usize]);

/// What a change is, in a few words.
pub fn what(before: Asked, after: Asked, down: bool) -> String {
    let name =
        |by: &Membership, at: usize| by.nodes.get(at).map_or("?".into(), |it| it.name.clone());
    let list = |from: Asked, than: Asked| -> Vec<String> {
        let only = from.1.iter().filter(|it| !than.1.contains(it));
        only.map(|it| name(from.0, *it)).collect()
    };
    let (came, went) = (list(after, before), list(before, after));
    let verb = |names: &[String], one: &str, many: &str| {
        format!("{} {}", names.join(", "), if names.len() == 1 { one } else { many })
    };
    match (came.is_empty(), went.is_empty()) {
        (false, true) => verb(&came, "joins", "join"),
        (true, false) if down => verb(&went, "is down", "are down"),
        (true, false) => verb(&went, "leaves", "leave"),
        (false, false) => format!("{} for {}", came.join(", "), went.join(", ")),
        (true, true) if before.0.scheme != after.0.scheme => {
            format!("{} in place of {}", after.0.scheme.label(), before.0.scheme.label())
        }
        (true, true) if before.0.settings.vnodes != after.0.settings.vnodes => {
            let (from, to) = (before.0.settings.vnodes, after.0.settings.vnodes);
            format!("{from} to {to} points a node")
        }
        (true, true) if before.0.nodes != after.0.nodes => {
            let pairs = before.0.nodes.iter().zip(&after.0.nodes);
            let others: Vec<_> = pairs.filter(|it| it.0.weight != it.1.weight).collect();
            match others.as_slice() {
                [(from, to)] => format!("{} of weight {}, not {}", to.name, to.weight, from.weight),
                _ => "other weights".into(),
            }
        }
        (true, true) => "other settings".into(),
    }
}

/// Who is asked, as the callers know it: the first of them speaks for all.
fn known_up(subject: &Subject, by: &Membership) -> Vec<usize> {
    let (world, blueprint) = (subject.world, subject.world.blueprint());
    let wires = blueprint.wires.iter().filter(|it| it.alive && it.to == subject.component);
    let route = wires.into_iter().find_map(|wire| {
        let callers = &blueprint.components[wire.from as usize].members;
        let up = callers.iter().find(|it| world.is_up(**it))?;
        world.member(*up).desk.routes.get(wire.out_index as usize)
    });
    let all = by.ordinals();
    let offered = |it: &usize| route.is_none_or(|route| route.is_offered(*it));
    let up: Vec<_> = all.iter().copied().filter(offered).collect();
    if up.is_empty() { all } else { up }
}

/// How keys lie now, or would if what is tried were done; and what the latest change moved.
pub fn now(subject: &Subject, spec: &Spec, keys: &Keys) -> Option<(Layout, Option<Moves>)> {
    if let Some(now) = super::slots::now(subject, spec, keys) {
        return Some(now);
    }
    let by = spec.membership()?;
    let up = known_up(subject, &by);
    if let Some(Act::Set(field, value)) = subject.trial() {
        let mut tried = spec.clone();
        let value = serde_json::from_str(&value).ok()?;
        let set = tried.set(&field, &value).ok().and_then(|()| tried.membership());
        let after = set.and_then(|tried| {
            let new = |it: &usize| by.nodes.get(*it).is_none_or(|it| it.weight == 0);
            let among = tried.ordinals();
            let among = among.into_iter().filter(|it| new(it) || up.contains(it)).collect();
            Layout::new(tried, among, keys)
        });
        if let Some(after) = after {
            let before = Layout::new(by, up, keys)?;
            let moves = Moves::new(before, &after, keys, false, true);
            return Some((after, moves));
        }
    }
    if let Some(Act::Crash(member)) = subject.trial() {
        let left: Vec<_> = up.iter().copied().filter(|it| *it != usize::from(member)).collect();
        if left.len() < up.len() && !left.is_empty() {
            let before = Layout::new(by.clone(), up, keys)?;
            let after = Layout::new(by, left, keys)?;
            let moves = Moves::new(before, &after, keys, true, true);
            return Some((after, moves));
        }
    }
    let all = by.ordinals();
    let down = up != all;
    let after = Layout::new(by.clone(), up, keys)?;
    let before = if down { Some((by, all)) } else { earlier(subject, &by).map(|it| it.1) };
    let before = before.and_then(|(by, among)| Layout::new(by, among, keys));
    let moves = before.and_then(|before| Moves::new(before, &after, keys, down, false));
    Some((after, moves))
}

/// When the membership was last changed by an edit, and what it was before, and who was asked.
pub fn earlier(subject: &Subject, by: &Membership) -> Option<(Nanos, (Membership, Vec<usize>))> {
    let of = |it: &(Nanos, &Spec)| Some((it.0, it.1.membership()?));
    let (at, before) = subject.earlier.iter().filter_map(of).find(|it| it.1 != *by)?;
    let among = before.ordinals();
    Some((at, (before, among)))
}
