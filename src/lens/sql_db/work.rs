//! What one write costs each member: the primary executes it; replicas apply what it changed, or execute
//! it once more.

use crate::base::text;
use crate::component::sql_db::{Carries, is_cold};
use crate::scene::layout::measure;
use crate::scene::layout::sheet::Sheet;
use crate::scene::{Anchor, Fill, Font, Mark, Point, Rect, Shape, Tone};

use super::Log;

/// Height of a member's row, and members with a row.
const ROW: f32 = 20.0;
const ROWS: usize = 6;

impl Log<'_> {
    /// The work of one write, member by member.
    pub(super) fn work(&self, sheet: &mut Sheet) {
        if self.members.len() < 2 {
            return;
        }
        let own = self.params.write_work.0 as f64;
        // Of replicas, what they have spent; of the primary, the mean that is set.
        let spent = |ordinal: usize| {
            let (entries, time) = self.members[ordinal].1.worked;
            let mean = (entries > 0).then(|| time.0 as f64 / entries as f64);
            if ordinal == self.lead { Some(own) } else { mean }
        };
        let all: f64 = (0..self.members.len()).filter_map(spent).sum();
        let active = self.params.log_carries == Carries::Operations;
        sheet.space(8.0);
        let right = match own > 0.0 {
            true => format!("{} in all, ×{:.1}", text::duration(all), all / own),
            false => format!("{} in all", text::duration(all)),
        };
        sheet.caption("work", ["Work for one write", &right]);
        let most = (0..self.members.len()).filter_map(spent).fold(1.0, f64::max);
        let names: Vec<_> = (0..self.members.len()).map(|it| self.name(it)).collect();
        let shown = names.len().min(ROWS);
        let widest =
            names[..shown].iter().map(|it| measure::width(it, Font::SMALL)).fold(0.0, f32::max);
        let left = widest.min(sheet.width() * 0.4) + 8.0;
        let off = is_cold(self.params);
        for (ordinal, name) in names.iter().enumerate().take(ROWS) {
            let does = match (ordinal == self.lead, spent(ordinal)) {
                (true, _) => "executes it",
                (false, None) if off => "off",
                (false, None) => "nothing so far",
                (false, Some(_)) if active => "executes it, too",
                (false, Some(_)) => "applies the change",
            };
            let id = format!("work/{ordinal}");
            let row = sheet.block(ROW);
            let name = measure::fit(name, Font::SMALL, left - 8.0 + 0.01);
            let at = Point::new(0.0, row.y + 14.0);
            sheet.draw(Mark::text(format!("{id}/name"), at, &name, Font::SMALL).toned(Tone::Ink2));
            let time = spent(ordinal).map(text::duration);
            let words = time.map_or_else(|| does.to_owned(), |it| format!("{does}, {it}"));
            let right = measure::width(&words, Font::SMALL);
            let at = Point::new(row.right(), row.y + 14.0);
            let figure = Mark::text(format!("{id}/figure"), at, &words, Font::SMALL);
            sheet.draw(figure.anchored(Anchor::End));
            let room = row.width - left - right - 8.0;
            let share = spent(ordinal).unwrap_or(0.0) / most;
            if room > 4.0 && share > 0.0 {
                let area = Rect::new(left, row.y + 5.0, (room * share as f32).max(1.0), 10.0);
                let shape = Shape::Bar { area, radius: 2.0, fill: Fill::Soft };
                let tone = if active || ordinal == self.lead { Tone::Control } else { Tone::Ink3 };
                sheet.draw(Mark::new(&id, shape, tone).labelled(format!("{name} {words}")));
            }
        }
        let words = match active {
            true => {
                "Active (state-machine) replication: every member executes every operation, in the order \
                 of the log, one after the other."
            }
            false => {
                "Passive (primary–backup) replication: the primary executes, the others apply what it changed."
            }
        };
        sheet.words("work/words", words);
    }
}
