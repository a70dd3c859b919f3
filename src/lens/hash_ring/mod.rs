//! The inside of a cache cluster: which node each key belongs to and why, what a change moves, and
//! what the nodes have to do. Everything is worked out by the algorithms that run, from the same
//! membership and the same texts of keys.

use crate::base::text;
use crate::component::cache_cluster::{CacheCluster, CacheClusterParams};
use crate::component::{Kind, Spec, State};
use crate::engine::by_member::MemberCounts;
use crate::scene::Scene;
use crate::scene::layout::figures::Figure;
use crate::scene::layout::sheet::Sheet;

use super::column::Column;
use super::{Act, Subject};

mod arcs;
mod chord;
mod circle;
mod compare;
mod dip;
mod moves;
mod panels;
mod slots;
mod tables;
mod weigh;

use moves::{Keys, Layout, Moves};

/// From this width on, figures stand beside the circle.
const WIDE: f32 = 600.0;
/// Whole seconds that requests are counted over.
const SECONDS: usize = 3;

/// All that is drawn.
struct Ring<'a> {
    subject: &'a Subject<'a>,
    /// The component's settings.
    params: &'a CacheClusterParams,
    /// How keys lie now, or would.
    layout: Layout,
    /// What moved, or would.
    moves: Option<Moves>,
    keys: Keys,
    /// Where each key lies, in turns.
    turns: Vec<f32>,
    /// The picked key, as a position in `keys`.
    picked: usize,
    /// Where the point lies that owns it, in turns; none if there are no points.
    owner_turn: Option<f32>,
    /// The share of the circle, or of the keys, that each member owns.
    shares: Vec<f64>,
    /// What the members counted in the last seconds.
    counts: Vec<MemberCounts>,
    /// The picked member.
    node: Option<usize>,
}

/// Draws it.
pub fn draw(subject: &Subject) -> Scene {
    let title = format!("Inside {}", subject.label);
    let component = &subject.world.blueprint().components[subject.component as usize];
    let Some(ring) = component.spec.as_ref().and_then(|it| Ring::new(subject, it)) else {
        return Sheet::new(subject.width, title, "Nothing is inside yet.").finish();
    };
    let chord = ring.is_chord().then(|| chord::View::new(&ring));
    let words = match &chord {
        Some(Some(view)) => view.describe(),
        _ => ring.describe(),
    };
    let mut sheet = Sheet::new(subject.width, title, words);
    ring.figures(&mut sheet);
    sheet.space(8.0);
    let (y, width) = (sheet.block(0.0).y, sheet.width());
    let wide = width >= WIDE;
    let left = if wide { (width - 24.0) * 0.46 } else { width };
    let marks = sheet.marks();
    let mut column = Column { marks, x: 0.0, y, width: left };
    ring.views(&mut column);
    match &chord {
        Some(Some(view)) => view.circle(&mut column),
        Some(None) => ring.no_chord(&mut column),
        None => circle::draw(&ring, &mut column),
    }
    if chord.is_none() {
        ring.picked(&mut column);
    }
    let end = column.y;
    let mut column = match wide {
        true => Column { marks, x: left + 24.0, y, width: width - left - 24.0 },
        false => Column { marks, x: 0.0, y: end + 8.0, width },
    };
    match &chord {
        Some(view) => view.iter().for_each(|it| it.panels(&mut column)),
        None => {
            ring.change(&mut column);
            ring.compare(&mut column);
            ring.dip(&mut column);
            ring.requests(&mut column);
            ring.slots(&mut column);
            ring.tables(&mut column);
        }
    }
    ring.settings(&mut column);
    let end = column.y.max(end);
    sheet.block(end - y + 4.0);
    sheet.finish()
}

impl<'a> Ring<'a> {
    fn new(subject: &'a Subject<'a>, spec: &'a Spec) -> Option<Self> {
        let Spec::CacheCluster(params) = spec else { return None };
        let keys = Keys::of(subject);
        let (layout, moves) = moves::now(subject, spec, &keys)?;
        let turns: Vec<_> = keys.texts.iter().map(|it| layout.turn(it)).collect();
        let picked = subject.noted("key").and_then(|it| it.parse().ok());
        let picked = picked.and_then(|it: u32| keys.numbers.iter().position(|key| *key == it));
        let picked = picked.unwrap_or(0);
        let owner_turn = layout.placed.points().map(|(points, bits)| {
            let at = layout.placed.position(keys.texts[picked].as_bytes()).unwrap_or_default();
            let owner = points[points.partition_point(|it| it.at < at) % points.len()];
            libm::ldexp(owner.at as f64, -(bits as i32)) as f32
        });
        let record = subject.record();
        let counts = record.map(|it| it.by_member.until(subject.now(), SECONDS));
        let node = subject.noted("node").and_then(|name| {
            let name_of = |it: &usize| CacheCluster::member_name(params, *it as u16) == name;
            (0..layout.by.nodes.len()).find(name_of)
        });
        let (shares, counts) = (layout.shares(subject, &keys), counts.unwrap_or_default());
        Some(Self {
            subject,
            params,
            layout,
            moves,
            keys,
            turns,
            picked,
            owner_turn,
            shares,
            counts,
            node,
        })
    }

    fn members(&self) -> usize {
        self.layout.by.nodes.len()
    }

    fn name(&self, ordinal: usize) -> String {
        CacheCluster::member_name(self.params, ordinal as u16)
    }

    /// Whether a member is no part of the membership.
    fn is_out(&self, ordinal: usize) -> bool {
        self.layout.by.nodes.get(ordinal).is_none_or(|it| it.weight == 0)
    }

    /// Whether keys go to a member that none went to before the change.
    fn is_new(&self, ordinal: usize) -> bool {
        let joined = |it: &Moves| {
            !it.before.among.contains(&ordinal) && self.layout.among.contains(&ordinal)
        };
        self.moves.as_ref().is_some_and(joined)
    }

    /// Whether a member is up, whatever callers know.
    fn is_up(&self, ordinal: usize) -> bool {
        self.subject.members().get(ordinal).is_some_and(|it| it.1)
    }

    fn holds(&self, ordinal: usize, key: u32) -> Option<bool> {
        match self.subject.members().get(ordinal)? {
            (Some(State::CacheCluster(state)), true) => Some(state.entries.get(key).is_some()),
            _ => None,
        }
    }

    /// The act that takes a member out of the membership, or in; none if that cannot be.
    fn set_out(&self, ordinal: usize, out: bool) -> Option<String> {
        let nodes = self.params.nodes as usize;
        let set = |field: &str, value: String| Some(Act::Set(field.into(), value).to_string());
        match out {
            false if ordinal >= nodes => {
                (nodes < 26).then(|| set("nodes", (nodes + 1).to_string()))?
            }
            false => self.set_weight(ordinal, 1),
            true if self.layout.among == [ordinal] => None,
            // Whoever hands over what it has stays until it has.
            true if ordinal + 1 == nodes && nodes > 1 && !self.params.moves() => {
                set("nodes", (nodes - 1).to_string())
            }
            true => self.set_weight(ordinal, 0),
        }
    }

    /// The act that gives a member another weight.
    fn set_weight(&self, ordinal: usize, weight: u32) -> Option<String> {
        let of = |it: usize| if it == ordinal { weight } else { self.params.weights.of(it) };
        let weights: Vec<_> =
            (0..self.params.nodes as usize).map(|it| of(it).to_string()).collect();
        let value = format!("\"{}\"", weights.join(", "));
        Some(Act::Set("weights".into(), value).to_string())
    }

    /// Where a member's letter stands beside the circle, in turns: in the middle of its longest
    /// stretch if there are few, else in order; never on another's.
    fn handle_turn(&self, ordinal: usize) -> f32 {
        self.handle_turn_in(&self.layout, ordinal)
    }

    /// The same in another layout.
    fn handle_turn_in(&self, layout: &Layout, ordinal: usize) -> f32 {
        let known: Vec<usize> = (0..self.members()).filter(|it| !self.is_out(*it)).collect();
        let count = known.len() as f32;
        let stretches = layout.stretches();
        let at = |index: usize, ordinal: usize| {
            let in_order = (index as f32 + 0.5) / count;
            if stretches.len() > 4 * known.len() {
                return in_order;
            }
            let (mut last, mut longest) = (0.0, (0.0, in_order));
            for (end, owner) in &stretches {
                if *owner == ordinal && end - last > longest.0 {
                    longest = (end - last, f32::midpoint(last, *end));
                }
                last = *end;
            }
            longest.1
        };
        let mut turns: Vec<(f32, usize)> =
            known.iter().enumerate().map(|(index, it)| (at(index, *it), *it)).collect();
        turns.sort_by(|one, other| one.0.total_cmp(&other.0));
        let apart = (0.034f32).min(0.9 / count);
        for _ in 0..16 {
            for index in 0..turns.len() {
                let next = (index + 1) % turns.len();
                let gap = (turns[next].0 - turns[index].0).rem_euclid(1.0);
                if gap < apart && next != index {
                    turns[index].0 -= (apart - gap) / 2.0;
                    turns[next].0 += (apart - gap) / 2.0;
                }
            }
        }
        turns.iter().find(|it| it.1 == ordinal).map_or(0.0, |it| it.0.rem_euclid(1.0))
    }

    /// Hits of all reads in the last whole second before the cursor.
    fn hit_ratio(&self) -> Option<f64> {
        let counts = self.subject.record()?.by_member.until(self.subject.now(), 1);
        let sum = |of: usize| counts.iter().map(|it| u64::from(it.counters[of])).sum::<u64>();
        let reads = sum(0) + sum(1);
        (reads > 0).then(|| sum(0) as f64 / reads as f64)
    }

    fn describe(&self) -> String {
        let scheme = self.params.scheme.0.label();
        let owner = self.name(self.layout.owners[self.picked]);
        let mut words = format!(
            "{} nodes by {scheme}; {} belongs to {owner}.",
            self.layout.among.len(),
            self.keys.texts[self.picked],
        );
        if let Some(moves) = &self.moves {
            let moved = if moves.trial { "would move" } else { "moved" };
            words += &format!(
                " {}: {} of {} keys {moved}, {} of them between nodes that stay.",
                moves.what,
                moves.moved,
                self.keys.len(),
                moves.between,
            );
        }
        if let Some(ratio) = self.hit_ratio() {
            words += &format!(" {} of reads hit in the last second.", text::percent(ratio));
        }
        words
    }

    fn figures(&self, sheet: &mut Sheet) {
        let ratio = self.hit_ratio().map_or("–".into(), |it| text::number(it * 100.0));
        let held = |it: &usize| match self.subject.members().get(*it) {
            Some((Some(State::CacheCluster(state)), true)) => state.entries.len() as u64,
            _ => 0,
        };
        let held: u64 = (0..self.members()).map(|it| held(&it)).sum();
        sheet.figures(
            "figures",
            &[
                Figure::new("hit-ratio", "Hit ratio, last 1 s", ratio, "%"),
                Figure::new("entries", "Entries", text::count(held), ""),
                Figure::new("nodes", "Nodes asked", self.layout.among.len().to_string(), ""),
            ],
        );
    }
}
