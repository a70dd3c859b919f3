//! Who leads, how one primary was replaced by another, and what that cost.

use std::collections::BTreeSet;

use crate::base::text;
use crate::base::time::Nanos;
use crate::component::sql_db::{Failover, SqlDbState, Standby, is_cold};
use crate::engine::Switch;
use crate::engine::takeover::{Takeover, Written};
use crate::scene::layout::chips::Chip;
use crate::scene::layout::sheet::Sheet;
use crate::scene::{CellStyle, Tone};

use super::super::phases::{self, Phase};
use super::race::outage;
use super::{Act, Log};

/// Members that can be killed and promoted here.
const MEMBERS: usize = 6;
/// Rows of lost writes.
const LOST_ROWS: usize = 12;

/// Whether a member has been promoted, and is not primary yet.
pub(super) fn due(state: &SqlDbState) -> bool {
    state.led.as_ref().is_some_and(|it| it.due.is_some())
}

/// Whether it was closed or off when it was promoted, and is being brought up.
pub(super) fn closed(state: &SqlDbState) -> bool {
    due(state) && state.led.as_ref().is_some_and(|it| it.closed)
}

impl Log<'_> {
    /// Whether a member's machine is up and does something for clients' data: it leads, follows, or is
    /// being brought up.
    pub(super) fn runs(&self, slot: u32, state: &SqlDbState) -> bool {
        self.subject.world.is_up(slot) && (state.primary || due(state) || !is_cold(self.params))
    }

    /// How ready standbys are, and what that costs.
    pub(super) fn standby(&self, sheet: &mut Sheet) {
        if self.params.failover == Failover::None || self.members.len() < 2 {
            return;
        }
        let of = self.members.len();
        let up = self.members.iter().filter(|it| self.runs(it.0, it.1)).count();
        let start = |it: Nanos| text::duration(it.0 as f64);
        let answers = if self.leading().is_empty() { "none" } else { "one" };
        let words = match self.params.standby {
            Standby::Hot => {
                format!(
                    "Hot standbys: in step, and they can answer reads. {up} of {of} machines run; all are paid for."
                )
            }
            Standby::Warm => format!(
                "Warm standbys: in step, but closed; opening one takes {}. {up} of {of} machines run, and \
                 {answers} answers; all are paid for.",
                start(self.params.warm_start)
            ),
            Standby::Cold => format!(
                "Cold standbys: off, with a backup every {}; starting one takes {}. {up} of {of} machines run; \
                 the others cost their backups only.",
                start(self.params.backup_every),
                start(self.params.cold_start)
            ),
        };
        sheet.words("standby", &words);
    }

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
            phases::verdict("split", Tone::Fail, &words, sheet);
        }
        let now = self.now();
        let begun = |it: &&Takeover| it.chosen.is_some_and(|at| at <= now);
        let Some(it) = self.ledger.and_then(|it| it.takeovers.iter().rfind(begun)) else { return };
        let seen = |at: Option<Nanos>| at.filter(|it| *it <= now);
        let began = seen(it.began);
        let chosen = it.chosen.unwrap_or(now);
        let (start, served) = outage(it, now);
        let end = served.unwrap_or(now);
        let until = |at: Option<Nanos>| at.unwrap_or(end);
        let mut phases: Vec<Phase> = Vec::new();
        match it.suspected {
            Some(suspected) => {
                // Whoever hears it no longer may have found it silent while it still lived.
                let suspected = suspected.max(start);
                // Who was cut off has not died: it fell silent once it was last heard.
                let detection = match it.down {
                    Some(_) => {
                        "from the death of the primary until a replica found its silence too long"
                    }
                    None => {
                        "from when the primary was last heard until a replica found its silence too long"
                    }
                };
                phases.push(("Detection", detection, start, suspected));
                let election = "from when a replica found the primary silent for too long until one was chosen";
                phases.push(("Election", election, suspected, chosen));
            }
            None => phases.push(("Decision", "until people promoted a replica", start, chosen)),
        }
        let member = self.members.iter().position(|of| of.0 == it.member).unwrap_or(0);
        let (mut open, opened) = (chosen, seen(it.opened));
        if opened.is_some() || began.is_none() && closed(self.members[member].1) {
            open = until(opened);
            let help = "until the standby that was chosen was brought up";
            phases.push(("Start", help, chosen, open));
        }
        if opened.is_some() || open == chosen {
            let help = "until it had applied all it had received";
            phases.push(("Promotion", help, open, until(began)));
        }
        if let Some(began) = began {
            phases.push(("Clients switch", "until the first write was acknowledged", began, end));
        }
        sheet.space(8.0);
        let title = format!("Takeover by {} at {}", self.name(member), self.subject.moment(chosen));
        let total = end.saturating_sub(start);
        let took = text::duration(total.0 as f64);
        sheet.caption("takeover", [&title, &took]);
        phases::phases("takeover", phases, start, total, sheet);
        sheet.space(2.0);
        self.callers(sheet);
        let (rto, rpo, lost) =
            (self.params.rto, u64::from(self.params.rpo), self.cost(began) as u64);
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
        phases::verdict("rto", tone, &words, sheet);
        let (verdict, tone) = if lost > rpo { ("missed", Tone::Fail) } else { ("met", Tone::Hit) };
        let lost = text::count(lost);
        let words = format!(
            "{lost} acknowledged writes lost; target (RPO) at most {}: {verdict}.",
            text::count(rpo)
        );
        phases::verdict("rpo", tone, &words, sheet);
    }

    /// Acknowledged writes that a takeover has cost which began then: those that were lost before are not among
    /// them.
    fn cost(&self, began: Option<Nanos>) -> usize {
        let (Some(ledger), Some(began)) = (self.ledger, began) else { return 0 };
        let name = |it: &Written| (it.term, it.position);
        let before: BTreeSet<_> = ledger.lost(Nanos(began.0.saturating_sub(1))).map(name).collect();
        ledger.lost(self.now()).filter(|it| !before.contains(&name(it))).count()
    }

    /// Whom clients that go by an address or a name are led to.
    fn callers(&self, sheet: &mut Sheet) {
        let (world, now) = (self.subject.world, self.now());
        let blueprint = world.blueprint();
        let to = self.subject.component;
        let by_name = match blueprint.components[to as usize].switch {
            Switch::Members | Switch::Session => return,
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
        phases::verdict("callers", if old > 0 { Tone::Warn } else { Tone::Hit }, &words, sheet);
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
            let when = self.subject.moment(at);
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
