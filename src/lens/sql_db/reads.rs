//! Reads that came too early: what they found, what they missed, and whose they were.

use crate::base::draw::mix;
use crate::base::text;
use crate::component::sql_db::{READ_AT_PRIMARY, READ_AT_REPLICA};
use crate::engine::recorder::Window;
use crate::engine::staleness::StaleRead;
use crate::scene::layout::chips::Chip;
use crate::scene::layout::sheet::Sheet;
use crate::scene::{CellStyle, Tone};

use super::super::{column::Column, hits::counter, stale_share};
use super::{Act, Log};

/// Stale reads listed.
const STALE_MAX: usize = 8;
/// Whole seconds that reads are counted over.
const READ_SECONDS: usize = 5;
/// How far back in the log an entry is looked for.
const SEARCH: u64 = 4_096;

impl Log<'_> {
    /// Where in the log of who leads the write of a version is.
    pub(super) fn position(&self, key: u32, version: u32) -> Option<u64> {
        let end = self.primary.log.end();
        let mut back = (end.saturating_sub(SEARCH)..end).rev();
        back.find(|at| self.entry(*at).is_some_and(|it| (it.key, it.version) == (key, version)))
    }

    pub(super) fn missed(&self, it: &StaleRead) -> String {
        let known = text::duration(it.read.saturating_sub(it.acknowledged).0 as f64);
        format!(
            "Read {} v{}, but v{} had been acknowledged {known} before",
            self.subject.key(it.key),
            it.version,
            it.newest,
        )
    }

    /// The client whose request a read was, as people call it.
    fn reader(&self, it: &StaleRead) -> Option<String> {
        let components = &self.subject.world.blueprint().components;
        let of = components.iter().find(|of| mix(of.stream.0) >> 40 == it.request >> 40)?;
        Some((self.subject.name)(&of.id))
    }

    pub(super) fn stale_reads(&self, sheet: &mut Sheet) {
        sheet.space(6.0);
        sheet.caption("stale", ["Stale reads, last 10 s", "newest left"]);
        let chip = |(index, it): (usize, &StaleRead)| {
            let words = format!("{} v{} < v{}", self.subject.key(it.key), it.version, it.newest);
            let mut chip = Chip::new(format!("stale/{index}"), words);
            let member = self.members.iter().position(|member| member.0 == it.member);
            let at = member.map_or(String::new(), |it| format!("member {it}: "));
            chip.label = Some(format!("{at}{}", self.missed(it)));
            chip.action = Some(Act::At(it.read.0).to_string());
            chip.styled(Tone::Stale, CellStyle::Plain)
        };
        let chips: Vec<_> = self.stale.iter().take(STALE_MAX).enumerate().map(chip).collect();
        if chips.is_empty() {
            return sheet.words("stale/none", "None.");
        }
        sheet.chips("stale", &chips, 3, self.stale_count().max(chips.len() as u64) as usize);
        let mut readers: Vec<(String, u64)> = Vec::new();
        for name in self.stale.iter().filter_map(|it| self.reader(it)) {
            match readers.iter_mut().find(|it| it.0 == name) {
                Some(it) => it.1 += 1,
                None => readers.push((name, 1)),
            }
        }
        readers.sort();
        let all: Vec<_> = readers.iter().map(|it| format!("{} {}", it.0, it.1)).collect();
        let words = format!("Of the last {}: {}.", self.stale.len(), all.join(", "));
        sheet.space(2.0);
        sheet.words("stale/readers", &words);
    }

    /// Where reads are answered: what a route costs the primary.
    pub(super) fn reads_at(&self, sheet: &mut Sheet) {
        let recorder = self.subject.recorder;
        let window = recorder.window_at(self.subject.component, 1, self.now());
        let (Some((last, _)), Some(record)) = (window, self.subject.record()) else { return };
        let first = (last + 1).saturating_sub(READ_SECONDS);
        let windows = record.windows[1].range(first..=last);
        let count = |counter: u8| {
            let of = |it: &Window| it.counters.get(usize::from(counter)).copied().unwrap_or(0);
            windows.clone().map(of).sum::<u32>()
        };
        let seconds = (last + 1 - first) as f64;
        let [primary, replica] =
            [READ_AT_PRIMARY, READ_AT_REPLICA].map(|it| f64::from(count(it)) / seconds);
        if self.members.len() < 2 || primary + replica == 0.0 {
            return;
        }
        let [primary, all] = [primary, primary + replica].map(text::number);
        sheet.space(2.0);
        sheet.words(
            "stale/primary",
            &format!("The primary answers {primary} of {all} reads a second."),
        );
    }

    /// Which part of reads was stale, second by second.
    pub(super) fn stale_share(&self, sheet: &mut Sheet) {
        let reads = |it: &Window| counter(it, READ_AT_PRIMARY) + counter(it, READ_AT_REPLICA);
        let seconds = stale_share::caught(self.subject, reads);
        Column::on(sheet, |column| stale_share::draw(self.subject, &seconds, column));
    }
}
