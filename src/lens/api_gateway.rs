//! The inside of a gateway: the buckets of its instances, their level over the last seconds, and
//! what they let through.

use crate::base::text;
use crate::component::api_gateway::{ApiGatewayParams, LIMITED, PASSED};
use crate::component::{Spec, State};
use crate::scene::layout::chips::Chip;
use crate::scene::layout::figures::Figure;
use crate::scene::layout::scale::{Scale, Span, Track};
use crate::scene::layout::sheet::Sheet;
use crate::scene::layout::{axis, measure};
use crate::scene::{Anchor, CellStyle, Fill, Font, Mark, Point, Rect, Scene, Shape, Stroke, Tone};

use super::Subject;

/// Quarters of a second drawn.
const QUARTERS: usize = 60;
/// Height of the curve.
const HEIGHT: f32 = 96.0;
/// Height of an instance's row.
const ROW: f32 = 22.0;
/// Instances with a row of their own, at most.
const ROWS: usize = 8;

/// Draws it.
pub fn draw(subject: &Subject) -> Scene {
    let title = format!("Inside {}", subject.label);
    let component = &subject.world.blueprint().components[subject.component as usize];
    let Some(Spec::ApiGateway(params)) = &component.spec else {
        return Sheet::new(subject.width, title, "Nothing is inside yet.").finish();
    };
    let levels = levels(subject);
    let held: f64 = levels.iter().flatten().sum();
    let up = levels.iter().flatten().count();
    let room = f64::from(params.burst) * up as f64;
    let description = format!(
        "{} tokens of {}; {} drip in a second; {} of requests limited in the last 10 s.",
        text::count(held as u64),
        text::count(room as u64),
        text::number(params.rate.0 * up as f64),
        limited(subject).map_or("none".into(), text::percent),
    );
    let mut sheet = Sheet::new(subject.width, title, description);
    let share = limited(subject).map_or("–".into(), |it| text::number(it * 100.0));
    let refill = text::number(params.rate.0 * up as f64);
    let of = format!("of {}", text::count(room as u64));
    sheet.figures(
        "figures",
        &[
            Figure::new("tokens", "Tokens", text::count(held as u64), &of),
            Figure::new("refill", "Drip in", refill, "/s"),
            Figure::new("limited", "Limited, 10 s", share, "%"),
        ],
    );
    if up == 0 {
        sheet.words("down", "It is down: nobody gets a token.");
        return sheet.finish();
    }
    buckets(&levels, params, &mut sheet);
    curve(subject, room, &mut sheet);
    happenings(subject, &mut sheet);
    sheet.finish()
}

/// Tokens by instance; none for those that are down.
fn levels(subject: &Subject) -> Vec<Option<f64>> {
    let level = |(state, up): (Option<&State>, bool)| match state {
        Some(State::ApiGateway(it)) if up => Some(it.tokens(subject.now())),
        _ => None,
    };
    subject.members().into_iter().map(level).collect()
}

/// Share of requests limited in the last ten whole seconds before the cursor.
fn limited(subject: &Subject) -> Option<f64> {
    let record = subject.record()?;
    let (last, _) = subject.recorder.window_at(subject.component, 1, subject.now())?;
    let windows = record.windows[1].range((last + 1).saturating_sub(10)..=last);
    let count = |at: u8| -> u64 {
        let of = |it: &crate::engine::recorder::Window| {
            u64::from(it.counters.get(usize::from(at)).copied().unwrap_or(0))
        };
        windows.clone().map(of).sum()
    };
    let all = count(LIMITED) + count(PASSED);
    (all > 0).then(|| count(LIMITED) as f64 / all as f64)
}

fn buckets(levels: &[Option<f64>], params: &ApiGatewayParams, sheet: &mut Sheet) {
    sheet.space(10.0);
    sheet.caption("buckets", ["Bucket of each instance", "tokens"]);
    for (ordinal, level) in levels.iter().take(ROWS).enumerate() {
        let id = format!("bucket/{ordinal}");
        let row = sheet.block(ROW);
        let name = format!("{}", ordinal + 1);
        let base = row.y + 15.0;
        let left = Mark::text(format!("{id}/name"), Point::new(0.0, base), name, Font::NUMBER);
        sheet.draw(left.toned(Tone::Ink2));
        let words = match level {
            Some(it) => text::count(*it as u64),
            None => "down".into(),
        };
        let widest = measure::width(&text::count(params.burst.into()), Font::NUMBER).max(30.0);
        let bar = Rect::new(24.0, row.y + 5.0, row.width - 24.0 - widest - 10.0, ROW - 10.0);
        let frame = Shape::Bar { area: bar, radius: 3.0, fill: Fill::Hollow };
        sheet.draw(Mark::new(format!("{id}/frame"), frame, Tone::Line));
        let share = level.unwrap_or(0.0) / f64::from(params.burst);
        let full = Rect { width: bar.width * share as f32, ..bar };
        if full.width >= 1.0 {
            let shape = Shape::Bar { area: full, radius: 3.0, fill: Fill::Soft };
            sheet.draw(Mark::new(format!("{id}/level"), shape, Tone::Ink3));
        }
        let at = Point::new(row.width, base);
        let right = Mark::text(format!("{id}/tokens"), at, words, Font::NUMBER);
        sheet.draw(right.anchored(Anchor::End));
    }
    if levels.len() > ROWS {
        sheet.words("bucket/more", &format!("and {} more", levels.len() - ROWS));
    }
}

/// Tokens of all instances over the last seconds, as they were sampled.
fn curve(subject: &Subject, room: f64, sheet: &mut Sheet) {
    let last = subject.recorder.window_at(subject.component, 0, subject.now());
    let (Some(record), Some((last, _))) = (subject.record(), last) else { return };
    let first = (last + 1).saturating_sub(QUARTERS);
    let windows = record.windows[0].range(first..=last);
    let levels: Vec<f64> =
        windows.map(|it| f64::from(it.gauges.first().copied().unwrap_or(0.0))).collect();
    if levels.len() < 2 {
        return;
    }
    sheet.space(6.0);
    let span = format!("last {} s", levels.len().div_ceil(4));
    sheet.caption("curve", ["Tokens of all instances", &span]);
    let area = sheet.block(HEIGHT);
    let top = room.max(levels.iter().copied().fold(0.0, f64::max)).max(1.0);
    let gutter = measure::width(&text::number(top), Font::NUMBER).max(36.0) + 8.0;
    let plot = Rect::new(gutter, area.y + 8.0, area.width - gutter - 2.0, HEIGHT - 16.0);
    let track = Track { from_px: plot.bottom(), to_px: plot.y };
    let scale = Scale::linear(Span { low: 0.0, high: top }, track);
    axis::left_of(sheet.marks(), "curve", plot, &scale, &|value, _| text::number(value));
    let step = plot.width / (levels.len() - 1) as f32;
    let point =
        |(index, level): (usize, &f64)| Point::new(plot.x + step * index as f32, scale.px(*level));
    let points: Vec<_> = levels.iter().enumerate().map(point).collect();
    let mut under = points.clone();
    under.push(Point::new(plot.right(), plot.bottom()));
    under.push(Point::new(plot.x, plot.bottom()));
    let fill = Shape::Polygon { points: under, fill: Fill::Tint };
    sheet.draw(Mark::new("curve/under", fill, Tone::Ink3));
    sheet.draw(Mark::new("curve/level", Shape::Path { points, stroke: Stroke::BOLD }, Tone::Ink2));
}

fn happenings(subject: &Subject, sheet: &mut Sheet) {
    sheet.space(6.0);
    sheet.caption("lately", ["Requests, last", "newest left"]);
    let now = subject.now();
    let recent = subject.record().into_iter().flat_map(|it| it.recent.iter().rev());
    let mut chips = Vec::new();
    for (index, it) in recent.filter(|it| it.at <= now).take(14).enumerate() {
        let (sign, tone, style) = match it.counter {
            LIMITED => ("limited", Tone::Fail, CellStyle::Struck),
            _ => ("passed", Tone::Ink, CellStyle::Plain),
        };
        let name = format!("{sign} {}", subject.key(it.key));
        chips.push(Chip::new(format!("lately/{index}"), name).styled(tone, style));
    }
    if chips.is_empty() {
        sheet.words("lately/none", "Nothing yet.");
        return;
    }
    let total = chips.len();
    sheet.chips("lately", &chips, 4, total);
}
