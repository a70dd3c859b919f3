//! A history as a space–time diagram: a row for each thing that a client does at a time, an operation as
//! a bar from its invocation to its response.

use crate::base::text;
use crate::base::time::Nanos;
use crate::engine::history::Operation;
use crate::lens::Act;
use crate::scene::layout::measure;
use crate::scene::layout::scale::{Scale, Span, Track};
use crate::scene::layout::{axis, sheet::Sheet};
use crate::scene::{Dash, Fill, Font, Mark, Point, Rect, Shape, Stroke, Tone};

use super::Account;

/// How far back the diagram reaches.
const BACK: Nanos = Nanos::seconds(10);
/// Rows drawn, at most.
const ROWS: usize = 6;
/// Height of a row, of a bar, and the smallest width of a bar.
const ROW: [f32; 3] = [34.0, 12.0, 8.0];
/// Gap between the words of two operations, in pixels.
const GAP: f32 = 5.0;

impl Account<'_> {
    /// The diagram.
    pub fn operations(&self, sheet: &mut Sheet) {
        sheet.space(10.0);
        let key = self.voice.key(self.key);
        sheet.caption("history", [&format!("History of {key}"), "the last 10 s"]);
        let now = self.subject.now();
        let from = now.saturating_sub(BACK);
        let recorded = &self.judged.recorded;
        let blamed = self.judged.blamed();
        let shown = recorded.history.operations.iter().zip(&recorded.of);
        let shown = shown.filter_map(|(it, of)| of.map(|of| (it.process as usize, of)));
        let shown: Vec<_> = shown
            .filter(|(_, of)| {
                let it = &self.log.operations[*of];
                let over = it.ended.is_some_and(|it| it.1 < from);
                it.key == self.key && !over
            })
            .collect();
        // A client has a row for each thing that it does at a time; all of a client's stand together.
        let mut rows: Vec<usize> = shown.iter().map(|it| it.0).collect();
        rows.sort_by_key(|it| recorded.processes[*it]);
        rows.dedup();
        // Where there are more than are drawn, those of what breaks a guarantee are.
        let all = rows.len();
        let is_blamed = |row: usize| shown.iter().any(|it| it.0 == row && blamed.contains(&it.1));
        while rows.len() > ROWS {
            let idle = rows.iter().rposition(|it| !is_blamed(*it)).unwrap_or(rows.len() - 1);
            rows.remove(idle);
        }
        if rows.is_empty() {
            return sheet.words("history/none", "Nobody has asked for anything yet.");
        }
        let names: Vec<_> =
            rows.iter().map(|it| self.voice.client(recorded.processes[*it].0)).collect();
        let wide = names.iter().map(|it| measure::width(it, Font::SMALL)).fold(0.0, f32::max);
        let left = (wide + 10.0).min(sheet.width() * 0.35);
        let height = ROW[0] * rows.len() as f32;
        let block = sheet.block(height);
        let plot = Rect::new(left, block.y, block.width - left - 8.0, height);
        let track = Track { from_px: plot.x, to_px: plot.right() };
        let [low, high] = [from, now.max(BACK)].map(|it| self.subject.seconds(it));
        let scale = Scale::linear(Span { low, high }, track);
        for (index, process) in rows.iter().enumerate() {
            let y = plot.y + ROW[0] * index as f32;
            let base = y + ROW[0] - ROW[1] / 2.0 - 4.0;
            let name = measure::fit(&names[index], Font::SMALL, left - 8.0);
            let at = Point::new(0.0, base + 4.0);
            let id = format!("history/row/{index}");
            if index == 0 || names[index] != names[index - 1] {
                sheet.draw(
                    Mark::text(format!("{id}/name"), at, name, Font::SMALL).toned(Tone::Ink2),
                );
            }
            let (from, to) = (Point::new(plot.x, base), Point::new(plot.right(), base));
            let line = Shape::Line { from, to, stroke: Stroke::THIN };
            sheet.draw(Mark::new(format!("{id}/line"), line, Tone::Line2));
            let mut of_row: Vec<_> =
                shown.iter().filter(|it| it.0 == *process).map(|it| it.1).collect();
            // What breaks a guarantee gets its words first, then writes, then what was refused.
            of_row.sort_by_key(|of| {
                let it = &self.log.operations[*of];
                (!blamed.contains(of), !it.writes, it.reached.is_none())
            });
            let mut taken = Vec::new();
            for of in of_row {
                let broken = blamed.contains(&of);
                self.operation(of, base, &scale, plot, (broken, &mut taken), sheet);
            }
        }
        let id = "history/axis";
        let words = |it: f64, decimals: usize| format!("{it:.decimals$} s");
        axis::below(sheet.marks(), id, plot, &scale, &words);
        sheet.space(18.0);
        if all > rows.len() {
            let more = format!(
                "and {} more at the same time",
                text::some((all - rows.len()) as u64, "operation")
            );
            sheet.words("history/more", &more);
        }
        self.link(blamed, &rows, &scale, plot, sheet);
    }

    /// One operation from invocation to response, with as many words as there is room for between
    /// those that are there.
    fn operation(
        &self,
        of: usize,
        base: f32,
        scale: &Scale,
        plot: Rect,
        (broken, taken): (bool, &mut Vec<[f32; 2]>),
        sheet: &mut Sheet,
    ) {
        let it = &self.log.operations[of];
        let ended = it.ended.filter(|it| it.1 <= self.subject.now());
        let px = |at: Nanos| scale.px(self.subject.seconds(at));
        let (x, end) = (px(it.invoked), ended.map_or(plot.right(), |it| px(it.1)));
        let width = (end - x).max(ROW[2]);
        let x = x.min(plot.right() - width);
        let area = Rect::new(x, base - ROW[1] / 2.0, width, ROW[1]);
        let failed = ended.is_some_and(|it| it.0.is_failure());
        let (tone, fill) = match (broken, failed, ended.is_some(), it.writes) {
            (true, ..) => (Tone::Fail, Fill::Framed),
            (_, true, ..) => (Tone::Fail, Fill::Dashed),
            (_, _, false, _) => (Tone::Ink3, Fill::Dashed),
            (_, _, _, true) => (Tone::Write, Fill::Framed),
            _ => (Tone::Read, Fill::Framed),
        };
        let id = format!("operation/{}", it.request);
        let shape = Shape::Bar { area, radius: 2.0, fill };
        let moment = ended.map_or(it.invoked, |it| it.1);
        let mark = Mark::new(&id, shape, tone).labelled(self.voice.told(it));
        sheet.draw(mark.asking(Act::At(moment.0).to_string()));
        let middle = area.x + area.width / 2.0;
        let short = self.voice.value(it).unwrap_or_else(|| String::from("–"));
        for words in [self.voice.words(it), short] {
            let wide = measure::width(&words, Font::NUMBER);
            let start = (middle - wide / 2.0).max(plot.x).min(plot.right() + 8.0 - wide);
            let free = |it: &[f32; 2]| start + wide + GAP <= it[0] || it[1] + GAP <= start;
            if !taken.iter().all(free) {
                continue;
            }
            taken.push([start, start + wide]);
            let at = Point::new(start, area.y - 4.0);
            let tone = if broken || failed { Tone::Fail } else { Tone::Ink2 };
            sheet.draw(Mark::text(format!("{id}#words"), at, words, Font::NUMBER).toned(tone));
            return;
        }
    }

    /// A line from the response of the finished write to the read that missed it.
    fn link(&self, blamed: &[usize], rows: &[usize], scale: &Scale, plot: Rect, sheet: &mut Sheet) {
        let find = |writes: bool| {
            blamed
                .iter()
                .map(|it| (*it, &self.log.operations[*it]))
                .filter(move |it| it.1.writes == writes)
        };
        let Some((read_at, read)) = find(false).next_back() else { return };
        let finished = |it: &(usize, &Operation)| {
            it.1.value != read.value && it.1.ended.is_some_and(|it| it.1 < read.invoked)
        };
        let Some((write_at, write)) = find(true).rfind(finished) else { return };
        let from = self.subject.now().saturating_sub(BACK);
        let place = |of: usize, at: Nanos| {
            if at < from {
                return None;
            }
            let recorded = &self.judged.recorded;
            let index = recorded.of.iter().position(|it| *it == Some(of))?;
            let process = recorded.history.operations[index].process as usize;
            let row = rows.iter().position(|it| *it == process)?;
            let y = plot.y + ROW[0] * (row + 1) as f32 - ROW[1] / 2.0 - 4.0;
            Some(Point::new(scale.px(self.subject.seconds(at)), y))
        };
        let end = write.ended.map_or(write.invoked, |it| it.1);
        let (Some(from), Some(to)) = (place(write_at, end), place(read_at, read.invoked)) else {
            return;
        };
        let stroke = Stroke { width: 1.4, dash: Dash::Dashed };
        let label = "From the finished write to the read that missed it";
        let shape = Shape::Path { points: vec![from, to], stroke };
        sheet.draw(Mark::new("history/link", shape, Tone::Fail).labelled(label));
    }
}
