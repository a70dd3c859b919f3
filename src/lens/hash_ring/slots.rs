//! Slots that change hands with their entries: from whom to whom, how far that is, and who is sent after
//! a key.

use crate::algorithm::placement::redis_slots::{self, SLOTS};
use crate::algorithm::placement::{Placed, Scheme};
use crate::base::text;
use crate::component::cache_cluster::{
    ASK, Asked, CacheClusterParams, Learn, MOVED, Moving, Stage,
};
use crate::component::{Spec, State};
use crate::scene::layout::chips::Chip;
use crate::scene::{CellStyle, Tone};

use super::super::column::{Bar, Column};
use super::super::hits::{counter, seconds};
use super::super::{Act, Subject};
use super::Ring;
use super::moves::{Keys, Layout, Moves};

/// Whole seconds that answers are counted over.
const SECONDS: usize = 3;
/// How many slots may go at a time, to choose from.
const CHOICES: [(u32, &str, &str); 4] = [
    (0, "No", "slots change hands at one moment, and their keys miss"),
    (1, "1 at a time", "as redis-cli does"),
    (16, "16 at a time", "from each node"),
    (128, "128 at a time", "from each node"),
];

/// What nodes that are up know of slots that change hands.
fn known<'a>(subject: &Subject<'a>) -> Vec<(usize, &'a Moving)> {
    let of = |(ordinal, it): (usize, (Option<&'a State>, bool))| match it {
        (Some(State::CacheCluster(state)), true) => Some((ordinal, state.moving.as_deref()?)),
        _ => None,
    };
    subject.members().into_iter().enumerate().filter_map(of).collect()
}

/// By slot: the node that has it, and the one that is to have it, by whoever knows best.
fn tables(subject: &Subject) -> Option<[Vec<u8>; 2]> {
    let known = known(subject);
    let plan = known.iter().max_by_key(|it| it.1.table.plan)?;
    let latest = |slot| known.iter().map(|it| it.1.table.get(slot)).max_by_key(|it| it.turn);
    let owners: Vec<u8> = (0..SLOTS).filter_map(latest).map(|it| it.owner).collect();
    let targets = plan.1.table.targets();
    let all = owners.iter().chain(&targets).all(|it| usize::from(*it) < subject.members().len());
    all.then_some([owners, targets])
}

impl Layout {
    /// By the slots' nodes.
    fn of_table(params: &Spec, table: &[u8], keys: &Keys) -> Option<Self> {
        let by = params.membership()?;
        let has = |it: &usize| table.iter().any(|node| usize::from(*node) == *it);
        let among: Vec<_> =
            (0..by.nodes.len()).filter(|it| by.nodes[*it].weight > 0 || has(it)).collect();
        let place = |node: &u8| among.iter().position(|it| *it == usize::from(*node));
        let places = table.iter().map(place).collect::<Option<Vec<_>>>()?;
        let slots = redis_slots::RedisSlots::of(places.into_iter().map(|it| it as u32));
        let owner = |it: &String| among[slots.node(redis_slots::slot(it.as_bytes()))];
        let owners = keys.texts.iter().map(owner).collect();
        Some(Self { by, among, placed: Placed::RedisSlots(slots), owners })
    }
}

fn params(spec: &Spec) -> Option<&CacheClusterParams> {
    match spec {
        Spec::CacheCluster(it) if it.scheme.0 == Scheme::RedisSlots => Some(it),
        _ => None,
    }
}

/// As slots are dealt out at first.
fn dealt(params: &CacheClusterParams) -> Vec<u8> {
    redis_slots::dealt(&params.among()).map(Option::unwrap_or_default).collect()
}

/// How keys lie now, or would if what is tried were done, where slots change hands with their entries;
/// and what the latest change moves.
pub(super) fn now(subject: &Subject, spec: &Spec, keys: &Keys) -> Option<(Layout, Option<Moves>)> {
    let own = params(spec).filter(|it| it.moves())?;
    let [owners, targets] = tables(subject)?;
    if let Some(Act::Set(field, value)) = subject.trial() {
        let mut tried = spec.clone();
        let set = serde_json::from_str(&value).ok().map(|value| tried.set(&field, &value));
        let other = params(&tried).filter(|it| it.moves() && it.takes_part() != own.takes_part());
        if let Some(other) = other.filter(|_| matches!(set, Some(Ok(())))) {
            let table = redis_slots::rebalance(&targets, &other.takes_part());
            let after = Layout::of_table(&tried, &table, keys)?;
            let before = Layout::of_table(spec, &targets, keys)?;
            let moves = Moves::new(before, &after, keys, false, true);
            return Some((after, moves));
        }
    }
    // The tables of the past follow from the memberships of the past.
    let mut history: Vec<&Spec> = subject.earlier.iter().map(|it| it.1).rev().collect();
    history.push(spec);
    let (mut last, mut before): (Option<(&Spec, Vec<u8>)>, _) = (None, None);
    for spec in history {
        let Some(it) = params(spec) else {
            last = None;
            continue;
        };
        let table = match &last {
            Some((_, table)) if it.moves() => redis_slots::rebalance(table, &it.takes_part()),
            _ => dealt(it),
        };
        if let Some(last) = last.take().filter(|last| last.1 != table) {
            before = Some(last);
        }
        last = Some((spec, table));
    }
    let planned = Layout::of_table(spec, &targets, keys)?;
    let before = before.and_then(|(spec, table)| Layout::of_table(spec, &table, keys));
    let moves = before.and_then(|it| Moves::new(it, &planned, keys, false, false));
    Some((Layout::of_table(spec, &owners, keys)?, moves))
}

impl Ring<'_> {
    /// What changes hands.
    pub(super) fn slots(&self, column: &mut Column) {
        let params = self.params;
        if params.scheme.0 != Scheme::RedisSlots || params.callers_learn != Learn::Slot {
            return;
        }
        let known = known(self.subject);
        let waiting: usize = known.iter().map(|it| it.1.waiting.len()).sum();
        let going = known.iter().filter_map(|it| it.1.now.as_ref()).map(|it| it.slots.len());
        let left = waiting + going.sum::<usize>();
        let figure = match params.moves() {
            true => format!("{} to go", text::some(left as u64, "slot")),
            false => String::new(),
        };
        column.caption("slots", ["Slots move with their entries", &figure]);
        let chip = |(count, words, label): &(u32, &str, &str)| {
            let mut chip = Chip::new(format!("slots/{count}"), *words);
            chip.label = Some(format!("{words}: {label}"));
            chip.action = Some(Act::Set("moving_slots".into(), count.to_string()).to_string());
            let own = *count == params.moving_slots;
            chip.styled(Tone::Ink, if own { CellStyle::Strong } else { CellStyle::Plain })
        };
        let chips: Vec<_> = CHOICES.iter().map(chip).collect();
        column.chips("slots", &chips, 2);
        if params.moves() {
            column.space(2.0);
            self.going(&known, column);
            self.sent_after(&known, column);
        }
        column.space(8.0);
    }

    /// From whom to whom, and how far.
    fn going(&self, known: &[(usize, &Moving)], column: &mut Column) {
        let now: Vec<_> = known.iter().filter_map(|it| Some((it.0, it.1.now.as_ref()?))).collect();
        let name = |it: &(usize, &_)| it.0;
        let names: Vec<_> = now
            .iter()
            .map(|it| format!("{} to {}", self.name(name(it)), self.name(it.1.to.into())))
            .collect();
        let mut bars = Vec::new();
        for ((ordinal, it), words) in now.iter().zip(&names) {
            let [all, gone] = it.keys;
            let slots = text::some(it.slots.len() as u64, "slot");
            let label = match it.stage {
                Stage::Asks => format!("{words}: {slots} wait for the other node"),
                Stage::Brings => {
                    format!("{words}: {slots}, {gone} of {all} entries have gone over")
                }
                Stage::Closes => format!("{words}: {slots}, the other node is to say they are its"),
            };
            bars.push(Bar {
                id: format!("slots/going-{ordinal}"),
                name: words,
                part: if all == 0 { 1.0 } else { f64::from(gone) / f64::from(all) },
                ghost: Some(1.0),
                figure: format!("{slots}, {gone} of {all} keys"),
                tone: Tone::Link,
                label,
            });
        }
        column.bars(&bars, None);
        let wait = |it: &(usize, &Moving)| {
            let count = it.1.waiting.len() as u64;
            (count > 0).then(|| format!("{} {}", self.name(it.0), text::count(count)))
        };
        let wait: Vec<_> = known.iter().filter_map(wait).collect();
        let done = known.iter().flat_map(|it| &it.1.done);
        let words = match (wait.is_empty(), now.is_empty(), done.max_by_key(|it| it.times[1])) {
            (false, ..) => format!("Slots that wait for their turn: {}.", wait.join(", ")),
            (true, false, _) => "These are the last.".to_owned(),
            (true, true, Some(last)) => {
                let at = self.subject.moment(last.times[1]);
                format!("Every slot is where it is to be, the last one since {at}.")
            }
            (true, true, None) => "Every slot is where it is to be.".to_owned(),
        };
        column.words("slots/words", &words);
    }

    /// Who is sent after a key, and who is told of another owner.
    fn sent_after(&self, known: &[(usize, &Moving)], column: &mut Column) {
        let windows = seconds(self.subject);
        let lately = &windows[windows.len().saturating_sub(SECONDS)..];
        let rate = |of: u8| {
            let count: u64 = lately.iter().map(|it| counter(it, of)).sum();
            text::number(count as f64 / lately.len().max(1) as f64)
        };
        let figure = format!("{} ASK/s, {} MOVED/s", rate(ASK), rate(MOVED));
        column.space(2.0);
        column.caption("slots/asked", ["Sent elsewhere", &figure]);
        let last = known.iter().filter_map(|it| Some((it.0, it.1.asked?)));
        let Some((by, Asked { at, key, to, request })) = last.max_by_key(|it| it.1.at) else {
            let words = "Nobody has been sent after a key yet (ASK).";
            return column.words("slots/none", words);
        };
        let (key, by, to) = (self.subject.key(key), self.name(by), self.name(to.into()));
        let slot = redis_slots::slot(key.as_bytes());
        let words = format!(
            "The last ASK, at {}: {key} in slot {slot}. {by} was asked, had it no more, and named {to}; \
             {to} was asked with ASKING, and answered. Two ways in place of one, and the caller learns \
             nothing: until all of the slot is over, {by} is asked first.",
            self.subject.moment(at),
        );
        column.words("slots/last", &words);
        let mut chip = Chip::new("slots/follow", "Follow that request");
        chip.action = Some(Act::Follow(request, at.0).to_string());
        column.chips("slots/follow", &[chip], 1);
    }
}
