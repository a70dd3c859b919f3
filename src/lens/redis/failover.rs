//! The latest failover as a line of time: silence, agreement, election, promotion, the others, the first
//! write.

use crate::base::text;
use crate::base::time::Nanos;
use crate::component::redis::{Event, What, epoch_of, server_of};
use crate::engine::takeover::Takeover;
use crate::scene::Tone;
use crate::scene::layout::sheet::Sheet;

use super::super::phases::{self, Phase};
use super::Inside;

impl Inside<'_> {
    pub(super) fn failover(&self, sheet: &mut Sheet) {
        let now = self.now();
        let begun = |it: &&Takeover| it.chosen.is_some_and(|at| at <= now);
        let Some(it) = self.ledger.and_then(|it| it.takeovers.iter().rfind(begun)) else { return };
        let (chosen, epoch) = (it.chosen.unwrap_or(now), epoch_of(it.term));
        let served = it.served.filter(|it| *it <= now);
        let steps = self.steps(it, chosen, served, epoch);
        let Some(start) = steps.iter().map(|it| it.2).min() else { return };
        let end = steps.iter().map(|it| it.3).max().unwrap_or(now);
        let total = end.saturating_sub(start);
        sheet.space(8.0);
        let by = self.name(server_of(it.term));
        let title = format!("Failover to {by} at {}, epoch {epoch}", self.subject.moment(chosen));
        sheet.caption("failover", [&title, &text::duration(total.0 as f64)]);
        phases::phases("failover", steps, start, total, sheet);
        sheet.space(2.0);
        let lost = text::count(self.lost() as u64);
        match served {
            Some(at) => {
                let took = text::duration(at.saturating_sub(start).0 as f64);
                let words = format!("Writes again after {took}; {lost} acknowledged writes lost.");
                phases::verdict("failover/sum", Tone::Hit, &words, sheet);
            }
            None => {
                let words = format!("No write yet; {lost} acknowledged writes lost.");
                phases::verdict("failover/sum", Tone::Warn, &words, sheet);
            }
        }
    }

    /// The steps, from the log of the sentinel that was elected and what the observer saw.
    fn steps(&self, it: &Takeover, chosen: Nanos, served: Option<Nanos>, epoch: u32) -> Vec<Phase> {
        let now = self.now();
        let elected = |it: &&Event| it.what == What::Elected && it.epoch == epoch && it.at <= now;
        let winner = self.sentinels.iter().find(|it| it.1.log.iter().any(|it| elected(&it)));
        let mut steps: Vec<Phase> = Vec::new();
        let Some((_, winner)) = winner else {
            let start = it.down.unwrap_or(chosen);
            steps.push(("Decision", "until somebody promoted a replica", start, chosen));
            let help = "until the first write was acknowledged by the new primary";
            steps.push(("First write", help, chosen, served.unwrap_or(now)));
            return steps;
        };
        let at = winner.log.iter().find(elected).map_or(chosen, |it| it.at);
        let last = |what: What| {
            winner.log.iter().rfind(|it| it.what == what && it.at <= at).map(|it| it.at)
        };
        let odown = last(What::Odown).unwrap_or(at);
        let sdown = last(What::Sdown).filter(|it| *it <= odown).unwrap_or(odown);
        // Of a primary that died, or fell silent, before anybody found out.
        let down = it.down.or(it.silent).filter(|it| *it <= sdown).unwrap_or(sdown);
        let tries = last(What::Tries).unwrap_or(odown);
        steps.push(("Silence", "until the sentinel found the primary down (sdown)", down, sdown));
        steps.push(("Agreement", "until enough sentinels did (odown)", sdown, odown));
        if tries > odown {
            steps.push(("Pause", "until another failover could be tried", odown, tries));
        }
        steps.push(("Election", "until a majority had voted for it", tries, at));
        steps.push(("Promotion", "until the replica was a primary", at, chosen));
        let later = winner.log.iter().filter(|it| it.at >= chosen && it.at <= now);
        let ends = later.clone().find(|it| it.what == What::Ends).map(|it| it.at);
        let help = "until the other replicas followed it";
        steps.push(("Replicas turn", help, chosen, ends.unwrap_or(now)));
        let help = "until it acknowledged the first write: callers had found it";
        steps.push(("First write", help, chosen, served.unwrap_or(now)));
        steps
    }
}
