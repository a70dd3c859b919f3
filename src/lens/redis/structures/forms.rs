//! Strings, bits, registers, lists, hashes and sets, drawn.

use crate::algorithm::redis::hyperloglog::{self, REGISTERS};
use crate::algorithm::redis::{Bytes, Set, number};
use crate::base::text;
use crate::scene::layout::chips::{self, Chip};
use crate::scene::layout::measure;
use crate::scene::layout::sheet::Sheet;
use crate::scene::{Anchor, CellStyle, Fill, Font, Heads, Mark, Point, Rect, Shape, Stroke, Tone};

use super::{Data, shown};

/// Bytes of a string that are drawn one by one.
const BYTES: usize = 40;
/// Bytes of a bitmap whose bits are drawn.
const BITS: usize = 32;
/// Rows that cells may take.
const ROWS: usize = 6;
/// Elements drawn at either end of a list.
const ENDS: [usize; 2] = [14, 4];
/// Fields of a hash that are drawn.
const FIELDS: usize = 10;
/// Members of a set that are drawn.
const MEMBERS: usize = 48;

impl Data<'_> {
    /// A string: its bytes, or its bits.
    pub(super) fn text(&self, bytes: &[u8], sheet: &mut Sheet) {
        if number::integer(bytes).is_some() {
            let words = "A whole number: Redis keeps it in 8 bytes as long as it is one.";
            sheet.words("data/value/number", words);
            return figure(&shown(bytes), sheet);
        }
        let plain = bytes.iter().all(|it| it.is_ascii_graphic() || *it == b' ');
        let own = usize::from(!plain && !bytes.is_empty());
        match self.other_way([("bytes", "as bytes"), ("bits", "as bits")], own, sheet) {
            0 => letters(bytes, sheet),
            _ => bits(bytes, sheet),
        }
    }
}

/// The value itself, large.
fn figure(words: &str, sheet: &mut Sheet) {
    let font = Font::BIG_NUMBER;
    let row = sheet.block(measure::line_height(font) + 4.0);
    let words = measure::fit(words, font, row.width);
    sheet.draw(Mark::text("data/value/figure", Point::new(0.0, row.y + 20.0), words, font));
}

/// Byte by byte, letters as such.
fn letters(bytes: &[u8], sheet: &mut Sheet) {
    if bytes.is_empty() {
        return sheet.words("data/value/empty", "Nothing is in it.");
    }
    let chip = |(at, byte): (usize, &u8)| {
        let word = match byte {
            b' ' => "␣".into(),
            it if it.is_ascii_graphic() => char::from(*it).to_string(),
            it => format!("{it:02x}"),
        };
        let mut chip = Chip::new(format!("data/value/byte/{at}"), &word);
        chip.label = Some(format!("Byte {at}: {word}, 0x{byte:02x}"));
        chip
    };
    let chips: Vec<_> = bytes.iter().enumerate().take(BYTES).map(chip).collect();
    sheet.chips("data/value/byte", &chips, ROWS, bytes.len());
}

/// Bit by bit, eight in a group.
fn bits(bytes: &[u8], sheet: &mut Sheet) {
    let set: u64 = bytes.iter().map(|it| u64::from(it.count_ones())).sum();
    let words = format!(
        "{} of {} set (BITCOUNT).",
        text::some(set, "bit"),
        text::count(bytes.len() as u64 * 8)
    );
    sheet.words("data/value/bits", &words);
    sheet.space(3.0);
    let (side, group) = (7.0, 8.0 * 8.0 + 8.0);
    let label = measure::width("0000", Font::NUMBER) + 8.0;
    let across = (((sheet.width() - label) / group) as usize).clamp(1, 8);
    for (line, row) in bytes.chunks(across).take(BITS.div_ceil(across)).enumerate() {
        let area = sheet.block(18.0);
        let first = line * across * 8;
        let at = Point::new(label - 8.0, area.y + 13.0);
        let mark =
            Mark::text(format!("data/value/bit/{first}#at"), at, first.to_string(), Font::NUMBER);
        sheet.draw(mark.toned(Tone::Ink3).anchored(Anchor::End));
        for (index, byte) in row.iter().enumerate() {
            let at = first + index * 8;
            for bit in 0..8 {
                let x = label + index as f32 * group + bit as f32 * 8.0;
                let place = Rect::new(x, area.y + 4.0, side, side + 3.0);
                let on = byte >> (7 - bit) & 1 == 1;
                let (fill, tone) =
                    if on { (Fill::Solid, Tone::Ink) } else { (Fill::Hollow, Tone::Line) };
                let shape = Shape::Bar { area: place, radius: 1.0, fill };
                let id = format!("data/value/bit/{}", at + bit);
                let mark = Mark::new(id, shape, tone);
                // One label for each byte: it speaks for its bits.
                sheet.draw(match bit {
                    0 => mark.labelled(format!("Bits {at} to {}: {byte:08b}", at + 7)),
                    _ => mark,
                });
            }
        }
    }
    let drawn = BITS.div_ceil(across) * across;
    if bytes.len() > drawn {
        let words = format!("… {} more bytes", text::count((bytes.len() - drawn) as u64));
        sheet.words("data/value/bit/more", &words);
    }
}

/// The registers of a HyperLogLog, and what they estimate.
pub(super) fn registers(bytes: &[u8], sheet: &mut Sheet) {
    let Some(all) = hyperloglog::registers(bytes) else { return };
    let estimate = hyperloglog::estimate(&all);
    let set = all.iter().filter(|it| **it > 0).count();
    // 1.04 / √16384, and twice that for 95 %.
    let error = 1.04 / (REGISTERS as f64).sqrt() * estimate as f64;
    let words = format!(
        "About {} different things, ±{} (standard error 0.81 %). {} of {} registers are set; {} form, {}.",
        text::count(estimate),
        text::number(error),
        text::count(set as u64),
        text::count(REGISTERS as u64),
        if bytes[4] == 0 { "dense" } else { "sparse" },
        text::bytes(bytes.len() as f64),
    );
    sheet.words("data/value/estimate", &words);
    sheet.space(4.0);
    let height = 52.0;
    let area = sheet.block(height + 6.0);
    let columns = ((area.width / 5.0) as usize).clamp(16, 128);
    let per = REGISTERS.div_ceil(columns);
    let step = area.width / columns as f32;
    // A register counts zeros: more than 20 come once in a million.
    let most = f32::from(all.iter().copied().max().unwrap_or(0).max(12));
    for (index, part) in all.chunks(per).enumerate() {
        let highest = part.iter().copied().max().unwrap_or(0);
        let tall = (f32::from(highest) / most * height).max(1.0);
        let x = index as f32 * step;
        let place = Rect::new(x, area.y + height - tall, (step - 1.0).max(1.0), tall);
        let fill = if highest > 0 { Fill::Solid } else { Fill::Soft };
        let shape = Shape::Bar { area: place, radius: 0.0, fill };
        let tone = if highest > 0 { Tone::Ink3 } else { Tone::Line };
        let mark = Mark::new(format!("data/value/register/{index}"), shape, tone);
        let set = part.iter().filter(|it| **it > 0).count();
        let (first, last) = (index * per, index * per + part.len() - 1);
        let label = format!(
            "Registers {} to {}: {set} set, the highest is {highest}",
            text::count(first as u64),
            text::count(last as u64),
        );
        sheet.draw(if set > 0 { mark.labelled(label) } else { mark });
    }
    let words = format!(
        "Each bar stands for {per} registers and shows the highest: the longest run of zeros, and a one, that \
         the hash of something in it had."
    );
    sheet.words("data/value/register/legend", &words);
}

/// A list from head to tail.
pub(super) fn list(all: &std::collections::VecDeque<Bytes>, sheet: &mut Sheet) {
    sheet.caption("data/value/ends", ["head: LPUSH, LPOP", "tail: RPUSH, RPOP"]);
    let chip = |(at, it): (usize, &Bytes)| {
        let mut chip = Chip::new(format!("data/value/item/{at}"), shown(it));
        let end = match at {
            _ if all.len() == 1 => ", head and tail",
            0 => ", the head",
            _ if at + 1 == all.len() => ", the tail",
            _ => "",
        };
        chip.label = Some(format!("Element {at}{end}: {}", shown(it)));
        let ends = at == 0 || at + 1 == all.len();
        chip.styled(Tone::Ink, if ends { CellStyle::Strong } else { CellStyle::Plain })
    };
    let [first, last] = ENDS;
    let mut chips: Vec<_> = all.iter().enumerate().take(first).map(chip).collect();
    let rest = all.len().saturating_sub(first);
    if rest > last {
        let between = format!("… {} …", text::count((rest - last) as u64));
        let mut chip = Chip::new("data/value/item/between", between);
        chip.label = Some(format!("{} more elements", text::count((rest - last) as u64)));
        chips.push(chip.styled(Tone::Ink3, CellStyle::Dashed));
    }
    chips.extend(
        all.iter()
            .enumerate()
            .skip(all.len() - rest.min(last))
            .filter(|it| it.0 >= first)
            .map(chip),
    );
    let total = chips.len();
    sheet.chips("data/value/item", &chips, usize::MAX, total);
    // What is linked stands side by side: a stroke from each to the next.
    let cells: Vec<Rect> = sheet
        .marks()
        .iter()
        .filter(|it| it.id.starts_with("data/value/item/"))
        .map(|it| it.shape.bounds())
        .collect();
    for (index, pair) in cells.windows(2).enumerate().filter(|it| it.1[0].y == it.1[1].y) {
        let y = pair[0].y + chips::HEIGHT / 2.0;
        let (from, to) = (Point::new(pair[0].right(), y), Point::new(pair[1].x, y));
        let line = Shape::Line { from, to, stroke: Stroke::BOLD };
        sheet.draw(Mark::new(format!("data/value/link/{index}"), line, Tone::Ink3));
    }
}

/// Fields and values, row by row.
pub(super) fn hash(all: &[(Bytes, Bytes)], sheet: &mut Sheet) {
    let widest = all.iter().take(FIELDS).map(|it| chips::width(&Chip::new("", shown(&it.0))));
    let left = widest.fold(40.0, f32::max).min(sheet.width() * 0.45);
    for (at, (field, value)) in all.iter().take(FIELDS).enumerate() {
        let row = sheet.block(chips::HEIGHT + chips::GAP);
        let id = format!("data/value/field/{at}");
        let [field, value] = [field, value].map(|it| shown(it));
        let mut chip = Chip::new(&id, &field);
        chip.label = Some(format!("Field {field}: {value}"));
        let flow = chips::Flow { x: 0.0, y: row.y, width: left, rows_max: 1, total: 1 };
        chips::flow(sheet.marks(), &id, &[chip], flow);
        let y = row.y + chips::HEIGHT / 2.0;
        let (from, to) = (Point::new(left + 4.0, y), Point::new(left + 22.0, y));
        let shape = Shape::Arrow { from, to, stroke: Stroke::THIN, heads: Heads::End };
        sheet.draw(Mark::new(format!("{id}#arrow"), shape, Tone::Ink3));
        let words = measure::fit(&value, Font::NUMBER, row.width - left - 30.0);
        let at = Point::new(left + 28.0, row.y + 15.0);
        sheet.draw(Mark::text(format!("{id}#value"), at, words, Font::NUMBER));
    }
    if all.len() > FIELDS {
        let words = format!("… {} more fields", text::count((all.len() - FIELDS) as u64));
        sheet.words("data/value/field/more", &words);
    }
}

/// The members of a set: whole numbers in their order, others in no order that means anything.
pub(super) fn set(set: &Set, sheet: &mut Sheet) {
    let words = match set.grown {
        false => "Whole numbers only: one array, sorted, found by halving.",
        true => "A hash table: each member once, found in one step; their order means nothing.",
    };
    sheet.words("data/value/set", words);
    sheet.space(3.0);
    let mut all: Vec<&Bytes> = set.members.iter().collect();
    if !set.grown {
        all.sort_by_key(|it| number::integer(it));
    }
    let chip = |(at, it): (usize, &&Bytes)| {
        let mut chip = Chip::new(format!("data/value/member/{at}"), shown(it));
        chip.label = Some(format!("Member {}", shown(it)));
        chip
    };
    let chips: Vec<_> = all.iter().enumerate().take(MEMBERS).map(chip).collect();
    sheet.chips("data/value/member", &chips, ROWS, all.len());
}
