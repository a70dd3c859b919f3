//! Who leads, how one primary was replaced by another, and what that cost.

use crate::base::text;
use crate::base::time::Nanos;
use crate::component::sql_db::{Failover, SqlDbState};
use crate::engine::Switch;
use crate::engine::takeover::{Takeover, Written};
use crate::scene::layout::chips::Chip;
use crate::scene::layout::measure;
use crate::scene::layout::sheet::Sheet;
use crate::scene::{Anchor, CellStyle, Fill, Font, Mark, Point, Rect, Shape, Tone};

use super::{Act, Log};

/// Height of a phase's row.
const ROW: f32 = 20.0;
/// Members that can be killed and promoted here.
const MEMBERS: usize = 6;
/// Rows of lost writes.
const LOST_ROWS: usize = 12;

/// Whether a member has been promoted, and is not primary yet.
pub(super) fn due(state: &SqlDbState) -> bool {
    state.led.as_ref().is_some_and(|it| it.due.is_some())
}

impl Log<'_> {
    /// What can be done to the members.
    pub(super) fn acts(&self, sheet: &mut Sheet) {
        if self.params.failover == Failover::None {
            return;
        }
        let mut chips = Vec::new();
        for (ordinal, (slot, state)) in self.members.iter().enumerate().take(MEMBERS) {
            let (name, member) = (self.name(ordinal), ordinal as u16);
            let up = self.subject.world.is_up(*slot);
            let mut chip = |id: &str, words: String, act: Act| {
                let mut chip = Chip::new(format!("act/{id}/{ordinal}"), words);
                chip.action = Some(act.to_string());
                chips.push(chip);
            };
            match up {
                true => chip("kill", format!("Kill {name}"), Act::Crash(member)),
                false => chip("back", format!("Bring {name} back"), Act::Restart(member)),
            }
            // Who has been chosen applies what it has first.
            if up && !state.primary && !due(state) {
                chip("promote", format!("Promote {name}"), Act::Promote(member));
            }
        }
        sheet.space(4.0);
        sheet.chips("act", &chips, 4, chips.len());
    }

    /// The latest takeover as a line of time, measured against its targets.
    pub(super) fn takeover(&self, sheet: &mut Sheet) {
        if self.leading().len() > 1 {
            sheet.space(4.0);
            let names: Vec<_> = self.leading().into_iter().map(|it| self.name(it)).collect();
            let words = format!("Split brain: {} take writes.", names.join(" and "));
            self.line("split", Tone::Fail, &words, sheet);
        }
        let now = self.now();
        let begun = |it: &&Takeover| it.chosen.is_some_and(|at| at <= now);
        let Some(it) = self.ledger.and_then(|it| it.takeovers.iter().rfind(begun)) else { return };
        let seen = |at: Option<Nanos>| at.filter(|it| *it <= now);
        let (began, served) = (seen(it.began), seen(it.served));
        let chosen = it.chosen.unwrap_or(now);
        let start = it.down.or(it.suspected).unwrap_or(chosen);
        let end = served.unwrap_or(now);
        let until = |at: Option<Nanos>| at.unwrap_or(end);
        let mut phases: Vec<(&str, &str, Nanos, Nanos)> = Vec::new();
        match it.suspected {
            Some(suspected) => {
                let detection =
                    "from the death of the primary until a replica found its silence too long";
                phases.push(("Detection", detection, start, suspected));
                phases.push(("Election", "until one was chosen", suspected, chosen));
            }
            None => phases.push(("Decision", "until people promoted a replica", start, chosen)),
        }
        phases.push((
            "Promotion",
            "until it had applied all it had received",
            chosen,
            until(began),
        ));
        if let Some(began) = began {
            phases.push(("Clients switch", "until the first write was acknowledged", began, end));
        }
        let member = self.members.iter().position(|of| of.0 == it.member).unwrap_or(0);
        sheet.space(8.0);
        let title =
            format!("Takeover by {} at {}", self.name(member), text::duration(chosen.0 as f64));
        let total = end.saturating_sub(start);
        let took = text::duration(total.0 as f64);
        sheet.caption("takeover", [&title, &took]);
        let left =
            phases.iter().map(|it| measure::width(it.0, Font::SMALL)).fold(0.0, f32::max) + 8.0;
        let right = 64.0;
        for (index, (name, help, from, to)) in phases.into_iter().enumerate() {
            let row = sheet.block(ROW);
            let room = row.width - left - right;
            let part = |at: Nanos| at.saturating_sub(start).0 as f32 / (total.0.max(1)) as f32;
            let id = format!("takeover/{index}");
            let at = Point::new(0.0, row.y + 14.0);
            sheet.draw(Mark::text(format!("{id}#name"), at, name, Font::SMALL).toned(Tone::Ink2));
            let (x, width) = (left + room * part(from), (room * (part(to) - part(from))).max(2.0));
            let area = Rect::new(x.min(left + room - width), row.y + 4.0, width, 12.0);
            let took = text::duration(to.saturating_sub(from).0 as f64);
            let shape = Shape::Bar { area, radius: 2.0, fill: Fill::Soft };
            let tone = if index == 0 { Tone::Fail } else { Tone::Control };
            let label = format!("{name}: {took}, {help}");
            sheet.draw(
                Mark::new(&id, shape, tone).labelled(label).asking(Act::At(from.0).to_string()),
            );
            let at = Point::new(row.right(), row.y + 14.0);
            let figure = Mark::text(format!("{id}#figure"), at, took, Font::NUMBER);
            sheet.draw(figure.anchored(Anchor::End));
        }
        sheet.space(2.0);
        self.callers(sheet);
        let (rto, rpo, lost) = (self.params.rto, u64::from(self.params.rpo), self.lost() as u64);
        let target = text::duration(rto.0 as f64);
        let late = total > rto;
        let (words, tone) = match (served, late) {
            (Some(_), false) => {
                (format!("Writes again after {took}; target (RTO) {target}: met."), Tone::Hit)
            }
            (None, false) => {
                (format!("No write for {took} so far; target (RTO) {target}."), Tone::Warn)
            }
            (Some(_), true) => {
                (format!("Writes again after {took}; target (RTO) {target}: missed."), Tone::Fail)
            }
            (None, true) => {
                (format!("No write for {took} so far; target (RTO) {target}: missed."), Tone::Fail)
            }
        };
        self.line("rto", tone, &words, sheet);
        let (verdict, tone) = if lost > rpo { ("missed", Tone::Fail) } else { ("met", Tone::Hit) };
        let lost = text::count(lost);
        let words = format!(
            "{lost} acknowledged writes lost; target (RPO) at most {}: {verdict}.",
            text::count(rpo)
        );
        self.line("rpo", tone, &words, sheet);
    }

    /// Whom clients that go by an address or a name are led to.
    fn callers(&self, sheet: &mut Sheet) {
        let (world, now) = (self.subject.world, self.now());
        let blueprint = world.blueprint();
        let to = self.subject.component;
        let by_name = match blueprint.components[to as usize].switch {
            Switch::Members => return,
            Switch::Address => false,
            Switch::Name { .. } => true,
        };
        let (mut all, mut old, mut last) = (0, 0, now);
        for wire in blueprint.wires.iter().filter(|it| it.alive && it.to == to) {
            for caller in &blueprint.components[wire.from as usize].members {
                let routes = &world.member(*caller).desk.routes;
                let Some(route) = routes.get(wire.out_index as usize) else { continue };
                let kept = !by_name || route.until > now;
                let elsewhere = kept && usize::from(route.leader) != self.lead;
                all += 1;
                if elsewhere {
                    (old, last) = (old + 1, last.max(route.until));
                }
            }
        }
        let words = match (by_name, old) {
            (true, 0) => format!("DNS: none of {all} callers has an old answer."),
            (true, old) => {
                let left = text::duration(last.saturating_sub(now).0 as f64);
                format!("DNS: {old} of {all} callers go by an old answer, the last for {left}.")
            }
            (false, 0) => format!("Virtual address: all {all} callers reach the new primary."),
            (false, old) => {
                format!("Virtual address: {old} of {all} callers have last reached another member.")
            }
        };
        self.line("callers", if old > 0 { Tone::Warn } else { Tone::Hit }, &words, sheet);
    }

    /// A sign and words.
    fn line(&self, id: &str, tone: Tone, words: &str, sheet: &mut Sheet) {
        let lines = measure::wrap(words, Font::BODY, sheet.width() - 18.0);
        for (index, line) in lines.into_iter().enumerate() {
            let row = sheet.block(measure::line_height(Font::BODY));
            if index == 0 {
                let at = Point::new(6.0, row.y + 10.0);
                sheet.draw(Mark::sign(format!("{id}/sign"), at, tone));
            }
            let at = Point::new(18.0, row.y + 14.0);
            sheet.draw(Mark::text(format!("{id}/{index}"), at, line, Font::BODY));
        }
    }

    /// The acknowledged writes that are gone, one by one.
    pub(super) fn lost_writes(&self, sheet: &mut Sheet) {
        let Some(ledger) = self.ledger else { return };
        let lost: Vec<&Written> = ledger.lost(self.now()).collect();
        if ledger.term(self.now()) == 0 {
            return;
        }
        sheet.space(8.0);
        let count = text::count(lost.len() as u64);
        sheet.caption("lost", ["Acknowledged writes lost, oldest left", &count]);
        if lost.is_empty() {
            return sheet.words("lost/none", "None.");
        }
        let chip = |(index, it): (usize, &&Written)| {
            let words = format!("{} v{}", self.subject.key(it.key), it.version);
            let at = it.acknowledged.unwrap_or(it.committed);
            let mut chip = Chip::new(format!("lost/{index}"), &words);
            let when = text::duration(at.0 as f64);
            chip.label = Some(format!(
                "{words}, entry {}, acknowledged at {when}: lost",
                text::count(it.position + 1)
            ));
            chip.action = Some(Act::At(at.0).to_string());
            chip.styled(Tone::Fail, CellStyle::Struck)
        };
        let chips: Vec<_> = lost.iter().enumerate().map(chip).collect();
        sheet.chips("lost", &chips, LOST_ROWS, chips.len());
    }
}
