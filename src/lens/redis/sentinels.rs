//! What each sentinel believes, and what they have written into their logs.

use crate::base::order::sort_few;
use crate::base::text;
use crate::component::redis::{Event, Sentinel, Stage, What};
use crate::scene::layout::chips::Chip;
use crate::scene::layout::measure;
use crate::scene::layout::sheet::Sheet;
use crate::scene::{CellStyle, Font, Mark, Point, Tone};

use super::{Act, Inside};

/// Lines of the logs that are shown.
const LINES: usize = 10;

impl Inside<'_> {
    pub(super) fn believe(&self, sheet: &mut Sheet) {
        sheet.space(8.0);
        let needed =
            format!("quorum {}, majority {}", self.params.quorum, self.params.sentinels / 2 + 1);
        if self.sentinels.is_empty() {
            sheet.caption("sentinels", ["Sentinels", ""]);
            return sheet
                .words("sentinels/none", "None: nobody takes a dead primary's place by itself.");
        }
        sheet.caption("sentinels", ["What each sentinel believes", &needed]);
        for (slot, sentinel) in &self.sentinels {
            let id = format!("sentinel/{}", sentinel.own);
            let epoch = format!("epoch {}", sentinel.epoch);
            sheet.caption(&id, [&self.name(sentinel.own), &epoch]);
            if !self.is_up(*slot) {
                let chip =
                    Chip::new(format!("{id}/down"), "down").styled(Tone::Fail, CellStyle::Plain);
                sheet.chips(&id, &[chip], 1, 1);
            } else {
                let chips = self.beliefs(&id, sentinel);
                sheet.chips(&id, &chips, 3, chips.len());
            }
            sheet.space(2.0);
        }
    }

    /// Server by server; then its vote, and where its failover stands.
    fn beliefs(&self, id: &str, sentinel: &Sentinel) -> Vec<Chip> {
        let mut chips = Vec::new();
        for (ordinal, it) in sentinel.watched.iter().enumerate() {
            let server = ordinal as u16;
            let primary = server == sentinel.current();
            let odown = server == sentinel.primary && sentinel.odown.is_some();
            let state = match (it.sdown, odown) {
                (Some(_), true) => "odown",
                (Some(_), false) => "sdown",
                (None, _) => "up",
            };
            let name = self.name(server);
            let words = format!("{name} {state}");
            let mut chip = Chip::new(format!("{id}/{server}"), words);
            let role = if primary { "the primary" } else { "a replica" };
            let meaning = match (it.sdown, odown) {
                (Some(at), true) => format!(
                    "down since {}, and enough sentinels agree (objectively down)",
                    self.subject.moment(at)
                ),
                (Some(at), false) => {
                    format!(
                        "down since {}, as far as it sees (subjectively down)",
                        self.subject.moment(at)
                    )
                }
                (None, _) => "up".into(),
            };
            chip.label = Some(format!("It takes {name} for {role}; it is {meaning}"));
            let tone = match (it.sdown, odown) {
                (Some(_), true) => Tone::Fail,
                (Some(_), false) => Tone::Warn,
                (None, _) => Tone::Ink,
            };
            chips.push(
                chip.styled(tone, if primary { CellStyle::Strong } else { CellStyle::Plain }),
            );
        }
        if let (epoch, Some(whom)) = sentinel.vote {
            let words = format!("voted for {} in {epoch}", self.name(whom));
            let mut chip = Chip::new(format!("{id}/vote"), words);
            chip.label = Some(format!("Its last vote: for {}, in epoch {epoch}", self.name(whom)));
            chips.push(chip.styled(Tone::Ink2, CellStyle::Dashed));
        }
        if let Some(it) = sentinel.failover {
            let words = match (it.stage, it.replica) {
                (Stage::Elects, _) => "asks for votes".into(),
                (Stage::Selects, _) => "elected, picks a replica".into(),
                (Stage::Promotes | Stage::Waits, Some(replica)) => {
                    format!("promotes {}", self.name(replica))
                }
                (_, Some(replica)) => format!("turns replicas to {}", self.name(replica)),
                (_, None) => "leads a failover".into(),
            };
            let chip = Chip::new(format!("{id}/stage"), words);
            chips.push(chip.styled(Tone::Link, CellStyle::Filled));
        }
        chips
    }

    /// The latest lines of all logs, the newest first.
    pub(super) fn logs(&self, sheet: &mut Sheet) {
        let now = self.now();
        let mut all: Vec<(u16, Event)> = Vec::new();
        for (_, sentinel) in &self.sentinels {
            all.extend(sentinel.log.iter().filter(|it| it.at <= now).map(|it| (sentinel.own, *it)));
        }
        if all.is_empty() {
            return;
        }
        sort_few(&mut all, |a, b| (a.1.at, b.0) > (b.1.at, a.0));
        sheet.space(8.0);
        sheet.caption("log", ["The sentinels' logs, newest first", &text::count(all.len() as u64)]);
        for (index, (by, it)) in all.into_iter().take(LINES).enumerate() {
            let row = sheet.block(measure::line_height(Font::SMALL));
            let id = format!("log/{index}");
            let at = self.subject.moment(it.at);
            let width = sheet.width();
            let when = measure::fit(&at, Font::NUMBER, 74.0);
            let place = Point::new(0.0, row.y + 13.0);
            sheet.draw(Mark::text(format!("{id}#at"), place, when, Font::NUMBER).toned(Tone::Ink3));
            let words = format!("{} {}", self.name(by), self.line_of(&it));
            let fits = measure::fit(&words, Font::SMALL, width - 78.0);
            let mark = Mark::text(&id, Point::new(78.0, row.y + 13.0), fits, Font::SMALL);
            let mark = mark.labelled(format!("{at}: {words}")).asking(Act::At(it.at.0).to_string());
            sheet.draw(mark.toned(Tone::Ink2));
        }
    }

    /// A line of a log, as Redis writes it.
    fn line_of(&self, it: &Event) -> String {
        let whom = self.name(it.whom);
        let epoch = it.epoch;
        match it.what {
            What::Sdown => format!("+sdown {whom}"),
            What::Up => format!("-sdown {whom}"),
            What::Odown => format!("+odown {whom}"),
            What::NoOdown => format!("-odown {whom}"),
            What::NewEpoch => format!("+new-epoch {epoch}"),
            What::Tries => format!("+try-failover {whom}"),
            What::Votes => format!("+vote-for-leader {whom} {epoch}"),
            What::Elected => format!("+elected-leader {epoch}"),
            What::NotElected => "-failover-abort-not-elected".into(),
            What::Selected => format!("+selected-slave {whom}"),
            What::NoReplica => "-failover-abort-no-good-slave".into(),
            What::NotPromoted => "-failover-abort-slave-timeout".into(),
            What::Promoted => format!("+promoted-slave {whom}"),
            What::Turns => format!("+slave-reconf-sent {whom}"),
            What::Turned => format!("+slave-reconf-done {whom}"),
            What::TurnLate => format!("-slave-reconf-sent-timeout {whom}"),
            What::Ends => format!("+failover-end {whom}"),
            What::EndsLate => format!("+failover-end-for-timeout {whom}"),
            What::Switches => format!("+switch-master {whom}"),
            What::Converts => format!("+convert-to-slave {whom}"),
            What::Fixes => format!("+fix-slave-config {whom}"),
        }
    }
}
