//! Writes that change rows of two shards: what is under way and how far each of the two is with it, which
//! rows are locked and who waits for them, how the latest ended, and what all rows hold together.

use crate::algorithm::commit::two_phase::State as Known;
use crate::base::text;
use crate::base::time::Nanos;
use crate::component::sharded_db::{
    ACROSS, ACROSS_ABORTED, ACROSS_REFUSED, CrossCommit, Ended, Stage, coordinator,
};
use crate::scene::layout::chips::Chip;
use crate::scene::{CellStyle, Tone};

use super::super::column::Column;
use super::{SECONDS, Shards};

/// Transactions listed, under way and ended.
const LISTED: usize = 5;
/// What the lens offers where no write has been of two shards yet.
const OFFERED: &str = "20%";

/// How far one of the two shards is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Far {
    /// The question is on its way, or waits for a worker.
    Asked,
    /// It has promised, and locks its row.
    Prepared,
    /// The same, and it has asked in vain what was decided.
    InDoubt,
    /// It has done its part.
    Committed,
    /// It has nothing to do.
    Aborted,
}

/// A transaction under way.
struct Under {
    id: u64,
    since: Nanos,
    /// Ordinal, key if it is known, how far: the coordinator first.
    parts: [(u16, Option<u32>, Far); 2],
    /// Whether its coordinator is down.
    left: bool,
}

impl Shards<'_> {
    /// Whether there is anything to show of this.
    fn crosses(&self) -> bool {
        let any = |it: &super::Shard| {
            it.state.is_some_and(|it| !it.across.ended.is_empty() || !it.across.given.is_empty())
        };
        self.params.cross_writes.0 > 0.0 || self.shards.iter().any(any)
    }

    /// How far a shard is with a transaction that it may know, its row and since when.
    fn part(&self, at: u16, id: u64) -> Option<(Option<u32>, Far, Nanos)> {
        let across = &self.shards.get(usize::from(at))?.state?.across;
        let doubt = across.doubts().find(|it| it.0 == id);
        if let Some((_, given, change)) = doubt {
            // Who decides is in no doubt: it waits for the other's promise.
            let doubts = given.asked > 0 && coordinator(id) != at;
            let far = if doubts { Far::InDoubt } else { Far::Prepared };
            return Some((Some(change.key), far, given.since));
        }
        match across.promises.state(id)? {
            Known::Committed => Some((None, Far::Committed, Nanos::MAX)),
            Known::Aborted => Some((None, Far::Aborted, Nanos::MAX)),
            Known::InDoubt(_) => None,
        }
    }

    /// All that is under way, the oldest first.
    fn under_way(&self) -> Vec<Under> {
        let states = || (0u16..).zip(&self.shards).filter_map(|it| Some((it.0, it.1.state?)));
        let mut all: Vec<Under> = Vec::new();
        let mut ids: Vec<(u64, u16, Option<u32>)> = Vec::new();
        for (own, state) in states() {
            let across = &state.across;
            let open = across.open.iter().map(|it| (it.id, it.other, Some(it.keys[1])));
            ids.extend(
                open.filter(|it| self.params.cross_commit != CrossCommit::Alone || it.1 != own),
            );
            let given = across.doubts().filter(|it| coordinator(it.0) != own);
            ids.extend(given.map(|it| (it.0, own, Some(it.2.key))));
            for (id, it) in &across.decided {
                let left = across.coordinator.left(*id).find(|it| *it != usize::from(own));
                ids.extend(left.map(|to| (*id, to as u16, Some(it.key))));
            }
        }
        ids.sort_unstable();
        ids.dedup_by_key(|it| it.0);
        for (id, other, key) in ids {
            let lead = coordinator(id);
            let of = |at: u16, key: Option<u32>| match self.part(at, id) {
                Some((found, far, since)) => ((at, found.or(key), far), since),
                None => ((at, key, Far::Asked), Nanos::MAX),
            };
            let open = self.shards.get(usize::from(lead)).and_then(|it| it.state);
            let open = open.and_then(|it| it.across.open.iter().find(|it| it.id == id));
            let decided = self.shards.get(usize::from(lead)).and_then(|it| it.state);
            let decided = decided.and_then(|it| it.across.decided.get(&id)).map(|it| it.at[0]);
            let (one, at) = of(lead, open.map(|it| it.keys[0]));
            let (two, from) = of(other, key);
            let since = open.map(|it| it.since).or(decided).unwrap_or(at.min(from));
            let left = self.shards.get(usize::from(lead)).is_none_or(|it| !it.up);
            all.push(Under { id, since, parts: [one, two], left });
        }
        all.sort_by_key(|it| (it.since, it.id));
        all
    }

    /// What all rows hold together, with what is decided and not yet done: 0, if every unit that went
    /// somewhere has come from somewhere.
    fn sum(&self) -> i64 {
        let mut sum = 0;
        let states = || self.shards.iter().filter_map(|it| it.state);
        for key in 0..self.params.keys {
            let row = self.row(key).map(|it| it.1).or_else(|| {
                let hands = |it: &crate::component::sharded_db::Move| {
                    it.stage == Stage::CutOver && it.keys.binary_search(&key).is_ok()
                };
                states().find(|it| it.moves.iter().any(hands))?.rows.get(key.into())
            });
            sum += row.map_or(0, |it| i64::from(it.balance));
        }
        for state in states() {
            for (id, _, change) in state.across.doubts() {
                let lead = self.shards.get(usize::from(coordinator(id))).and_then(|it| it.state);
                if lead.is_some_and(|it| it.across.decided.contains_key(&id)) {
                    sum += change.by;
                }
            }
        }
        sum
    }

    /// How often each of some things was counted in a second, over the last whole seconds.
    pub(super) fn rates<const N: usize>(&self, counters: [u8; N]) -> Option<[f64; N]> {
        let (subject, now) = (self.subject, self.subject.now());
        let (last, _) = subject.recorder.window_at(subject.component, 1, now)?;
        let windows = &subject.record()?.windows[1];
        let first = (last + 1).saturating_sub(SECONDS);
        let rate = |of: u8| {
            let count = windows.range(first..=last).map(|it| it.counters.get(usize::from(of)));
            let sum: u32 = count.flatten().sum();
            f64::from(sum) / (last + 1 - first) as f64
        };
        Some(counters.map(rate))
    }

    /// Writes of two shards: what is under way, how the latest ended.
    pub(super) fn across(&self, column: &mut Column) {
        if !self.crosses() {
            if self.shards.len() > 1 {
                column.caption("across", ["Writes of two shards", "none"]);
                let words = format!("Let {} of the writes be of two", OFFERED.replace('%', " %"));
                let mut chip = Chip::new("across/begin", words);
                chip.label = Some("A unit goes from a row of one shard to one of another".into());
                chip.action = Some(Self::set("cross_writes", format!("\"{OFFERED}\"")));
                column.chips("across", &[chip], 1);
                column.space(8.0);
            }
            return;
        }
        let [done, aborted, refused] =
            self.rates([ACROSS, ACROSS_ABORTED, ACROSS_REFUSED]).unwrap_or_default();
        let right = format!("{}/s committed", text::number(done));
        column.caption("across", ["Writes of two shards", &right]);
        let all = self.under_way();
        for (at, it) in all.iter().take(LISTED).enumerate() {
            let chips: Vec<_> = it.parts.iter().map(|part| self.cell(at, it, *part)).collect();
            column.chips(&format!("across/{at}"), &chips, 2);
        }
        if all.len() > LISTED {
            column.words("across/more", &format!("and {} more under way.", all.len() - LISTED));
        }
        if all.is_empty() {
            column.words("across/none", "None is under way at this moment.");
        }
        self.locks(&all, column);
        self.ended(column);
        column.words(
            "across/counts",
            &format!(
                "Last {SECONDS} s: {} a second aborted, {} a second refused by a shard and tried again.",
                text::number(aborted),
                text::number(refused)
            ),
        );
        let sum = self.sum();
        let words = match sum {
            0 => "All rows together hold 0: every unit that left one has come to another.".into(),
            sum => format!("All rows together hold {sum:+}, and should hold 0: half-done writes."),
        };
        column.words("across/sum", &words);
        self.commits(column);
        column.space(8.0);
    }

    fn cell(&self, at: usize, of: &Under, (shard, key, far): (u16, Option<u32>, Far)) -> Chip {
        let span = self.subject.now().saturating_sub(of.since);
        let span = text::duration(span.0 as f64);
        let name = self.name(shard.into());
        let lead = shard == of.parts[0].0;
        let (word, tone, style) = match far {
            Far::Asked => ("asked", Tone::Ink2, CellStyle::Dashed),
            Far::Prepared => ("prepared", Tone::Ink, CellStyle::Filled),
            Far::InDoubt => ("in doubt", Tone::Warn, CellStyle::Filled),
            Far::Committed => ("committed", Tone::Ink, CellStyle::Strong),
            Far::Aborted => ("aborted", Tone::Ink2, CellStyle::Struck),
        };
        let on = key.map_or(String::new(), |it| format!(" {}", text::count(it.into())));
        let since = if far == Far::InDoubt { format!(" {span}") } else { String::new() };
        let mut chip =
            Chip::new(format!("across/{at}/{name}"), format!("{name}{on} {word}{since}"));
        let row = key.map_or("its row".into(), |it| self.key(it));
        let on_row = key.map_or(String::new(), |it| format!(", on {}", self.key(it)));
        let why = match far {
            Far::Asked => format!("has been asked to promise its part{on_row}"),
            Far::Prepared => format!("has promised; {row} is locked"),
            Far::InDoubt if of.left => {
                format!("has promised, {row} is locked, and who decides is down")
            }
            Far::InDoubt => {
                format!("has promised, {row} is locked, and it asks in vain what was decided")
            }
            Far::Committed => format!("has done its part{on_row}"),
            Far::Aborted => format!("has done nothing, and will not{on_row}"),
        };
        let role = if lead { " (coordinates)" } else { "" };
        chip.label = Some(format!("{name}{role} {why}; begun {span} ago"));
        chip.styled(tone, style)
    }

    /// Locked rows, and who waits for them.
    fn locks(&self, all: &[Under], column: &mut Column) {
        let locked = |it: &super::Shard| {
            let count = it.state.map_or(0, |it| it.across.promises.locks().count());
            (count > 0).then(|| format!("{} {}", it.name, text::count(count as u64)))
        };
        let locked: Vec<_> = self.shards.iter().filter_map(locked).collect();
        let waiting: usize =
            self.shards.iter().filter_map(|it| it.state).map(|it| it.across.held_up()).sum();
        if !locked.is_empty() {
            let mut words = format!("Rows locked: {}.", locked.join(", "));
            if waiting > 0 {
                words += &format!(" Writes that wait for them: {}.", text::count(waiting as u64));
            }
            column.words("across/locks", &words);
        }
        let doubt = |it: &&Under| it.parts.iter().any(|it| it.2 == Far::InDoubt);
        let doubts = all.iter().filter(doubt).count();
        if let Some(first) = all.iter().find(doubt) {
            let whom = self.name(first.parts[0].0.into());
            let why = if first.left { "is down" } else { "does not answer" };
            column.words("across/doubt", &format!(
                "In doubt: {}. {whom}, which decides, {why}: rows stay locked until it has said.",
                text::count(doubts as u64)
            ));
        }
    }

    /// How the latest ended.
    fn ended(&self, column: &mut Column) {
        let mut ended: Vec<(Nanos, u16, &Ended)> = Vec::new();
        for (at, shard) in (0u16..).zip(&self.shards) {
            let of = shard.state.iter().flat_map(|it| &it.across.ended);
            ended.extend(of.map(|it| (it.times[1], at, it)));
        }
        ended.sort_by(|one, other| other.0.cmp(&one.0).then(one.1.cmp(&other.1)));
        let chip = |(at, (_, lead, it)): (usize, &(Nanos, u16, &Ended))| {
            let (one, other) = (self.name((*lead).into()), self.name(it.other.into()));
            let took = text::duration(it.times[1].saturating_sub(it.times[0]).0 as f64);
            let (word, style) = match it.commits {
                true => ("committed", CellStyle::Plain),
                false => ("aborted", CellStyle::Struck),
            };
            let mut chip =
                Chip::new(format!("across-ended/{at}"), format!("{one} with {other} {took}"));
            let keys = it.keys.map(|it| self.key(it));
            chip.label = Some(format!(
                "{} of {one} and {} of {other}: {word} after {took}",
                keys[0], keys[1]
            ));
            chip.styled(Tone::Ink, style)
        };
        let chips: Vec<_> = ended.iter().take(LISTED).enumerate().map(chip).collect();
        if !chips.is_empty() {
            column.space(2.0);
            column.caption("across-ended", ["Latest, and how long they took; struck: aborted", ""]);
            column.chips("across-ended", &chips, 2);
        }
    }

    /// How two shards write together, to be chosen.
    fn commits(&self, column: &mut Column) {
        column.space(4.0);
        column.caption("across-commit", ["How two shards write together", ""]);
        let choice = |it: &CrossCommit| (it.word(), described(*it));
        let all = CrossCommit::ALL.iter().map(choice);
        column.choices(["across-commit", "cross_commit"], all, self.params.cross_commit.word());
    }
}

fn described(it: CrossCommit) -> (&'static str, &'static str) {
    match it {
        CrossCommit::TwoPhase => (
            "Two-phase commit",
            "Both promise, then the coordinator writes its decision down and tells it: both or neither.",
        ),
        CrossCommit::Unlogged => (
            "Not written down",
            "The coordinator keeps its decision in memory: if it crashes then, the other takes it to be aborted.",
        ),
        CrossCommit::Alone => (
            "Each for itself",
            "One shard writes, then the other: what fails in between stays half done.",
        ),
    }
}
