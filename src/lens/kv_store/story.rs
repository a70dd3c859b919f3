//! The history of the key as a space–time diagram, and what checkers say of it.

use crate::algorithm::consistency::{Guarantee, Verdict, Violation};
use crate::base::text;
use crate::base::time::Nanos;
use crate::engine::Settled;
use crate::engine::history::Operation;
use crate::lens::Act;
use crate::lens::history::Judged;
use crate::scene::layout::measure;
use crate::scene::layout::scale::{Scale, Span, Track};
use crate::scene::layout::{axis, sheet::Sheet};
use crate::scene::{Anchor, Dash, Fill, Font, Glyph, Mark, Point, Rect, Shape, Stroke, Tone};

use super::Store;

/// How far back the diagram reaches.
const BACK: Nanos = Nanos::seconds(10);
/// Rows drawn, at most.
const ROWS: usize = 6;
/// Height of a row, of a bar, and the smallest width of a bar.
const ROW: [f32; 3] = [34.0, 12.0, 8.0];
/// Gap between the words of two operations, in pixels.
const GAP: f32 = 5.0;

impl Judged {
    /// What has been found, the plain sentence first and the term after it.
    pub(super) fn sentence(&self, store: &Store) -> String {
        let Some((guarantee, violation)) = self.broken() else {
            return match self.verdicts.first() {
                Some((_, Verdict::Undecided(_))) => String::from("Too much overlaps to tell."),
                _ => String::from("Every answer can be explained (linearizable)."),
            };
        };
        let term = match guarantee {
            Guarantee::Linearizable => String::from("not linearizable"),
            it => format!("not: {}", it.label().to_lowercase()),
        };
        format!("{} ({term}).", plain(self, violation, store))
    }
}

/// A violation in plain words.
fn plain(judged: &Judged, violation: &Violation, store: &Store) -> String {
    let of = |it: &usize| judged.recorded.of[*it].map(|at| store.log.operations[at]);
    let known: Vec<Operation> = violation.operations.iter().filter_map(of).collect();
    let at = |it: &Operation| it.ended.map_or(it.invoked, |it| it.1);
    let later = |write: &Operation, read: &Operation| {
        write.ended.is_some_and(|it| !it.0.is_failure()) && at(write) < read.invoked
    };
    for read in known.iter().filter(|it| !it.writes) {
        let missed = known.iter().find(|it| it.writes && it.value != read.value && later(it, read));
        if missed.is_some() {
            return String::from("Read an old value after a finished write");
        }
        let newer = known.iter().find(|it| {
            !it.writes && it.value > read.value && it.key == read.key && at(it) < read.invoked
        });
        if newer.is_some() {
            return String::from("Read an old value after a newer one had been read");
        }
    }
    String::from("No order of these operations explains all answers")
}

impl Store<'_> {
    /// What an operation is called in the diagram.
    pub(super) fn words(&self, it: &Operation) -> String {
        let done = it.ended.filter(|it| it.1 <= self.now());
        let failed = done.is_some_and(|it| it.0.is_failure());
        match (it.writes, done.is_some() && !failed) {
            (true, _) if failed => format!("{} refused", it.value),
            (true, _) => format!("write {}", it.value),
            (false, true) => match it.value {
                0 if self.adds() => String::from("read all"),
                0 => String::from("read old"),
                value => format!("read {value}"),
            },
            (false, false) if failed => String::from("refused"),
            (false, false) => String::from("read"),
        }
    }

    /// All there is to say of an operation.
    pub(super) fn told(&self, it: &Operation) -> String {
        let client = self.client(it.client);
        let member = self.members.iter().position(|member| member.0 == it.member);
        let member = member.map_or_else(String::new, |it| format!(" at {}", self.name(it)));
        let key = self.key_name(it.key);
        let what = if it.writes {
            format!("{client} writes {key} = {}{member}", it.value)
        } else {
            format!("{client} reads {key}{member}")
        };
        let since = text::duration(it.invoked.0 as f64);
        let Some((outcome, at)) = it.ended.filter(|it| it.1 <= self.now()) else {
            return format!("{what}, begun at {since}, no answer yet");
        };
        let until = text::duration(at.0 as f64);
        let n = self.params.homes() as usize;
        match (it.reached, outcome.is_failure()) {
            (Some(reached), true) => {
                let why = if reached as usize * 2 <= n { "no majority" } else { "too few" };
                format!("{what}, from {since} to {until}: refused, {reached} of {n}, {why}")
            }
            (None, true) => format!("{what}, from {since} to {until}: {}", outcome.word()),
            (_, false) if it.writes => format!("{what}, from {since} to {until}: acknowledged"),
            (_, false) => {
                let found = match it.value {
                    0 if self.adds() => String::from("all"),
                    0 => String::from("an old value"),
                    value => value.to_string(),
                };
                format!("{what}, from {since} to {until}: found {found}")
            }
        }
    }

    /// The diagram.
    pub(super) fn operations(&self, sheet: &mut Sheet) {
        sheet.space(10.0);
        let key = self.key_name(self.key);
        sheet.caption("history", [&format!("History of {key}"), "the last 10 s"]);
        let now = self.now();
        let from = now.saturating_sub(BACK);
        let recorded = &self.judged.recorded;
        let broken = self.judged.broken();
        let blamed = broken.map_or_else(Vec::new, |it| self.judged.blamed(it.1));
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
        if rows.is_empty() {
            return sheet.words("history/none", "Nobody has asked for anything yet.");
        }
        let names: Vec<_> = rows.iter().map(|it| self.client(recorded.processes[*it].0)).collect();
        let wide = names.iter().map(|it| measure::width(it, Font::SMALL)).fold(0.0, f32::max);
        let left = (wide + 10.0).min(sheet.width() * 0.35);
        let height = ROW[0] * rows.len().min(ROWS) as f32;
        let block = sheet.block(height);
        let plot = Rect::new(left, block.y, block.width - left - 8.0, height);
        let track = Track { from_px: plot.x, to_px: plot.right() };
        let [low, high] = [from, now.max(BACK)].map(|it| it.0 as f64 / 1e9);
        let scale = Scale::linear(Span { low, high }, track);
        for (index, process) in rows.iter().take(ROWS).enumerate() {
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
        if rows.len() > ROWS {
            let more = format!("and {} more things done at the same time", rows.len() - ROWS);
            sheet.words("history/more", &more);
        }
        self.link(&blamed, &rows, &scale, plot, sheet);
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
        let ended = it.ended.filter(|it| it.1 <= self.now());
        let px = |at: Nanos| scale.px(at.0 as f64 / 1e9);
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
        let mark = Mark::new(&id, shape, tone).labelled(self.told(it));
        sheet.draw(mark.asking(Act::At(moment.0).to_string()));
        let middle = area.x + area.width / 2.0;
        let short = if it.value > 0 { it.value.to_string() } else { String::from("–") };
        for words in [self.words(it), short] {
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
        let from = self.now().saturating_sub(BACK);
        let place = |of: usize, at: Nanos| {
            if at < from {
                return None;
            }
            let recorded = &self.judged.recorded;
            let index = recorded.of.iter().position(|it| *it == Some(of))?;
            let process = recorded.history.operations[index].process as usize;
            let row = rows.iter().take(ROWS).position(|it| *it == process)?;
            let y = plot.y + ROW[0] * (row + 1) as f32 - ROW[1] / 2.0 - 4.0;
            Some(Point::new(scale.px(at.0 as f64 / 1e9), y))
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

    /// What holds and what does not.
    pub(super) fn verdicts(&self, sheet: &mut Sheet) {
        sheet.space(8.0);
        let count = self.judged.recorded.of.iter().flatten().count();
        let scope = match self.log.forgotten {
            0 => format!("{} operations", text::count(count as u64)),
            _ => format!("the last {} operations", text::count(count as u64)),
        };
        sheet.caption("verdict", ["What clients can rely on", &scope]);
        let sentence = self.judged.sentence(self);
        let fails = self.judged.broken().is_some();
        for (index, line) in
            measure::wrap(&sentence, Font::BODY, sheet.width()).into_iter().enumerate()
        {
            let row = sheet.block(measure::line_height(Font::BODY));
            let tone = if fails { Tone::Fail } else { Tone::Ink };
            let at = Point::new(0.0, row.y + 14.0);
            let id = format!("verdict/sentence/{index}");
            sheet.draw(Mark::text(id, at, line, Font::BODY).toned(tone));
        }
        sheet.space(4.0);
        for (guarantee, verdict) in &self.judged.verdicts {
            self.verdict(*guarantee, verdict, sheet);
        }
        self.converged(sheet);
        self.conflicts(sheet);
    }

    /// Conflicts as they arose and were settled, the newest first.
    fn conflicts(&self, sheet: &mut Sheet) {
        let known = self.log.conflicts.iter().filter(|it| it.at <= self.now());
        let known: Vec<_> = known.collect();
        let name = |value: u32| match value {
            0 if self.adds() => String::from("all"),
            0 => String::from("an old one"),
            it => it.to_string(),
        };
        for (index, it) in known.iter().rev().take(4).enumerate() {
            let key = self.key_name(it.key);
            let pair =
                format!("{{{}, {}}}", name(it.kept.min(it.other)), name(it.kept.max(it.other)));
            let (kept, other) = (name(it.kept), name(it.other));
            let (tone, glyph) = match it.how {
                Settled::Dropped => (Tone::Stale, Glyph::Clock),
                Settled::Both => (Tone::Warn, Glyph::Alert),
                Settled::Replaced | Settled::United => (Tone::Hit, Glyph::Check),
            };
            let words = match it.how {
                Settled::Dropped => format!(
                    "Conflict in {key}: {pair}. The later clock wins: {kept} is kept, {other} is dropped."
                ),
                Settled::Both => format!(
                    "Conflict in {key}: {pair} do not know of each other. Both are kept (siblings)."
                ),
                Settled::Replaced if self.adds() => {
                    format!("Settled in {key}: a write was added to {pair}.")
                }
                Settled::Replaced => format!("Settled in {key}: a write went over {pair}."),
                Settled::United => format!("Settled in {key}: a reader united {pair}."),
            };
            let id = format!("conflict/{}", known.len() - index);
            self.line(&id, tone, glyph, &words, Some(it.at), sheet);
        }
    }

    fn verdict(&self, guarantee: Guarantee, verdict: &Verdict, sheet: &mut Sheet) {
        let id = format!("guarantee/{}", guarantee.id());
        let label = guarantee.label();
        match verdict {
            Verdict::Holds => self.line(&id, Tone::Hit, Glyph::Check, label, None, sheet),
            Verdict::Undecided(_) => {
                let words = format!("{label}: cannot be told");
                self.line(&id, Tone::Warn, Glyph::Alert, &words, None, sheet);
            }
            Verdict::Violated(violation) => {
                let at = self.judged.at(violation);
                let words = format!("{label}: broken at {}", text::duration(at.0 as f64));
                self.line(&id, Tone::Fail, Glyph::Cross, &words, Some(at), sheet);
            }
        }
    }

    /// Whether all members that are up hold the same of every key.
    fn converged(&self, sheet: &mut Sheet) {
        let open = self.unconfirmed();
        let id = "guarantee/converged";
        match open {
            0 => {
                let words = match self.is_spread() {
                    true => "Converged: all homes of a key hold the same",
                    false => "Converged: all hold the same",
                };
                self.line(id, Tone::Hit, Glyph::Check, words, None, sheet)
            }
            _ => {
                let words = "Not converged: some have not confirmed a write";
                self.line(id, Tone::Warn, Glyph::Alert, words, None, sheet);
            }
        }
    }

    pub(super) fn line(
        &self,
        id: &str,
        tone: Tone,
        glyph: Glyph,
        words: &str,
        at: Option<Nanos>,
        sheet: &mut Sheet,
    ) {
        for (index, line) in
            measure::wrap(words, Font::SMALL, sheet.width() - 16.0).into_iter().enumerate()
        {
            let row = sheet.block(if at.is_some() { 24.0 } else { 18.0 });
            let middle = row.y + row.height / 2.0;
            if index == 0 {
                let shape =
                    Shape::Glyph { glyph, at: Point::new(5.0, middle), radius: Glyph::RADIUS };
                sheet.draw(Mark::new(format!("{id}#sign"), shape, tone).labelled(words));
            }
            let at_words = Point::new(16.0, middle + 4.0);
            let mut mark = Mark::text(format!("{id}#{index}"), at_words, line, Font::SMALL)
                .anchored(Anchor::Start)
                .toned(Tone::Ink2);
            if let (Some(at), 0) = (at, index) {
                let name = format!("{words}. Go there");
                mark = mark.toned(Tone::Link).labelled(name).asking(Act::At(at.0).to_string());
            }
            sheet.draw(mark);
        }
    }
}
