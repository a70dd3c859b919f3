//! Where replicas take over by themselves: for how long each has not heard the primary, and how long that may be.

use crate::base::text;
use crate::component::sql_db::by_itself;
use crate::scene::layout::measure;
use crate::scene::layout::sheet::Sheet;
use crate::scene::{Anchor, Fill, Font, Mark, Point, Rect, Shape, Tone};

use super::Log;

/// Height of a replica's row, and replicas with a row.
const ROW: f32 = 20.0;
const ROWS: usize = 8;

impl Log<'_> {
    /// The silence of the primary, as each replica hears it.
    pub(super) fn silences(&self, sheet: &mut Sheet) {
        let heard = |ordinal: usize| {
            let (slot, state) = self.members[ordinal];
            let up = self.subject.world.is_up(slot);
            Some((self.name(ordinal), state.silence(self.params, self.now()).filter(|_| up)?))
        };
        let heard: Vec<_> = (0..self.members.len()).filter_map(heard).take(ROWS).collect();
        if !by_itself(self.params) || heard.is_empty() {
            return;
        }
        sheet.space(8.0);
        let every =
            format!("a sign of life every {}", text::duration(self.params.heartbeat.0 as f64));
        sheet.caption("silence", ["Silence of the primary", &every]);
        let widest = heard.iter().map(|it| measure::width(&it.0, Font::SMALL)).fold(0.0, f32::max);
        let left = widest.min(sheet.width() * 0.4) + 8.0;
        for (index, (name, it)) in heard.iter().enumerate() {
            let id = format!("silence/{index}");
            let [so_far, most] = [it.so_far, it.most].map(|it| text::duration(it.0 as f64));
            let phi = it.phi.filter(|it| it.is_finite());
            let phi =
                phi.map_or_else(String::new, |it| format!(", φ {it:.1} of {:.1}", self.params.phi));
            let words = format!("{so_far} of {most}{phi}");
            let row = sheet.block(ROW);
            let name = measure::fit(name, Font::SMALL, left - 8.0 + 0.01);
            let at = Point::new(0.0, row.y + 14.0);
            sheet.draw(Mark::text(format!("{id}/name"), at, &name, Font::SMALL).toned(Tone::Ink2));
            let at = Point::new(row.right(), row.y + 14.0);
            let figure = Mark::text(format!("{id}/figure"), at, &words, Font::SMALL);
            sheet.draw(figure.anchored(Anchor::End));
            let room = row.width - left - measure::width(&words, Font::SMALL) - 8.0;
            let part = it.so_far.0 as f32 / it.most.0.max(1) as f32;
            if room > 4.0 {
                let area =
                    |part: f32| Rect::new(left, row.y + 5.0, (room * part.min(1.0)).max(1.0), 10.0);
                let frame = Shape::Bar { area: area(1.0), radius: 2.0, fill: Fill::Hollow };
                sheet.draw(Mark::new(format!("{id}/most"), frame, Tone::Line));
                let tone = if part < 0.5 { Tone::Control } else { Tone::Warn };
                let shape = Shape::Bar { area: area(part), radius: 2.0, fill: Fill::Soft };
                let label = format!(
                    "{name} has not heard the primary for {words}: then it wants to take over"
                );
                sheet.draw(Mark::new(&id, shape, tone).labelled(label));
            }
        }
    }
}
