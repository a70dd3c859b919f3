//! What a change of the map moves: asked beforehand, by several schemes; and how the rows do move,
//! stage by stage.

use crate::algorithm::placement::Scheme;
use crate::base::text;
use crate::base::time::Nanos;
use crate::component::sharded_db::{Move, ShardedDb, Stage};
use crate::component::{Kind, Membership};
use crate::scene::layout::chips::Chip;
use crate::scene::{CellStyle, Tone};

use super::super::Act;
use super::super::column::{Bar, Column};
use super::{Shard, Shards};

/// Keys that shares are counted on, evenly spread.
const COUNTED: u32 = 5_000;
/// Schemes that are compared.
const COMPARED: [Scheme; 4] = [Scheme::Modulo, Scheme::Ring, Scheme::Rendezvous, Scheme::Jump];
/// Places to split at that the slider offers.
const PLACES: u64 = 24;

/// The part of the keys that has another node by one membership than by the other.
fn moved(before: &Membership, after: &Membership, keys: u32) -> Option<f64> {
    let (known, then) = (before.ordinals(), after.ordinals());
    let (one, other) = (before.place(&known).ok()?, after.place(&then).ok()?);
    let count = keys.min(COUNTED);
    let mut moved = 0;
    for at in 0..count {
        let key = u64::from(at) * u64::from(keys) / u64::from(count);
        let key = key.to_string();
        let (from, to) =
            (one.find(key.as_bytes(), &[]).ok()?, other.find(key.as_bytes(), &[]).ok()?);
        moved += u32::from(known[from] != then[to]);
    }
    Some(f64::from(moved) / f64::from(count.max(1)))
}

fn short(scheme: Scheme) -> &'static str {
    if scheme == Scheme::Jump { "Jump" } else { scheme.label() }
}

/// Under which name a guess is noted of what so many shards will have moved.
fn guess_for(nodes: usize) -> String {
    format!("guess-{nodes}")
}

/// What one shard has to bring to others.
struct Bringing<'a> {
    name: &'a str,
    /// Rows handed over, and of the others those copied.
    over: u64,
    copied: u64,
    total: u64,
    stage: &'static str,
    to: Vec<String>,
}

impl Shards<'_> {
    /// When the latest change was.
    fn since(&self) -> Nanos {
        self.before.as_ref().map_or(Nanos::ZERO, |it| it.0)
    }

    /// Whether rows are moving.
    pub(super) fn moving(&self) -> bool {
        self.moves().next().is_some()
    }

    fn moves(&self) -> impl Iterator<Item = &Move> {
        self.shards.iter().filter_map(|it| it.state).flat_map(|it| &it.moves)
    }

    /// Rows that have still to move, and all that move by the latest change.
    pub(super) fn progress(&self) -> (u64, u64) {
        let left: u64 = self.moves().map(|it| it.left() as u64).sum();
        let bringing = self.shards.iter().filter_map(|it| self.bringing(it));
        (left, bringing.map(|it| it.total).sum())
    }

    fn bringing<'a>(&self, shard: &'a Shard) -> Option<Bringing<'a>> {
        let state = shard.state?;
        let done = state.moved.iter().filter(|it| it.times[0] >= self.since());
        let over: u64 = done.clone().map(|it| u64::from(it.rows)).sum();
        let left: u64 = state.moves.iter().map(|it| it.left() as u64).sum();
        let copied: u64 = state.moves.iter().map(|it| it.copied as u64).sum();
        if over + left == 0 {
            return None;
        }
        let stage = match state.moves.front().map(|it| it.stage) {
            None => "done",
            Some(Stage::Waits) => "waits",
            Some(Stage::Copy) => "copies",
            Some(Stage::CatchUp) => "catches up",
            Some(Stage::CutOver) => "cuts over",
        };
        let mut to: Vec<_> =
            done.map(|it| it.to).chain(state.moves.iter().map(|it| it.to)).collect();
        to.sort_unstable();
        to.dedup();
        let to = to.into_iter().map(|it| self.name(it.into())).collect();
        Some(Bringing { name: &shard.name, over, copied, total: over + left, stage, to })
    }

    /// How the rows move that the latest change has to move.
    pub(super) fn resharding(&self, column: &mut Column) {
        let all: Vec<_> = self.shards.iter().filter_map(|it| self.bringing(it)).collect();
        let total: u64 = all.iter().map(|it| it.total).sum();
        if total == 0 {
            return;
        }
        let over: u64 = all.iter().map(|it| it.over).sum();
        let part = over as f64 / total as f64;
        let right = format!("{} of {} rows", text::count(over), text::count(total));
        let words = if over == total { "Resharded" } else { "Resharding" };
        column.caption("resharding", [&format!("{words}: {}", text::percent(part)), &right]);
        let bars: Vec<_> = all
            .iter()
            .map(|it| {
                let total = it.total as f64;
                Bar {
                    id: format!("resharding/{}", it.name),
                    name: it.name,
                    part: it.over as f64 / total,
                    ghost: (it.copied > 0).then_some((it.over + it.copied) as f64 / total),
                    figure: it.stage.into(),
                    tone: Tone::Link,
                    label: format!(
                        "{} {}: {} of {} rows handed over to {}, {} more copied",
                        it.name,
                        it.stage,
                        text::count(it.over),
                        text::count(it.total),
                        it.to.join(", "),
                        text::count(it.copied),
                    ),
                }
            })
            .collect();
        column.bars(&bars, None);
        let states = self.shards.iter().filter_map(|it| it.state);
        let done = states.flat_map(|it| &it.moved).filter(|it| it.times[0] >= self.since());
        let again: u64 = done.clone().map(|it| u64::from(it.again)).sum::<u64>()
            + self.moves().map(|it| u64::from(it.again)).sum::<u64>();
        let dirty: usize = self.moves().map(|it| it.dirty.len()).sum();
        let pause = done.map(|it| it.times[3].saturating_sub(it.times[2])).max();
        let mut words =
            "Filled: handed over. Dashed: copied, still served where it was.".to_owned();
        if again > 0 || dirty > 0 {
            let (again, dirty) = (text::count(again), text::count(dirty as u64));
            words += &format!(" Written meanwhile: {again} copied once more, {dirty} to be.");
        }
        if let Some(pause) = pause {
            let pause = text::duration(pause.0 as f64);
            words += &format!(" Longest pause while rows changed hands: {pause}.");
        }
        column.words("resharding/words", &words);
        column.space(8.0);
    }

    /// The membership with another shard, by a scheme.
    fn grown(&self, scheme: Scheme, nodes: usize) -> Membership {
        let mut by = Membership { scheme, ..self.by.clone() };
        by.settings.rows.clear();
        by.nodes.truncate(nodes);
        while by.nodes.len() < nodes {
            let mut node = by.nodes[0].clone();
            (node.name, node.weight) = (self.name(by.nodes.len()), 1);
            by.nodes.push(node);
        }
        by
    }

    /// What another shard moves; and a split, where there are pieces.
    pub(super) fn change(&self, column: &mut Column) {
        match self.params.scheme.0 {
            Scheme::Range if self.params.splits() => self.add_alone(column),
            Scheme::Range => self.split(column),
            _ => self.add(column),
        }
        column.space(8.0);
    }

    fn add(&self, column: &mut Column) {
        let nodes = self.shards.len();
        let was = self.before.as_ref().map(|it| it.1);
        let was = was.filter(|it| it.scheme == self.params.scheme);
        let was = was.map(|it| ShardedDb::members(it) as usize).filter(|it| *it < nodes);
        if let Some(was) = was {
            self.compare(was, nodes, "moved", column);
            column.space(6.0);
        }
        if nodes >= 26 {
            return;
        }
        let (next, asked) = (self.name(nodes), guess_for(nodes + 1));
        let guess = self.guess(nodes + 1);
        let words = format!("Add {next}: how many rows move?");
        let value = guess.map_or("drag to guess".into(), |it| format!("{it} %"));
        let spot = |it: u32| {
            let act = Act::Note(asked.clone(), it.to_string()).to_string();
            (act, format!("{it} %"))
        };
        let spots = (0..=100).map(spot).collect();
        column.slider("guess", [&words, &value], spots, guess.map(|it| it as usize));
        column.space(4.0);
        self.add_chip("its rows move while requests go on", column);
    }

    /// A shard that begins empty, where ranges move to it by themselves.
    fn add_alone(&self, column: &mut Column) {
        if self.shards.len() < 26 {
            self.add_chip("it begins empty, and ranges go there by themselves", column);
        }
    }

    fn add_chip(&self, then: &str, column: &mut Column) {
        let nodes = self.shards.len();
        let next = self.name(nodes);
        let mut chip = Chip::new("add", format!("Add {next}"));
        chip.label = Some(format!("Add {next}, now: {then}"));
        chip.action = Some(Self::set("shards", (nodes + 1).to_string()));
        column.chips("add", &[chip.styled(Tone::Ink, CellStyle::Strong)], 1);
    }

    /// What somebody guessed that so many shards would have moved, in percent.
    fn guess(&self, nodes: usize) -> Option<u32> {
        self.subject.noted(&guess_for(nodes)).and_then(|it| it.parse().ok())
    }

    /// What part of the rows more shards move, by several schemes, beside what was guessed.
    fn compare(&self, before: usize, after: usize, verb: &str, column: &mut Column) {
        let words = format!("{before} to {after} shards: rows that {verb}");
        column.caption("moves", [&words, ""]);
        let (own, guess) = (self.params.scheme.0, self.guess(after));
        let schemes = COMPARED.into_iter().chain((!COMPARED.contains(&own)).then_some(own));
        let shares: Vec<_> = schemes
            .filter_map(|it| {
                let (one, other) = (self.grown(it, before), self.grown(it, after));
                Some((it, moved(&one, &other, self.params.keys)?))
            })
            .collect();
        let bars: Vec<_> = shares
            .iter()
            .map(|(scheme, share)| Bar {
                id: format!("moves/{}", scheme.id()),
                name: short(*scheme),
                part: *share,
                ghost: guess.filter(|_| *scheme == own).map(|it| f64::from(it) / 100.0),
                figure: format!("{:>4.1} %", share * 100.0),
                tone: if *scheme == own { Tone::Link } else { Tone::Ink3 },
                label: format!("{}: {} of the rows {verb}", short(*scheme), text::percent(*share)),
            })
            .collect();
        let even = (after - before) as f64 / after as f64;
        column.bars(&bars, Some((even, &format!("even share {}", text::percent(even)))));
        if let Some(guess) = guess {
            column.words("moves/guess", &format!("Your guess, dashed: {guess} %."));
        }
    }

    /// A piece is split, or joined to the one before.
    fn split(&self, column: &mut Column) {
        let Ok(pieces) = self.params.pieces() else { return };
        let keys = u64::from(self.params.keys);
        let places: Vec<u64> = (1..PLACES).map(|it| keys * it / PLACES).collect();
        let last = pieces.iter().last().map_or(0, |it| it.0);
        let noted = self.subject.noted("split").and_then(|it| it.parse::<u64>().ok());
        let noted = noted.filter(|it| places.contains(it));
        // The last piece in two, unless somebody has chosen a place.
        let middle = places.iter().copied().min_by_key(|it| it.abs_diff(u64::midpoint(last, keys)));
        let Some(at) = noted.or(middle) else { return };
        let spot = |it: &u64| {
            let act = Act::Note("split".into(), it.to_string()).to_string();
            (act, format!("from {}", text::count(*it)))
        };
        let position = places.iter().position(|it| *it == at);
        let value = format!("{}:{}", self.subject.key_name, text::count(at));
        let spots = places.iter().map(spot).collect();
        column.slider("split", ["Split a range at", &value], spots, position);
        column.space(4.0);
        let mut chips = Vec::new();
        let named = |it: &&Shard| pieces.iter().any(|piece| piece.1 == it.name);
        let idle = self.shards.iter().find(|it| !named(it)).map(|it| it.name.clone());
        let to = idle.or_else(|| (self.shards.len() < 26).then(|| self.name(self.shards.len())));
        if let Some(to) = to {
            let mut split = pieces.clone();
            if split.split(at, &to) {
                let mut chip =
                    Chip::new("split-act", format!("Add {to} from {} on", text::count(at)));
                chip.action = Some(Self::set("ranges", format!("\"{split}\"")));
                chips.push(chip.styled(Tone::Ink, CellStyle::Strong));
            }
        }
        let mut merged = pieces.clone();
        if merged.merge(last) {
            let (from, to) = (pieces.node(last), merged.node(last));
            let mut chip = Chip::new("merge-act", format!("Join {from} to {to}"));
            chip.label =
                Some(format!("The keys from {} on go from {from} to {to}", text::count(last)));
            // A shard that nobody names stays, empty, only where the number of shards has it.
            let mut names = merged.iter().map(|it| it.1);
            let stays = (0..self.params.shards as usize).any(|it| self.name(it) == from);
            if stays || names.any(|it| it == from) {
                chip.action = Some(Self::set("ranges", format!("\"{merged}\"")));
                chips.push(chip);
            }
        }
        column.chips("split-acts", &chips, 2);
    }
}
