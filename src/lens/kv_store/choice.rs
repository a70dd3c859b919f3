//! What is at stake? One choice sets all that decides which consistency clients get; what each choice has
//! cost in this run stands beside it.

use std::collections::BTreeMap;

use crate::algorithm::replication::quorum::majority;
use crate::base::text;
use crate::base::time::Nanos;
use crate::component::Spec;
use crate::component::kv_store::{KvStoreParams, WhenCut};
use crate::engine::history::Operation;
use crate::lens::Act;
use crate::lens::column::Column;
use crate::lens::stale_share::{self, Second};
use crate::scene::layout::chips::Chip;
use crate::scene::layout::sheet::Sheet;
use crate::scene::{Anchor, CellStyle, Font, Mark, Point, Tone};

use super::Store;

/// Levels of consistency, the strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    Strong,
    Quorum,
    Causal,
    Eventual,
}

impl Level {
    const ALL: [Self; 4] = [Self::Strong, Self::Quorum, Self::Causal, Self::Eventual];

    /// What is at stake, what clients get, and its name in ids.
    fn words(self) -> [&'static str; 3] {
        match self {
            Self::Strong => ["money", "strong", "strong"],
            Self::Quorum => ["stock", "quorum", "quorum"],
            Self::Causal => ["chat", "causal", "causal"],
            Self::Eventual => ["feed", "eventual", "eventual"],
        }
    }

    /// Which one a store is set to, if it is one of them.
    fn of(it: &KvStoreParams) -> Option<Self> {
        let [read, write] = it.quorum();
        match it.when_cut {
            WhenCut::Consistent => Some(Self::Strong),
            WhenCut::Causal => Some(Self::Causal),
            WhenCut::Available => Some(Self::Eventual),
            WhenCut::Quorums if it.stands_in() => None,
            WhenCut::Quorums if [read, write] == [majority(it.homes()); 2] => Some(Self::Quorum),
            WhenCut::Quorums => None,
        }
    }

    /// What sets it.
    fn edit(self, it: &KvStoreParams) -> Act {
        match self {
            Self::Strong => Act::Tune(r#"{"when_cut":"stays-consistent"}"#.into()),
            Self::Causal => Act::Tune(r#"{"when_cut":"causal"}"#.into()),
            Self::Eventual => Act::Tune(r#"{"when_cut":"keeps-answering"}"#.into()),
            Self::Quorum => {
                let homes = if it.copies == 0 { it.members } else { it.copies.min(it.members) };
                let most = majority(homes);
                Act::Tune(format!(
                    r#"{{"when_cut":"quorums","read_quorum":{most},"write_quorum":{most},"sloppy":false}}"#
                ))
            }
        }
    }
}

/// What a level has cost.
#[derive(Clone, Copy, Default)]
struct Cost {
    reads: u64,
    stale: u64,
    ended: u64,
    refused: u64,
    /// Median times of reads and of writes that were answered, if any were.
    took: [Option<Nanos>; 2],
}

impl Cost {
    /// Read time, write time, stale share and refused share, in words.
    fn words(&self) -> [String; 4] {
        let time = |it: Option<Nanos>| it.map_or("–".into(), |it| text::duration(it.0 as f64));
        let share = |part: u64, of: u64| match of {
            0 => String::from("–"),
            _ => format!("{} %", (100 * part + of / 2) / of),
        };
        let [read, write] = self.took.map(time);
        [read, write, share(self.stale, self.reads), share(self.refused, self.ended)]
    }
}

impl Store<'_> {
    /// When the store had which level, the latest last: from each moment on, until the next.
    fn levels(&self) -> Vec<(Nanos, Option<Level>)> {
        // Edits are told with what was before them, the latest first.
        let mut levels = Vec::new();
        let mut after = Level::of(self.params);
        for (at, spec) in self.subject.earlier {
            levels.push((*at, after));
            if let Spec::KvStore(it) = spec {
                after = Level::of(it);
            }
        }
        levels.push((Nanos::ZERO, after));
        levels.reverse();
        levels
    }

    /// What a level has cost in this run, of the operations that are kept: those that began while the store
    /// was set to it.
    fn cost(&self, level: Level, levels: &[(Nanos, Option<Level>)]) -> Cost {
        let now = self.now();
        let had = |it: &&Operation| {
            let place = levels.partition_point(|from| from.0 <= it.invoked);
            place.checked_sub(1).is_some_and(|at| levels[at].1 == Some(level))
        };
        let mut cost = Cost::default();
        let mut took = [Vec::new(), Vec::new()];
        let all = self.log.operations.iter().zip(&self.stale);
        for (it, stale) in all.filter(|it| had(&it.0)) {
            let Some((outcome, at)) = it.ended.filter(|it| it.1 <= now) else { continue };
            cost.ended += 1;
            if outcome.is_failure() {
                cost.refused += 1;
                continue;
            }
            took[usize::from(it.writes)].push(at - it.invoked);
            cost.reads += u64::from(!it.writes);
            cost.stale += u64::from(*stale);
        }
        for (median, times) in cost.took.iter_mut().zip(&mut took) {
            times.sort_unstable();
            *median = times.get(times.len() / 2).copied();
        }
        cost
    }

    /// The choice, and what each has cost.
    pub(super) fn choice(&self, sheet: &mut Sheet) {
        let own = Level::of(self.params);
        sheet.space(8.0);
        let right = own.map_or("by numbers of its own", |it| it.words()[1]);
        sheet.caption("choice", ["What is at stake?", right]);
        let chip = |it: &Level| {
            let [stake, level, id] = it.words();
            let style = if Some(*it) == own { CellStyle::Strong } else { CellStyle::Plain };
            let mut chip = Chip::new(format!("choice/{id}"), format!("{stake}: {level}"))
                .styled(Tone::Ink, style);
            chip.label = Some(format!("At stake: {stake}. Sets the store to {level} consistency"));
            chip.action = Some(it.edit(self.params).to_string());
            chip
        };
        let chips: Vec<_> = Level::ALL.iter().map(chip).collect();
        sheet.chips("choice", &chips, 2, chips.len());
        let levels = self.levels();
        let costs: Vec<_> = Level::ALL.map(|it| (it, self.cost(it, &levels))).into();
        let rows: Vec<_> = costs.iter().filter(|it| it.1.ended > 0).collect();
        if rows.is_empty() {
            return;
        }
        sheet.space(4.0);
        let block = sheet.block(16.0 * (rows.len() + 1) as f32 + 2.0);
        let step = (sheet.width() - 60.0) / 4.0;
        let cell = |id: String, column: usize, row: usize, words: &str, tone: Tone| {
            let y = block.y + 12.0 + 16.0 * row as f32;
            let (x, anchor) = match column {
                0 => (0.0, Anchor::Start),
                it => (60.0 + step * it as f32, Anchor::End),
            };
            Mark::text(id, Point::new(x, y), words, Font::SMALL).anchored(anchor).toned(tone)
        };
        let heads = ["read", "write", "stale", "refused"];
        for (at, head) in heads.iter().enumerate() {
            sheet.draw(cell(format!("choice/head/{head}"), at + 1, 0, head, Tone::Ink2));
        }
        for (row, (level, cost)) in rows.into_iter().enumerate() {
            let [_, word, id] = level.words();
            let tone = if Some(*level) == own { Tone::Ink } else { Tone::Ink2 };
            let figures = cost.words();
            let label = format!(
                "{word}: median read {}, write {}; {} of reads stale, {} of requests refused, of {}",
                figures[0],
                figures[1],
                figures[2],
                figures[3],
                text::some(cost.ended, "request"),
            );
            let name = cell(format!("choice/cost/{id}"), 0, row + 1, word, tone);
            sheet.draw(name.labelled(label));
            let bad = [false, false, cost.stale > 0, cost.refused > 0];
            for (at, (words, bad)) in figures.iter().zip(bad).enumerate() {
                let tone = match (bad, at) {
                    (true, 2) => Tone::Stale,
                    (true, _) => Tone::Fail,
                    _ => tone,
                };
                let id = format!("choice/cost/{id}/{}", heads[at]);
                sheet.draw(cell(id, at + 1, row + 1, words, tone));
            }
        }
    }

    /// Which part of reads was stale, second by second, of the operations that are kept.
    pub(super) fn stale_share(&self, sheet: &mut Sheet) {
        let now = self.now();
        let mut seconds: BTreeMap<u64, (u64, u64)> = BTreeMap::new();
        let all = self.log.operations.iter().zip(&self.stale);
        for (it, stale) in all.filter(|it| !it.0.writes) {
            let Some((_, at)) = it.ended.filter(|it| !it.0.is_failure() && it.1 <= now) else {
                continue;
            };
            let of = seconds.entry(at.0.div_ceil(Nanos::SECOND.0)).or_default();
            (of.0, of.1) = (of.0 + 1, of.1 + u64::from(*stale));
        }
        let second = |(end, (reads, stale)): (u64, (u64, u64))| (Nanos::seconds(end), reads, stale);
        let seconds: Vec<Second> =
            seconds.into_iter().map(second).filter(|it| it.0 <= now).collect();
        Column::on(sheet, |column| stale_share::draw(self.subject, &seconds, column));
    }
}
