//! The drawing of the chart: lines, axes, names, the cursor, the hatched warm-up.

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters_canvas::CanvasBackend;
use web_sys::HtmlCanvasElement;

use crate::app::figures::decade;
use crate::app::theme::Palette;
use crate::base::text;
use crate::base::time::Nanos;
use crate::session::protocol::{Chart, ChartPoint};

/// Room for labels, in pixels at the usual size of type: left, right, bottom, top.
pub const MARGINS: (f64, f64, f64, f64) = (64.0, 44.0, 26.0, 8.0);

/// A percentile's line: name, value, width, opacity.
pub type Percentile = (&'static str, fn(&ChartPoint) -> f64, f64, f64);

/// The lines.
pub const PERCENTILES: [Percentile; 3] = [
    ("p50", |it| it.values[0], 1.2, 0.75),
    ("p95", |it| it.values[1], 1.8, 0.9),
    ("p99", |it| it.values[2], 2.6, 1.0),
];

/// Everything a drawing needs.
#[derive(Clone, Debug, Default)]
pub struct Plot {
    /// The lines.
    pub chart: Chart,
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

impl Plot {
    fn seconds(&self, at: Nanos) -> f64 {
        (at.0 as f64 - self.zero.0 as f64) / 1e9
    }

    /// Smallest and largest latency shown, widened to steps people know.
    fn range(&self) -> (f64, f64) {
        let shown = |it: &&ChartPoint| {
            let at = self.seconds(it.at);
            at >= self.window.0 && at <= self.window.1
        };
        let points = self.chart.points.iter().chain(&self.chart.before).filter(shown);
        let values = points.flat_map(|it| [it.values[0], it.values[2]]).filter(|it| *it > 0.0);
        let (low, high) =
            values.fold((f64::MAX, 0.0_f64), |(low, high), it| (low.min(it), high.max(it)));
        if high <= 0.0 {
            return (1e6, 1e9);
        }
        let below = |it: f64| {
            let power = decade(it);
            if it >= 3.0 * power { 3.0 * power } else { power }
        };
        let above = |it: f64| {
            let power = decade(it);
            [power * 3.0, power * 10.0].into_iter().find(|top| *top >= it).unwrap_or(it)
        };
        (below(low * 0.9), above(high * 1.1).max(below(low * 0.9) * 10.0))
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

type Area = DrawingArea<CanvasBackend, Shift>;

/// Draws; says what went wrong, if anything did.
pub fn draw(canvas: HtmlCanvasElement, plot: &Plot, palette: &Palette) -> Result<(), String> {
    let root = CanvasBackend::with_canvas_object(canvas).ok_or("no context to draw on")?;
    paint(&root.into_drawing_area(), plot, palette).map_err(|error| error.to_string())
}

fn paint(root: &Area, plot: &Plot, palette: &Palette) -> Result<(), Box<dyn std::error::Error>> {
    let ratio = plot.ratio;
    let scale = ratio * palette.type_1 / 12.0;
    let px = |it: f64| (it * scale).round() as i32;
    let (ink, ink_3, line) = (color(&palette.ink), color(&palette.ink_3), color(&palette.line_2));
    let family: &str = palette.num.split(',').next().unwrap_or("monospace");
    let font = || (family, palette.type_1 * ratio).into_font();
    root.fill(&color(&palette.surface))?;
    let (low, high) = plot.range();
    let (from, to) = plot.window;
    let mut chart = ChartBuilder::on(root)
        .margin_top(px(MARGINS.3))
        .margin_right(px(MARGINS.1))
        .x_label_area_size(px(MARGINS.2))
        .y_label_area_size(px(MARGINS.0))
        .build_cartesian_2d(from..to, (low..high).log_scale())?;
    // The warm-up: hatched.
    if from < 0.0 {
        let step = (to - from) / 160.0;
        let mut at = from;
        let (bottom, top) = (libm::log(low), libm::log(high));
        while at < 0.0 {
            let lean = step * 3.0;
            let part = if at + lean > 0.0 { -at / lean } else { 1.0 };
            let end = libm::exp(bottom + (top - bottom) * part);
            let hatch = [(at, low), (at + lean * part, end)];
            chart.draw_series(std::iter::once(PathElement::new(hatch, line.stroke_width(1))))?;
            at += step;
        }
    }
    let label = |it: &f64| text::duration(*it).replace(".00", "").replace(".0", "");
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(line.stroke_width(px(1.0).max(1) as u32))
        .axis_style(line)
        .x_labels(if to - from > 90.0 { 9 } else { 7 })
        .y_labels(4)
        .x_label_formatter(&|it| format!("{it:.0} s"))
        .y_label_formatter(&label)
        .label_style(font().color(&ink_3))
        .draw()?;
    let hue = color(&palette.read);
    let mut ends = Vec::new();
    for (name, value, width, opacity) in PERCENTILES {
        let width = (width * ratio).round().max(1.0) as u32;
        let at = |it: &ChartPoint| (plot.seconds(it.at), value(it));
        let inside = |it: &(f64, f64)| it.0 >= from && it.0 <= to;
        // What was left behind by acting in the past: dashed.
        let before: Vec<_> = plot.chart.before.iter().map(at).filter(inside).collect();
        for pair in before.chunks(2).filter(|it| it.len() == 2 && it.iter().all(|it| it.1 > 0.0)) {
            let style = ink_3.stroke_width(1.max(width / 2));
            chart.draw_series(std::iter::once(PathElement::new(pair.to_vec(), style)))?;
        }
        let all: Vec<_> = plot.chart.points.iter().map(at).filter(inside).collect();
        let now = plot.seconds(plot.now) + 1e-6;
        let known = all.partition_point(|it| it.0 <= now);
        let parts = [(&all[..known], opacity), (&all[known.saturating_sub(1)..], 0.3)];
        for (points, opacity) in parts {
            let style = hue.mix(opacity).stroke_width(width);
            for run in points.split(|it| it.1.is_nan() || it.1 <= 0.0).filter(|it| !it.is_empty()) {
                chart.draw_series(std::iter::once(PathElement::new(run.to_vec(), style)))?;
            }
        }
        if let Some(last) = all.iter().rev().find(|it| it.1 > 0.0) {
            // Beside the cursor, not under it.
            ends.push((name, (last.0.max(now.min(to)), last.1)));
        }
    }
    // Names at the ends, the highest first, none over another.
    let mut free = i32::MIN;
    for (name, at) in ends.into_iter().rev() {
        let (x, y) = chart.backend_coord(&at);
        let top = (y - px(7.0)).max(free);
        free = top + px(12.0);
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
