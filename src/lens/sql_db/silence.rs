//! Where replicas take over by themselves: the primary's signs of life as each replica hears them, on a line
//! of time, until when it waits for the next one, and whom it has suspected in vain.

use crate::base::text;
use crate::base::time::Nanos;
use crate::component::sql_db::failover::Silence;
use crate::component::sql_db::{Detector, by_itself};
use crate::engine::takeover::Ledger;
use crate::scene::layout::chips::Chip;
use crate::scene::layout::measure;
use crate::scene::layout::sheet::Sheet;
use crate::scene::{Anchor, CellStyle, Fill, Font, Mark, Point, Rect, Shape, Stroke, Tone};

use super::{Act, Log};

/// Height of a replica's row, and replicas with a row.
const ROW: f32 = 22.0;
const ROWS: usize = 8;
/// Signs of life that the line of time has room for, if all come.
const BEATS: u64 = 12;
/// The wait can be set to this many times what it is: hundredths, and in words.
const WAITS: [(u64, &str); 3] = [(50, "Half the wait"), (100, "Waits"), (200, "Twice the wait")];

/// A line of time with a future: what is heard before now, and what is waited for after it.
struct Line {
    left: f32,
    right: f32,
    from: Nanos,
    to: Nanos,
}

impl Line {
    fn x(&self, at: Nanos) -> f32 {
        let part = at.saturating_sub(self.from).0 as f32 / (self.to - self.from).0.max(1) as f32;
        self.left + (self.right - self.left) * part.min(1.0)
    }

    fn has(&self, at: Nanos) -> bool {
        self.from <= at && at <= self.to
    }
}

impl Log<'_> {
    /// The signs of life of the primary, as each replica hears them.
    pub(super) fn silences(&self, sheet: &mut Sheet) {
        let heard = |ordinal: usize| {
            let (slot, state) = self.members[ordinal];
            let up = self.subject.world.is_up(slot);
            Some((ordinal, state.silence(self.params, self.now()).filter(|_| up)?))
        };
        let heard: Vec<_> = (0..self.members.len()).filter_map(heard).take(ROWS).collect();
        if !by_itself(self.params) || heard.is_empty() {
            return;
        }
        sheet.space(8.0);
        let every = format!("one every {}", text::duration(self.params.heartbeat.0 as f64));
        sheet.caption("silence", ["Signs of life of the primary", &every]);
        let names: Vec<_> = heard.iter().map(|it| self.name(it.0)).collect();
        let figures: Vec<_> = heard.iter().map(|it| self.so_far(&it.1)).collect();
        let widest = |words: &[String]| {
            words.iter().map(|it| measure::width(it, Font::SMALL)).fold(0.0, f32::max)
        };
        // Figures change all the time; what is left of them does not.
        let figure = widest(&figures).max(measure::width("000 ms of 0.00 s", Font::SMALL));
        let left = widest(&names).min(sheet.width() * 0.3) + 8.0;
        let most = heard.iter().map(|it| it.1.most).max().unwrap_or_default();
        let past = Nanos(self.params.heartbeat.0.saturating_mul(BEATS).max(most.0 / 2));
        let right = (sheet.width() - figure - 10.0).max(left + 20.0);
        let (from, to) = (self.now().saturating_sub(past), self.now().saturating_add(most));
        let line = Line { left, right, from, to };
        for (index, ((ordinal, it), words)) in heard.iter().zip(&figures).enumerate() {
            let row = sheet.block(ROW);
            let name = measure::fit(&names[index], Font::SMALL, left - 8.0 + 0.01);
            let (id, y) = (format!("silence/{index}"), row.y + 15.0);
            let at = Point::new(0.0, y);
            sheet.draw(Mark::text(format!("{id}/name"), at, &name, Font::SMALL).toned(Tone::Ink2));
            let at = Point::new(row.right(), y);
            let figure = Mark::text(format!("{id}/figure"), at, words, Font::SMALL);
            sheet.draw(figure.anchored(Anchor::End));
            self.pulses(&id, *ordinal, it, &line, row, sheet);
        }
        let word = "now";
        let row = sheet.block(14.0);
        let at = Point::new(line.x(self.now()), row.y + 9.0);
        let now = Mark::text("silence/now", at, word, Font::SMALL).toned(Tone::Ink3);
        sheet.draw(now.anchored(Anchor::Middle));
        self.suspicions(sheet);
        self.waits(sheet);
    }

    /// For how long it has been silent, of how long it may be.
    fn so_far(&self, it: &Silence) -> String {
        match it.phi.filter(|it| it.is_finite()) {
            Some(phi) => format!("φ {phi:.1} of {:.1}", self.params.phi),
            None => {
                let [so_far, most] = [it.so_far, it.most].map(|it| text::duration(it.0 as f64));
                format!("{so_far} of {most}")
            }
        }
    }

    /// One replica's line: a tick for each sign of life, and from the last one on a bar that grows towards the
    /// moment at which the wait ends.
    fn pulses(
        &self,
        id: &str,
        ordinal: usize,
        it: &Silence,
        line: &Line,
        row: Rect,
        sheet: &mut Sheet,
    ) {
        let now = self.now();
        let last = now.saturating_sub(it.so_far);
        let area = |from: Nanos, to: Nanos| {
            let (x, end) = (line.x(from), line.x(to));
            Rect::new(x, row.y + 6.0, (end - x).max(1.0), 10.0)
        };
        let most = area(last, last.saturating_add(it.most));
        let frame = Shape::Bar { area: most, radius: 2.0, fill: Fill::Hollow };
        sheet.draw(Mark::new(format!("{id}/most"), frame, Tone::Line));
        let part = it.so_far.0 as f32 / it.most.0.max(1) as f32;
        let tone = if part < 0.5 { Tone::Control } else { Tone::Warn };
        let shape = Shape::Bar { area: area(last, now), radius: 2.0, fill: Fill::Soft };
        let label = format!(
            "{} has not heard the primary for {} of {}: then it wants to take over",
            self.name(ordinal),
            text::duration(it.so_far.0 as f64),
            text::duration(it.most.0 as f64),
        );
        sheet.draw(Mark::new(id, shape, tone).labelled(label));
        let slot = self.members[ordinal].0;
        let ticks = |it: &Ledger| {
            let own = it.pulses.iter().filter(|it| it.member == slot && line.has(it.at));
            own.map(|it| it.at).filter(|it| *it <= now).collect::<Vec<_>>()
        };
        for (index, at) in self.ledger.map(ticks).unwrap_or_default().into_iter().enumerate() {
            let x = line.x(at);
            let (from, to) = (Point::new(x, row.y + 3.0), Point::new(x, row.y + 19.0));
            let shape = Shape::Line { from, to, stroke: Stroke::THIN };
            sheet.draw(Mark::new(format!("{id}/pulse-{index}"), shape, Tone::Ink2));
        }
        let alarms = |it: &Ledger| {
            let own = it.alarms.iter().filter(|it| it.member == slot && line.has(it.at));
            own.filter(|it| it.at <= now).copied().collect::<Vec<_>>()
        };
        for (index, it) in self.ledger.map(alarms).unwrap_or_default().into_iter().enumerate() {
            let at = Point::new(line.x(it.at), row.y + 11.0);
            let words = if it.is_false { "a false alarm: it lived" } else { "it was down" };
            let when = self.subject.moment(it.at);
            let label = format!("{} suspected the primary at {when}: {words}", self.name(ordinal));
            let mark = Mark::sign(format!("{id}/alarm-{index}"), at, Tone::Warn).labelled(label);
            sheet.draw(mark.asking(Act::At(it.at.0).to_string()));
        }
    }

    /// How often the primary has been suspected, and how often in vain.
    fn suspicions(&self, sheet: &mut Sheet) {
        let now = self.now();
        let all = |it: &Ledger| {
            let so_far = it.alarms.iter().filter(|it| it.at <= now);
            so_far.fold((0, 0), |sum, it| (sum.0 + 1, sum.1 + u32::from(it.is_false)))
        };
        let words = match self.ledger.map(all).unwrap_or_default() {
            (0, _) => String::from("Nobody has suspected it so far."),
            (1, 0) => String::from("One replica has suspected it: it was down."),
            (1, _) => String::from("One replica has suspected it: a false alarm, it lived."),
            (all, 0) => format!("Suspected {all} times: each time it was down."),
            (all, vain) => format!("Suspected {all} times; {vain} false alarms: it lived."),
        };
        sheet.words("silence/alarms", &words);
    }

    /// The wait as a choice: a shorter one finds a death sooner, and takes a slow network for one.
    fn waits(&self, sheet: &mut Sheet) {
        let choice = |(hundredths, words): &(u64, &str)| {
            let (field, value, wait) = match self.params.detector {
                Detector::Fixed => {
                    let wait = Nanos(self.params.patience.0 / 100 * hundredths);
                    let wait = wait.max(Nanos::millis(2)).min(Nanos::seconds(600));
                    ("patience", format!("\"{wait}\""), text::duration(wait.0 as f64))
                }
                Detector::Phi => {
                    let phi = (self.params.phi * *hundredths as f64 / 100.0).clamp(0.5, 16.0);
                    ("phi", phi.to_string(), format!("φ {}", text::number(phi)))
                }
            };
            let mut chip =
                Chip::new(format!("silence/wait-{hundredths}"), format!("{words}: {wait}"));
            chip.action = Some(Act::Set(field.into(), value).to_string());
            let style = if *hundredths == 100 { CellStyle::Strong } else { CellStyle::Plain };
            chip.styled(Tone::Ink, style)
        };
        let chips: Vec<_> = WAITS.iter().map(choice).collect();
        sheet.space(2.0);
        sheet.chips("silence/wait", &chips, 2, chips.len());
    }
}
