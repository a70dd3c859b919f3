//! The drawing of a chart: lines, axes, names, cursors, what was done to the run, the hatched
//! warm-up.

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters_canvas::CanvasBackend;
use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

use crate::app::figures::decade;
use crate::app::theme::Palette;
use crate::base::text;
use crate::base::time::Nanos;
use crate::session::protocol::{Chart, ChartPoint, LineRole, Unit};

/// Room for labels, in pixels at the usual size of type: left, right, bottom, top.
const MARGINS: (f64, f64, f64, f64) = (64.0, 64.0, 22.0, 8.0);
/// Narrower charts have no names at the ends of lines, only in the key, in pixels at the usual size of
/// type; and the room that is left there.
const NAMED_MIN: f64 = 480.0;
const UNNAMED: f64 = 20.0;
/// Room for a label of the time axis, between lines of the hatching, and how far these lean, in pixels
/// at the usual size of type.
const LABEL_ROOM: f64 = 64.0;
const HATCH: (f64, f64) = (6.0, 18.0);

/// Room left free at the left and the right of a chart of this width, all in pixels at the usual size of
/// type.
pub fn sides(width: f64) -> (f64, f64) {
    (MARGINS.0, if width < NAMED_MIN { UNNAMED } else { MARGINS.1 })
}

/// Height that a label of the upright axis takes, in pixels at the usual size of type.
const TICK_ROOM: f64 = 17.0;
/// Ticks of the upright axis, at most.
const TICKS_MAX: usize = 5;

/// A stretch or a moment at which something was done to the run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mark {
    /// When, in seconds from zero.
    pub from: f64,
    /// When it was reversed; the same as `from` for what has no end.
    pub to: f64,
}

/// Everything a drawing needs.
#[derive(Clone, Debug, Default)]
pub struct Plot {
    /// The lines.
    pub chart: Chart,
    /// What was done to the run.
    pub marks: Vec<Mark>,
    /// Shown as 0.
    pub zero: Nanos,
    /// The cursor.
    pub now: Nanos,
    /// Moment under the pointer, in seconds from zero.
    pub hover: Option<f64>,
    /// First and last second shown, from zero.
    pub window: (f64, f64),
    /// Pixels a pixel of the style sheet.
    pub ratio: f64,
}

/// Letters of a line's name that there is room for at its end.
const SHORT_MAX: usize = 10;
/// What stands on the lines of causes, in their order.
const MARKS: [&str; 6] = ["●", "■", "▲", "◆", "○", "□"];
/// A dash and the gap after it, in pixels.
const DASH: (f64, f64) = (4.0, 3.0);
/// On every so many points.
const MARK_EVERY: i64 = 2;

/// How a line is drawn: width, opacity, and whether in neutral ink.
pub fn stroke(role: LineRole) -> (f64, f64) {
    match role {
        LineRole::P50 | LineRole::Offered => (1.2, 0.75),
        LineRole::P95 | LineRole::Throughput => (1.8, 0.9),
        LineRole::P99 | LineRole::Goodput | LineRole::Own => (2.6, 1.0),
        LineRole::Cause(_) => (1.8, 1.0),
    }
}

/// A value as people read it.
pub fn figure(unit: Unit, value: f64) -> String {
    match unit {
        _ if value.is_nan() => "–".to_owned(),
        Unit::PerSecond => format!("{}/s", text::number(value)),
        Unit::Nanos => text::duration(value),
        Unit::Share => text::percent(value),
        Unit::Bytes => format!("{} B", text::number(value)),
        Unit::Count => text::number(value),
    }
}

/// The upright axis: values become heights, on a logarithmic scale for times.
struct Axis {
    log: bool,
    low: f64,
    high: f64,
    ticks: Vec<f64>,
}

impl Axis {
    fn new(unit: Unit, values: impl Iterator<Item = f64>) -> Self {
        // Lag may be nothing: there is no logarithm of that.
        let log = unit == Unit::Nanos;
        let (low, high) = values
            .filter(|it| it.is_finite() && (!log || *it > 0.0))
            .fold((f64::MAX, 0.0_f64), |(low, high), it| (low.min(it), high.max(it)));
        if log { Self::decades(low, high) } else { Self::linear(unit, high) }
    }

    fn decades(low: f64, high: f64) -> Self {
        let (low, high) = if high > 0.0 { (low * 0.9, high * 1.1) } else { (1e6, 1e9) };
        let below = if low >= 3.0 * decade(low) { 3.0 * decade(low) } else { decade(low) };
        let above =
            if high <= 3.0 * decade(high) { 3.0 * decade(high) } else { 10.0 * decade(high) };
        let above = above.max(below * 10.0);
        let mut ticks = Vec::new();
        let mut tick = decade(below);
        while tick <= above {
            ticks.push(tick);
            tick *= 10.0;
        }
        ticks.retain(|it| *it >= below);
        // One power of ten alone is no scale.
        if ticks.len() < 2 {
            let start = decade(below);
            let more = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0].map(|it| it * start);
            ticks = more.into_iter().filter(|it| (below..=above).contains(it)).collect();
        }
        Self { log: true, low: libm::log(below), high: libm::log(above), ticks }
    }

    fn linear(unit: Unit, high: f64) -> Self {
        let high = match unit {
            Unit::Share => 1.0,
            _ if high > 0.0 => high * 1.08,
            _ => 1.0,
        };
        let steps = [1.0, 2.0, 5.0, 10.0].map(|it| it * decade(high / TICKS_MAX as f64));
        let step = steps.into_iter().find(|it| high / it < TICKS_MAX as f64).unwrap_or(high);
        let ticks = (0..=TICKS_MAX).map(|it| it as f64 * step).filter(|it| *it <= high);
        Self { log: false, low: 0.0, high, ticks: ticks.collect() }
    }

    /// The height of a value; none where there is nothing to draw.
    fn height(&self, value: f64) -> Option<f64> {
        match self.log {
            true => (value > 0.0).then(|| libm::log(value).clamp(self.low, self.high)),
            false => value.is_finite().then_some(value.clamp(self.low, self.high)),
        }
    }

    fn value(&self, height: f64) -> f64 {
        if self.log { libm::exp(height) } else { height }
    }
}

impl Plot {
    fn seconds(&self, at: Nanos) -> f64 {
        (at.0 as f64 - self.zero.0 as f64) / 1e9
    }

    fn unit(&self) -> Unit {
        self.chart.lines.first().map_or(Unit::Count, |it| it.unit)
    }

    fn axis(&self) -> Axis {
        let chart = &self.chart;
        let points = chart.points.iter().chain(&chart.before).chain(&chart.twin);
        let shown = points.filter(|it| {
            let at = self.seconds(it.at);
            at >= self.window.0 && at <= self.window.1
        });
        // A gauge in nanoseconds, such as lag, may well be 0 and is shown from there.
        let own = chart.lines.iter().any(|it| it.role == LineRole::Own);
        let unit = match self.unit() {
            Unit::Nanos if own => Unit::Count,
            unit => unit,
        };
        Axis::new(unit, shown.flat_map(|it| it.values.iter().copied()))
    }

    /// One line's points within the window: seconds and heights, none where nothing was counted.
    fn line(&self, axis: &Axis, points: &[ChartPoint], line: usize) -> Vec<(f64, Option<f64>)> {
        let one = |it: &ChartPoint| {
            let value = it.values.get(line).copied().unwrap_or(f64::NAN);
            (self.seconds(it.at), axis.height(value))
        };
        let inside = |it: &(f64, _)| it.0 >= self.window.0 && it.0 <= self.window.1;
        points.iter().map(one).filter(inside).collect()
    }
}

fn color(css: &str) -> RGBColor {
    let hex = css.trim_start_matches('#');
    let long: String = match hex.len() {
        3 => hex.chars().flat_map(|it| [it, it]).collect(),
        _ => hex.to_owned(),
    };
    let part = |from: usize| {
        long.get(from..from + 2).and_then(|it| u8::from_str_radix(it, 16).ok()).unwrap_or(0)
    };
    RGBColor(part(0), part(2), part(4))
}

/// The colour of a line, as everywhere: a hue has one meaning.
pub fn tone(role: LineRole, palette: &Palette) -> &str {
    match role {
        LineRole::P50 | LineRole::P95 | LineRole::P99 => &palette.read,
        LineRole::Cause(_) => &palette.fail,
        LineRole::Offered | LineRole::Throughput => &palette.ink_3,
        LineRole::Goodput | LineRole::Own => &palette.ink,
    }
}

type Area = DrawingArea<CanvasBackend, Shift>;

/// Draws; says what went wrong, if anything did.
pub fn draw(canvas: HtmlCanvasElement, plot: &Plot, palette: &Palette) -> Result<(), String> {
    // Sharp corners would reach beyond what they tell: a lag that falls to 0 beyond the axis.
    let context = canvas.get_context("2d").ok().flatten();
    if let Some(it) = context.and_then(|it| it.dyn_into::<CanvasRenderingContext2d>().ok()) {
        it.set_line_join("round");
    }
    let root = CanvasBackend::with_canvas_object(canvas).ok_or("no context to draw on")?;
    paint(&root.into_drawing_area(), plot, palette).map_err(|error| error.to_string())
}

fn paint(root: &Area, plot: &Plot, palette: &Palette) -> Result<(), Box<dyn std::error::Error>> {
    let ratio = plot.ratio;
    let scale = ratio * palette.type_1 / 12.0;
    let px = |it: f64| (it * scale).round() as i32;
    let (ink, ink_3, line) = (color(&palette.ink), color(&palette.ink_3), color(&palette.line_2));
    let family: &str = palette.num.split(',').next().unwrap_or("monospace");
    let font = || (FontFamily::Name(family), palette.type_1 * ratio).into_font();
    root.fill(&color(&palette.surface))?;
    let (width, height) = root.dim_in_pixel();
    let (width, height) = (f64::from(width) / scale, f64::from(height) / scale);
    let (left, right) = sides(width);
    let named = width >= NAMED_MIN;
    let across = (width - left - right).max(1.0);
    let axis = plot.axis();
    let (from, to) = plot.window;
    let (low, high) = (axis.low, axis.high);
    let ticks: Vec<f64> = axis.ticks.iter().filter_map(|it| axis.height(*it)).collect();
    // None over another where there is little room.
    let fit = ((height - MARGINS.2 - MARGINS.3) / TICK_ROOM).max(1.0);
    let every = (ticks.len() as f64 / fit).ceil().max(1.0) as usize;
    let ticks = ticks.into_iter().step_by(every);
    let mut chart = ChartBuilder::on(root)
        .margin_top(px(MARGINS.3))
        .margin_right(px(right))
        .x_label_area_size(px(MARGINS.2))
        .y_label_area_size(px(left))
        .build_cartesian_2d(from..to, low..high)?;
    // What was done to the run: a bracket from the fault to its end, below everything.
    for mark in plot.marks.iter().filter(|it| it.to >= from && it.from <= to) {
        let (left, right) = (mark.from.max(from), mark.to.min(to));
        if right > left {
            let area = Rectangle::new([(left, low), (right, high)], ink_3.mix(0.13).filled());
            chart.draw_series(std::iter::once(area))?;
        }
        let edge = |at: f64| PathElement::new([(at, low), (at, high)], ink_3.stroke_width(1));
        chart.draw_series([left, right].map(edge))?;
    }
    // The warm-up: hatched.
    if from < 0.0 {
        let [step, lean] = [HATCH.0, HATCH.1].map(|it| it * (to - from) / across);
        let mut at = from;
        while at < 0.0 {
            let part = if at + lean > 0.0 { -at / lean } else { 1.0 };
            let hatch = [(at, low), (at + lean * part, low + (high - low) * part)];
            chart.draw_series(std::iter::once(PathElement::new(hatch, line.stroke_width(1))))?;
            at += step;
        }
    }
    let unit = plot.unit();
    let label = |it: &f64| text::shortest(&figure(unit, axis.value(*it)));
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(line.stroke_width(px(1.0).max(1) as u32))
        .axis_style(line)
        .x_labels(((across / LABEL_ROOM) as usize).clamp(2, if to - from > 90.0 { 9 } else { 7 }))
        .y_labels(0)
        .disable_y_mesh()
        .x_label_formatter(&|it| format!("{it:.0} s"))
        .label_style(font().color(&ink_3))
        .draw()?;
    // The upright axis by hand: its ticks are at heights, not at values.
    for height in ticks {
        let grid = PathElement::new([(from, height), (to, height)], line.stroke_width(1));
        chart.draw_series(std::iter::once(grid))?;
        let (x, y) = chart.backend_coord(&(from, height));
        let place = Pos::new(HPos::Right, VPos::Center);
        let style = font().color(&ink_3).pos(place);
        // Clear of the first moment, which stands right below.
        let y = y.min(chart.backend_coord(&(from, low)).1 - px(4.0));
        // Nothing is known of what it counts before there is a line.
        if !plot.chart.lines.is_empty() {
            root.draw(&Text::new(label(&height), (x - px(8.0), y), style))?;
        }
    }
    let mut ends = Vec::new();
    for (at, it) in plot.chart.lines.iter().enumerate() {
        let (width, opacity) = stroke(it.role);
        let hue = color(tone(it.role, palette));
        let width = (width * ratio).round().max(1.0) as u32;
        // What was left behind by acting in the past, and what would be without the last deed.
        let others = [(&plot.chart.before, ink_3), (&plot.chart.twin, hue)];
        for (points, tone) in others {
            let style = tone.mix(0.8).stroke_width(1.max(width / 2));
            for run in plot.line(&axis, points, at).split(|it| it.1.is_none()) {
                let run: Vec<_> = run.iter().filter_map(|it| Some((it.0, it.1?))).collect();
                chart.draw_series(DashedLineSeries::new(run, px(DASH.0), px(DASH.1), style))?;
            }
        }
        let all = plot.line(&axis, &plot.chart.points, at);
        let now = plot.seconds(plot.now) + 1e-6;
        let known = all.partition_point(|it| it.0 <= now);
        let parts = [(&all[..known], opacity), (&all[known.saturating_sub(1)..], 0.3)];
        for (points, opacity) in parts {
            let style = hue.mix(opacity).stroke_width(width);
            for run in points.split(|it| it.1.is_none()).filter(|it| !it.is_empty()) {
                let run: Vec<_> = run.iter().filter_map(|it| Some((it.0, it.1?))).collect();
                chart.draw_series(std::iter::once(PathElement::new(run, style)))?;
            }
        }
        if matches!(it.role, LineRole::Cause(_)) {
            // Always at the same moments, however the window slides.
            let each = plot.chart.window.as_seconds().max(1e-9);
            let on = |it: &&(f64, Option<f64>)| (it.0 / each).round() as i64 % MARK_EVERY == 0;
            let sign = mark(it.role, &plot.chart);
            for point in all[..known].iter().filter(on).filter_map(|it| Some((it.0, it.1?))) {
                let at = chart.backend_coord(&point);
                let style = font().color(&hue).pos(Pos::new(HPos::Center, VPos::Center));
                root.draw(&Text::new(sign, at, style))?;
            }
        }
        let last = all.iter().rev().find_map(|it| Some((it.0, it.1?)));
        if let Some((x, height)) = last.filter(|_| named) {
            // Beside the cursor, not under it.
            ends.push((short(it), (x.max(now.min(to)), height)));
        }
    }
    // Names at the ends, the highest first, none over another.
    crate::base::order::sort_few(&mut ends, |a, b| a.1.1 > b.1.1);
    let line_height = px(12.0);
    let mut free = px(1.0);
    let mut tops: Vec<i32> = Vec::new();
    for (_, at) in &ends {
        let top = (chart.backend_coord(at).1 - px(7.0)).max(free);
        free = top + line_height;
        tops.push(top);
    }
    // Nor over the axis below.
    let mut lowest = chart.backend_coord(&(from, low)).1 - line_height;
    for top in tops.iter_mut().rev() {
        *top = lowest.min(*top);
        lowest = *top - line_height;
    }
    for ((name, at), top) in ends.into_iter().zip(tops) {
        let (x, _) = chart.backend_coord(&at);
        root.draw(&Text::new(name, (x + px(6.0), top), font().color(&ink_3)))?;
    }
    let mut upright = |at: f64, tone: RGBColor, width: f64| {
        let style = tone.stroke_width((width * ratio).round() as u32);
        let line = PathElement::new([(at, low), (at, high)], style);
        chart.draw_series(std::iter::once(line)).map(|_| ())
    };
    if let Some(at) = plot.hover {
        upright(at, ink_3, 1.0)?;
    }
    upright(plot.seconds(plot.now), ink, 1.5)?;
    root.present()?;
    Ok(())
}

/// Of what goes wrong, the lines have one colour: what stands on each tells which it is.
pub fn mark(role: LineRole, chart: &Chart) -> &'static str {
    let mut causes =
        chart.lines.iter().map(|it| it.role).filter(|it| matches!(it, LineRole::Cause(_)));
    causes.position(|it| it == role).map_or("", |place| MARKS[place % MARKS.len()])
}

/// A line's name where there is little room: what stands before a bracket, or its first word.
pub fn short(line: &crate::session::protocol::Line) -> String {
    let name = crate::base::english::clause(&line.name);
    let plain = name.split(" (").next().unwrap_or_default();
    let fits = plain.chars().count() <= SHORT_MAX;
    if fits { plain } else { plain.split(' ').next().unwrap_or_default() }.to_owned()
}
