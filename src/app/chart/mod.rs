//! Latency over time: three percentiles, one hue in three weights, on a logarithmic scale, with the
//! cursor of the timeline; drawn by plotters a few times a second.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use web_sys::PointerEvent;

use crate::base::text;
use crate::base::time::Nanos;
use crate::component::Role;
use crate::document::{Design, Id};
use crate::session::protocol::{Chart, ChartPoint};

use super::store::App;
use plot::{MARGINS, PERCENTILES, Plot, draw};

pub mod plot;

/// Longest stretch shown, in seconds.
const WINDOW: f64 = 120.0;
/// How much of the warm-up is shown, in seconds.
const BEFORE: f64 = 10.0;

/// Whose latency is charted: the first client's.
pub fn component(design: &Design) -> Option<Id> {
    let client = design.components.iter().find(|it| it.1.spec.about().role == Role::Source);
    client.map(|it| it.0.clone())
}

/// The point that tells of a moment: the last window that has ended by then.
fn at(chart: &Chart, moment: Nanos) -> Option<ChartPoint> {
    chart.points.iter().rev().find(|it| it.at <= moment).cloned()
}

/// The panel.
#[component]
pub fn LatencyChart() -> impl IntoView {
    let app = App::here();
    let canvas = NodeRef::<html::Canvas>::new();
    let span = super::timeline::span(app);
    let hover = RwSignal::new(None::<f64>);
    let size = RwSignal::new((0.0, 0.0));
    let window_shown = move || {
        let clock = app.clock.get_untracked();
        let end = span.get() as f64;
        let now = clock.now.0 as f64 - clock.zero.0 as f64;
        let start = (now / 1e9 - WINDOW * 0.75).clamp(-BEFORE, (end - WINDOW).max(-BEFORE));
        (start, end.min(start + WINDOW.max(30.0) + BEFORE).max(start + 30.0))
    };
    // While time runs the chart follows its points, not the clock: four times a second is enough.
    let clock_shown = move || {
        if app.playing.get() { app.clock.get_untracked() } else { app.clock.get() }
    };
    let plot = move || {
        let clock = clock_shown();
        let chart = app.latest.with_value(|it| it.chart.clone());
        Plot {
            chart,
            zero: clock.zero,
            now: clock.now,
            hover: hover.get(),
            window: window_shown(),
            ratio: window().device_pixel_ratio(),
        }
    };
    let watch = Closure::<dyn FnMut()>::new(move || {
        if let Some(it) = canvas.get_untracked() {
            size.set((f64::from(it.client_width()), f64::from(it.client_height())));
        }
    });
    let observer = web_sys::ResizeObserver::new(watch.as_ref().unchecked_ref()).ok();
    let kept = StoredValue::new_local(Some((watch, observer)));
    Effect::new(move |_| {
        if let Some(element) = canvas.get() {
            kept.with_value(|it| {
                if let Some((_, Some(observer))) = it {
                    observer.observe(&element);
                }
            });
        }
    });
    on_cleanup(move || {
        if let Some(Some((_, Some(observer)))) = kept.try_update_value(|it| it.take()) {
            observer.disconnect();
        }
    });
    Effect::new(move |_| {
        app.charted.track();
        app.theme.track();
        let (width, height) = size.get();
        let plot = plot();
        let Some(canvas) = canvas.get().filter(|_| width > 80.0 && height > 40.0) else { return };
        let pixels = |it: f64| (it * plot.ratio).round() as u32;
        if (canvas.width(), canvas.height()) != (pixels(width), pixels(height)) {
            canvas.set_width(pixels(width));
            canvas.set_height(pixels(height));
        }
        let drawn = app.palette.with_value(|palette| draw(canvas, &plot, palette));
        if let Err(reason) = drawn {
            leptos::logging::warn!("the chart: {reason}");
        }
    });
    let figures = Memo::new(move |_| {
        app.charted.track();
        let clock = app.clock.get();
        let moment = match hover.get() {
            Some(at) => clock.zero.saturating_add(Nanos::from_seconds(at.max(0.0))),
            None => clock.now,
        };
        let point = app.latest.with_value(|it| at(&it.chart, moment));
        PERCENTILES
            .map(|(name, value, ..)| (name, text::duration(point.as_ref().map_or(f64::NAN, value))))
    });
    let moment = move |event: &PointerEvent| {
        let element = canvas.get_untracked()?;
        let rect = element.get_bounding_client_rect();
        let scale = app.palette.with_value(|it| it.type_1) / 12.0;
        let (left, right) = (MARGINS.0 * scale, MARGINS.1 * scale);
        let width = rect.width() - left - right;
        let part = (f64::from(event.client_x()) - rect.left() - left) / width.max(1.0);
        let (from, to) = untrack(window_shown);
        (0.0..=1.0).contains(&part).then_some(from + part * (to - from))
    };
    let seek = move |event: PointerEvent| {
        if let Some(at) = moment(&event) {
            let clock = app.clock.get_untracked();
            app.playing.set(false);
            app.seek(clock.zero.saturating_add(Nanos::from_seconds(at.max(0.0))).min(clock.latest));
        }
    };
    let of = move || {
        app.nodes.track();
        let id = app.desk.with_value(|it| component(&it.shown))?;
        app.desk.with_value(|it| it.shown.components.get(&id).map(|it| it.label.clone()))
    };
    let items = move || {
        figures.get().map(|(name, value)| view! {
            <span class=format!("percentile {name}") title=format!(
                "{} % of the requests that ended in a second took this long or less.", &name[1..])>
                <i></i>{name} <b class="num">{value}</b>
            </span>
        }).collect_view()
    };
    view! {
        <section class="chart" aria-label="Latency over time">
            <header>
                <h2>"Latency" <span>{move || of().map(|it| format!("of {it}, log scale"))}</span></h2>
                <div class="percentiles">{items}</div>
                <span class="axis">"simulated time →"</span>
            </header>
            <canvas node_ref=canvas role="img" aria-label="Latency over time, percentiles p50, p95, p99"
                on:pointermove=move |event| hover.set(moment(&event))
                on:pointerleave=move |_| hover.set(None)
                on:pointerdown=seek></canvas>
        </section>
    }
}
