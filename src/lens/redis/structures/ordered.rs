//! Sorted sets by score, places on a map, and streams, drawn.

use crate::algorithm::redis::{Bytes, Stream, area, number, position};
use crate::base::text;
use crate::scene::layout::chips::{self, Chip};
use crate::scene::layout::scale::{Scale, Span, Track};
use crate::scene::layout::sheet::Sheet;
use crate::scene::layout::{axis, measure};
use crate::scene::{Anchor, CellStyle, Fill, Font, Glyph, Mark, Point, Rect, Shape, Tone};

use super::{Data, beside, shown};

/// Members that are listed.
const ROWS: usize = 10;
/// Members that are drawn on an axis or a map.
const DRAWN: usize = 200;
/// Entries of a stream that are listed, and pending ones.
const ENTRIES: [usize; 2] = [8, 6];
/// A score that may be a place: a cell of 52 bits.
const CELLS: std::ops::Range<f64> = 1e12..4_503_599_627_370_496.0;

impl Data<'_> {
    /// A sorted set: its scores, or places.
    pub(super) fn sorted(&self, all: &[(f64, Bytes)], sheet: &mut Sheet) {
        let cells = all.iter().all(|it| CELLS.contains(&it.0) && it.0.fract() == 0.0);
        let ways = [("scores", "as scores"), ("places", "as places")];
        // What cannot be places is not offered as such.
        match cells && self.other_way(ways, 1, sheet) == 1 {
            false => scores(all, sheet),
            true => places(all, sheet),
        }
    }
}

/// On the axis of scores, then by rank.
fn scores(all: &[(f64, Bytes)], sheet: &mut Sheet) {
    let finite = || all.iter().map(|it| it.0).filter(|it| it.is_finite());
    let (low, high) = finite().fold((f64::MAX, f64::MIN), |it, at| (it.0.min(at), it.1.max(at)));
    if low <= high && (high - low).is_finite() {
        let row = sheet.block(46.0);
        let track = Track { from_px: 6.0, to_px: row.width - 6.0 };
        let pad = if low == high { 1.0 } else { 0.0 };
        let scale = Scale::linear(Span { low: low - pad, high: high + pad }, track);
        let plot = Rect::new(6.0, row.y + 4.0, row.width - 12.0, 18.0);
        let words = |it: f64, decimals: usize| match it.abs() < 1e6 {
            true => text::grouped(&format!("{it:.decimals$}")),
            false => format!("{it:.1e}"),
        };
        axis::below(sheet.marks(), "data/value/axis", plot, &scale, &words);
        for (rank, (score, member)) in all.iter().enumerate().take(DRAWN) {
            let at = Point::new(scale.px(*score), plot.y + 11.0);
            let shape = Shape::Glyph { glyph: Glyph::Dot, at, radius: Glyph::RADIUS };
            let mark = Mark::new(format!("data/value/score/{rank}"), shape, Tone::Ink);
            let score = number::shortest(*score);
            sheet.draw(mark.labelled(format!("Rank {rank}: {}, score {score}", shown(member))));
        }
    }
    sheet.words(
        "data/value/rank/legend",
        "Rank from 0, the lowest score first; of equal ones by their bytes.",
    );
    sheet.space(3.0);
    for (rank, (score, member)) in all.iter().enumerate().take(ROWS) {
        let score = number::shortest(*score);
        let id = format!("data/value/rank/{rank}");
        let chip = Chip::new(&id, format!("{rank} · {}", shown(member)));
        beside(&id, chip, &score, sheet);
    }
    more(all.len().saturating_sub(ROWS), "members", "data/value/rank/more", sheet);
}

/// Longitude and latitude.
fn places(all: &[(f64, Bytes)], sheet: &mut Sheet) {
    let at: Vec<(f64, f64)> = all.iter().map(|it| position(it.0)).collect();
    let span = |of: &dyn Fn(&(f64, f64)) -> f64| {
        let (low, high) =
            at.iter().map(of).fold((f64::MAX, f64::MIN), |it, at| (it.0.min(at), it.1.max(at)));
        let pad = ((high - low) * 0.12).max(0.05);
        Span { low: low - pad, high: high + pad }
    };
    let left = 44.0;
    let height = (sheet.width() * 0.45).clamp(110.0, 240.0);
    let room = sheet.block(height + 28.0);
    let plot = Rect::new(left, room.y + 4.0, room.width - left - 6.0, height);
    let across = Scale::linear(span(&|it| it.0), Track { from_px: plot.x, to_px: plot.right() });
    let up = Scale::linear(span(&|it| it.1), Track { from_px: plot.bottom(), to_px: plot.y });
    let degrees = |it: f64, decimals: usize| format!("{it:.decimals$}°");
    let frame = Shape::Bar { area: plot, radius: 0.0, fill: Fill::Hollow };
    sheet.draw(Mark::new("data/value/map", frame, Tone::Line));
    axis::below(sheet.marks(), "data/value/east", plot, &across, &degrees);
    axis::left_of(sheet.marks(), "data/value/north", plot, &up, &degrees);
    let mut taken: Vec<Rect> = Vec::new();
    for (index, ((_, member), (east, north))) in all.iter().zip(&at).enumerate().take(DRAWN) {
        let place = Point::new(across.px(*east), up.px(*north));
        let shape = Shape::Glyph { glyph: Glyph::Dot, at: place, radius: Glyph::RADIUS };
        let mark = Mark::new(format!("data/value/place/{index}"), shape, Tone::Ink);
        let name = shown(member);
        sheet.draw(mark.labelled(format!("{name}: longitude {east:.4}°, latitude {north:.4}°")));
        // A name beside its dot, where it lies on no other and within the map.
        let width = measure::width(&name, Font::SMALL);
        let x = match place.x + 8.0 + width < plot.right() {
            true => place.x + 8.0,
            false => place.x - 8.0 - width,
        };
        let words = Rect::new(x, place.y - 8.0, width, 16.0);
        let fits = x > plot.x && words.y > plot.y && words.bottom() < plot.bottom();
        if fits && taken.iter().all(|it| !it.overlaps(words)) {
            let at = Point::new(x, place.y + 4.0);
            let mark = Mark::text(format!("data/value/place/{index}#name"), at, name, Font::SMALL);
            sheet.draw(mark.toned(Tone::Ink2));
            taken.push(words);
        }
    }
    let legend = "Longitude rightwards, latitude upwards. Each score is a cell of the map, in 52 bits; who is \
                  near in the map is mostly near in the order.";
    sheet.words("data/value/place/legend", legend);
    sheet.space(3.0);
    for (index, ((score, member), (east, north))) in all.iter().zip(&at).enumerate().take(ROWS) {
        let id = format!("data/value/spot/{index}");
        let mut chip = Chip::new(&id, shown(member));
        chip.label = Some(format!("{}, score {}", shown(member), number::shortest(*score)));
        beside(&id, chip, &format!("{east:.4}° {north:.4}° · {}", area(*score)), sheet);
    }
    more(all.len().saturating_sub(ROWS), "members", "data/value/spot/more", sheet);
}

/// Entries by their ids, the newest last; then who reads them.
pub(super) fn stream(it: &Stream, sheet: &mut Sheet) {
    let first = it.entries.len().saturating_sub(ENTRIES[0]);
    more(first, "earlier entries", "data/value/entry/more", sheet);
    for (index, (entry, fields)) in it.entries.iter().enumerate().skip(first) {
        let id = format!("data/value/entry/{index}");
        let pairs = fields.iter().map(|it| format!("{}: {}", shown(&it.0), shown(&it.1)));
        let pairs = pairs.collect::<Vec<_>>().join(", ");
        let mut chip = Chip::new(&id, entry.to_string());
        chip.label = Some(format!("Entry {entry}"));
        beside(&id, chip, &pairs, sheet);
    }
    let last = format!("Ids are ms and a number; the largest so far is {}.", it.last);
    sheet.words("data/value/last", &last);
    for (number, (name, group)) in it.groups.iter().enumerate() {
        let id = format!("data/value/group/{number}");
        sheet.space(4.0);
        let pending = format!("{} not acknowledged", group.pending.len());
        sheet
            .caption(&id, [&format!("Group {}, read up to {}", shown(name), group.last), &pending]);
        let consumer = |(at, it): (usize, &Bytes)| {
            let own = group.pending.values().filter(|pending| pending.0 == *it).count();
            let mut chip = Chip::new(format!("{id}/consumer/{at}"), format!("{} {own}", shown(it)));
            chip.label = Some(format!("Consumer {}: {own} pending", shown(it)));
            chip.styled(Tone::Ink, CellStyle::Filled)
        };
        let chips: Vec<_> = group.consumers.iter().enumerate().map(consumer).collect();
        if chips.is_empty() {
            sheet.words(&format!("{id}/nobody"), "Nobody has read in its name yet.");
        }
        sheet.chips(&format!("{id}/consumer"), &chips, 2, chips.len());
        sheet.space(chips::GAP);
        for (at, (entry, (consumer, times))) in group.pending.iter().take(ENTRIES[1]).enumerate() {
            let row = sheet.block(measure::line_height(Font::NUMBER));
            let times = if *times == 1 { String::new() } else { format!(", given {times} times") };
            let words = format!("{entry} pending at {}{times}", shown(consumer));
            let words = measure::fit(&words, Font::NUMBER, row.width);
            let at_point = Point::new(row.x, row.y + 13.0);
            let mark = Mark::text(format!("{id}/pending/{at}"), at_point, words, Font::NUMBER);
            sheet.draw(mark.toned(Tone::Ink2).anchored(Anchor::Start));
        }
        let rest = group.pending.len().saturating_sub(ENTRIES[1]);
        more(rest, "pending entries", &format!("{id}/more"), sheet);
    }
}

/// How many are not shown.
fn more(count: usize, what: &str, id: &str, sheet: &mut Sheet) {
    if count > 0 {
        sheet.words(id, &format!("… {} more {what}", text::count(count as u64)));
    }
}
