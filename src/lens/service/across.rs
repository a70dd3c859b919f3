//! All to all: the calls under way from each instance of a service to each member of what it deals keys out to.

use crate::base::text;
use crate::lens::Subject;
use crate::scene::layout::measure;
use crate::scene::layout::sheet::Sheet;
use crate::scene::{Anchor, Fill, Font, Mark, Point, Rect, Shape, Tone};

/// Height of a row, and members shown at most, on either side.
const ROW: f32 = 22.0;
const SHOWN: usize = 8;
/// What the last row is called.
const TOGETHER: &str = "together";

/// Draws it for each wire whose caller chooses by key among several members.
pub fn across(subject: &Subject, sheet: &mut Sheet) {
    let blueprint = subject.world.blueprint();
    let own = &blueprint.components[subject.component as usize];
    for slot in &own.out {
        let wire = &blueprint.wires[*slot as usize];
        let to = &blueprint.components[wire.to as usize];
        let several = own.members.len().min(to.members.len()) > 1;
        if wire.alive && several && wire.picker.deals_out() {
            matrix(subject, *slot, sheet);
        }
    }
}

fn matrix(subject: &Subject, wire: u32, sheet: &mut Sheet) {
    let blueprint = subject.world.blueprint();
    let own = &blueprint.components[subject.component as usize];
    let to = blueprint.wires[wire as usize].to;
    let target = Subject { component: to, ..*subject };
    let members = &blueprint.components[to as usize].members;
    // Calls under way, by who asks and who is asked.
    let mut counts = vec![vec![0u32; members.len()]; own.members.len()];
    for (slot, row) in own.members.iter().zip(&mut counts) {
        let calls = subject.world.member(*slot).desk.calls.iter().map(|it| it.1);
        for call in calls.filter(|it| it.wire == wire) {
            if let Some(count) = call.target.and_then(|it| row.get_mut(usize::from(it))) {
                *count += 1;
            }
        }
    }
    let total = |column: usize| counts.iter().map(|it| it[column]).sum::<u32>();
    let all: u32 = (0..members.len()).map(total).sum();
    let most = (0..members.len()).max_by_key(|it| (total(*it), members.len() - it)).unwrap_or(0);
    let name = (subject.name)(&blueprint.components[to as usize].id);
    let share = text::percent(f64::from(total(most)) / f64::from(all.max(1)));
    sheet.space(8.0);
    let right = format!("{} under way", text::count(all.into()));
    let id = format!("across/{}", blueprint.wires[wire as usize].id);
    sheet.caption(&id, [&format!("All to all: calls to {name}"), &right]);
    let rows: Vec<_> =
        (0..own.members.len().min(SHOWN)).map(|it| subject.member_name(it)).collect();
    let columns: Vec<_> = (0..members.len().min(SHOWN)).map(|it| target.member_name(it)).collect();
    let names = rows.iter().map(String::as_str).chain([TOGETHER]);
    let left = names.map(|it| measure::width(it, Font::SMALL)).fold(0.0, f32::max) + 8.0;
    let area = sheet.block(18.0 + ROW * (rows.len() as f32 + 1.0));
    let step = (area.width - left) / columns.len() as f32;
    for (at, it) in columns.iter().enumerate() {
        let middle = Point::new(area.x + left + step * (at as f32 + 0.5), area.y + 12.0);
        let words = measure::fit(it, Font::SMALL, step - 4.0);
        let mark = Mark::text(format!("{id}/to-{}", at + 1), middle, words, Font::SMALL);
        sheet.draw(mark.toned(Tone::Ink2).anchored(Anchor::Middle));
    }
    let high = counts.iter().flatten().copied().max().unwrap_or(0).max(1);
    let together = (0..members.len()).map(total).max().unwrap_or(0).max(1);
    for at in 0..=rows.len() {
        let y = area.y + 18.0 + ROW * at as f32;
        let from = rows.get(at).map_or(TOGETHER, String::as_str);
        let mark = Mark::text(
            format!("{id}/from-{}", at + 1),
            Point::new(area.x, y + 14.0),
            from,
            Font::SMALL,
        );
        sheet.draw(mark.toned(Tone::Ink2));
        for (column, it) in columns.iter().enumerate() {
            let (count, of) = match counts.get(at).filter(|_| at < rows.len()) {
                Some(row) => (row[column], high),
                None => (total(column), together),
            };
            let cell = Rect::new(area.x + left + step * column as f32, y, step - 4.0, ROW - 3.0);
            let part = cell.width * count as f32 / of as f32;
            let hot = at == rows.len() && column == most;
            let id = format!("{id}/{}/{}", at + 1, column + 1);
            let label = format!("{from} to {it}: {} under way", text::some(count.into(), "call"));
            let shape = Shape::Bar { area: cell, radius: 2.0, fill: Fill::Hollow };
            sheet.draw(Mark::new(id.clone(), shape, Tone::Line).labelled(label));
            if count > 0 {
                let full = Rect { width: part.max(1.0), ..cell };
                let shape = Shape::Bar { area: full, radius: 2.0, fill: Fill::Soft };
                let tone = if hot && all > 20 { Tone::Link } else { Tone::Ink3 };
                sheet.draw(Mark::new(format!("{id}#part"), shape, tone));
            }
            let at = Point::new(cell.x + cell.width / 2.0, y + 14.0);
            let mark =
                Mark::text(format!("{id}#count"), at, text::count(count.into()), Font::NUMBER);
            sheet.draw(mark.anchored(Anchor::Middle));
        }
    }
    if all > 0 {
        let most = target.member_name(most);
        let words = format!("{most}: {share} of all. Whoever has the rest waits for it.");
        sheet.words(&format!("{id}/most"), &words);
    }
}
