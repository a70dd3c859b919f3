//! How far behind does a replica fall that applies less than the primary writes? Guessed first, then
//! seen.

use crate::base::text;
use crate::base::time::Nanos;
use crate::component::Spec;
use crate::component::sql_db::{COMMITTED, Replication};
use crate::engine::recorder::{WINDOWS, Window};
use crate::lens::column::Column;
use crate::scene::layout::chips::Chip;
use crate::scene::layout::sheet::Sheet;
use crate::scene::{CellStyle, Tone};

use super::{Act, Log};

/// How long after it has become slow the answer is taken.
const AFTER: Nanos = Nanos::seconds(10);
/// Entries between two places of the slider, and how many there are.
const GUESSES: (u64, u64) = (10, 51);
/// Whole seconds that writes are counted over.
const SECONDS: usize = 10;
/// Which of the kind's gauges counts the entries that the slowest replica is behind.
const BEHIND: usize = 1;

impl Log<'_> {
    /// What was guessed, in entries.
    pub(super) fn guess(&self) -> Option<u64> {
        self.subject.noted("guess").and_then(|it| it.parse().ok())
    }

    /// Writes committed a second, over the last whole seconds.
    fn writes(&self) -> Option<f64> {
        let recorder = self.subject.recorder;
        let (last, _) = recorder.window_at(self.subject.component, 1, self.now())?;
        let windows = &self.subject.record()?.windows[1];
        let first = (last + 1).saturating_sub(SECONDS);
        let count = |it: &Window| it.counters.get(usize::from(COMMITTED)).copied().unwrap_or(0);
        let sum: u32 = windows.range(first..=last).map(count).sum();
        Some(f64::from(sum) / (last + 1 - first) as f64)
    }

    /// When the last replica became as slow as it is; none if it has always been.
    fn since(&self) -> Option<Nanos> {
        let now = self.params.last_applies;
        let other =
            |it: &&(Nanos, &Spec)| matches!(it.1, Spec::SqlDb(it) if it.last_applies != now);
        self.subject.earlier.iter().find(other).map(|it| it.0)
    }

    /// How fast the last replica is, the question, and the answer.
    pub(super) fn lag_question(&self, sheet: &mut Sheet) {
        let last = self.members.len() - 1;
        if last == 0 || self.params.replication != Replication::Async {
            return;
        }
        let name = self.name(last);
        let rate = self.params.last_applies.0;
        let writes = self.writes().filter(|it| *it >= 20.0);
        // What it can be set to: nine tenths of what is written, to whole twenties.
        let less = writes.map(|it| ((it * 0.045 + 0.5) as u64 * 20) as f64);
        if rate == 0.0 && less.is_none() {
            return;
        }
        sheet.space(8.0);
        let speed = match rate {
            0.0 => "as fast as it can".into(),
            rate => format!("{}/s", text::number(rate)),
        };
        sheet.caption("applies", [&format!("{name} applies"), &speed]);
        let mut speeds = vec![0.0];
        speeds.extend((rate > 0.0).then_some(rate).or(less));
        let chip = |it: &f64| {
            let words = if *it == 0.0 { "as fast as it can".into() } else { format!("{it:.0}/s") };
            let mut chip = Chip::new(format!("applies/{it:.0}"), words);
            chip.action = Some(Act::Set("last_applies".into(), format!("\"{it}/s\"")).to_string());
            let style = if *it == rate { CellStyle::Strong } else { CellStyle::Plain };
            chip.styled(Tone::Ink, style)
        };
        let chips: Vec<_> = speeds.iter().map(chip).collect();
        sheet.chips("applies", &chips, 2, chips.len());
        let guess = self.guess();
        let answer = self.since().map(|it| it.saturating_add(AFTER)).and_then(|at| {
            let recorder = self.subject.recorder;
            let (_, window) = recorder.window_at(self.subject.component, 0, at)?;
            let due = at <= self.now() && window.end.saturating_add(WINDOWS[0]) > at;
            let entries = *window.gauges.get(BEHIND)?;
            due.then_some(f64::from(entries))
        });
        if rate > 0.0 && answer.is_none() {
            let spots = (0..GUESSES.1).map(|it| it * GUESSES.0);
            let spots: Vec<_> = spots
                .map(|it| {
                    (Act::Note("guess".into(), it.to_string()).to_string(), format!("{it} entries"))
                })
                .collect();
            let at = guess.map(|it| (it / GUESSES.0) as usize);
            let value = guess.map_or("slide".into(), |it| format!("{it} entries"));
            sheet.space(4.0);
            let words = ["How far behind after 10 s?", &value];
            Column::on(sheet, |column| column.slider("guess", words, spots, at));
        }
        if let Some(entries) = answer {
            sheet.space(2.0);
            let mut words = format!("After 10 s it was {} entries behind.", text::number(entries));
            if let Some(guess) = guess {
                let off = (guess as f64 - entries).abs();
                words += &format!(" Your guess, dashed: {guess}, {} off.", text::number(off));
            }
            sheet.words("applies/answer", &words);
        }
    }
}
