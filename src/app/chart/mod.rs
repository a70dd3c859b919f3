//! One chart of one component over time, with the cursor of the timeline, what was done to the run,
//! and the same run without its last deed (dashed); drawn by plotters a few times a second.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use web_sys::{MouseEvent, PointerEvent};

use crate::base::time::Nanos;
use crate::base::{english, text};
use crate::component::{About, Role};
use crate::document::{Design, Id};
use crate::engine::recorder::KEPT;
use crate::session::protocol::{Chart, ChartPoint, Line, LineRole, Place, Which};

use super::store::{App, Selected, Tab};
use plot::{Plot, draw};

pub mod plot;

/// Longest stretch shown, in seconds.
const WINDOW: f64 = 120.0;
/// How much of the warm-up is shown, in seconds.
const BEFORE: f64 = 10.0;
/// Moments that lie this near to each other are one, in seconds.
const INSTANT: f64 = 1e-6;

/// What the grey dashed lines are.
const LEFT: &str = "The future that you left behind by acting in the past: dashed, in grey.";

/// A chart that is offered.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    /// Of which component.
    pub id: Id,
    /// Which.
    pub which: Which,
    /// What people call it.
    pub name: String,
}

/// The charts of a design: the clients' and what is special to kinds; of the chosen component all.
pub fn offers(design: &Design, chosen: Option<&Id>) -> Vec<Offer> {
    let mut offers = Vec::new();
    let traffic = [Which::Latency, Which::Throughput, Which::Errors, Which::Work, Which::Queue];
    let first = design.components.iter().find(|it| it.1.spec.about().role == Role::Source);
    let own = chosen.and_then(|id| design.components.get(id).map(|it| (id, it)));
    for (id, record) in first.into_iter().chain(own) {
        // Where there is no limit to what is done at once, there is no share of it, and nobody waits.
        let limited = record.spec.station().workers != u32::MAX;
        let of_workers = |it: &Which| matches!(it, Which::Work | Which::Queue);
        for which in traffic.into_iter().filter(|it| limited || !of_workers(it)) {
            let word = match which {
                Which::Throughput => "Throughput",
                Which::Errors => "Errors",
                Which::Work => "Utilisation",
                Which::Queue => "Queue",
                _ => "Latency",
            };
            let name = format!("{word} of {}", record.label);
            offers.push(Offer { id: id.clone(), which, name });
        }
    }
    for (id, record) in &design.components {
        let about = record.spec.about();
        let ratios =
            about.ratios.iter().enumerate().map(|(at, it)| (Which::Ratio(at as u8), it.name));
        let gauges =
            about.gauges.iter().enumerate().map(|(at, it)| (Which::Gauge(at as u8), it.name));
        for (which, name) in ratios.chain(gauges) {
            // Of what is not chosen only what newcomers are told of.
            if chosen == Some(id) || matches!(name, "hit_ratio" | "lag_ns") {
                let name = format!("{} of {}", words(name), record.label);
                offers.push(Offer { id: id.clone(), which, name });
            }
        }
    }
    let mut seen = Vec::new();
    offers.retain(|it| {
        let new = !seen.contains(&(it.id.clone(), it.which));
        seen.push((it.id.clone(), it.which));
        new
    });
    offers
}

/// A snake-case name with its unit as words: `lag_ns` becomes `Lag`.
fn words(name: &str) -> String {
    let name = ["_ns", "_bytes"].iter().fold(name, |name, unit| name.trim_end_matches(unit));
    let mut name = name.replace('_', " ");
    name[..1].make_ascii_uppercase();
    name
}

/// The point that tells of a moment: the last window that has ended by then.
fn at(points: &[ChartPoint], moment: Nanos) -> Option<&ChartPoint> {
    points.iter().rev().find(|it| it.at <= moment)
}

/// What was done to the run, as brackets: from a fault to its end.
fn marks(app: App, zero: Nanos, latest: Nanos) -> Vec<plot::Mark> {
    let seconds = |at: Nanos| (at.0 as f64 - zero.0 as f64) / 1e9;
    let deeds = app.deeds();
    let moments = deeds.iter().map(|it| (it.at, it.at));
    let spans = super::marks::spans(&deeds).into_iter();
    let spans = spans.map(|(from, to)| (from, to.unwrap_or(latest)));
    moments
        .chain(spans)
        .map(|(from, to)| plot::Mark { from: seconds(from), to: seconds(to) })
        .collect()
}

/// What a line counts, over what window.
fn help(app: App, which: Which, line: &Line) -> String {
    let own = |pick: fn(&About, Which) -> Option<&'static str>| {
        let id = app.charted()?.0;
        app.desk.with_value(|it| pick(it.shown().components.get(&id)?.spec.about(), which))
    };
    let words = match line.role {
        LineRole::Offered if which == Which::Work => {
            "The share of its workers that are held: at work, or waiting for those they have called."
        }
        LineRole::Own if which == Which::Queue => {
            "Requests that wait for a worker, of all members together: the mean over the stretch."
        }
        LineRole::Offered => "Requests that came in.",
        LineRole::Throughput if which == Which::Work => "The share of its workers at work.",
        LineRole::Own if which == Which::Work => {
            "The share of its workers that worked for callers who had left, told when the work ends."
        }
        LineRole::Own if which == Which::Errors => {
            "Writes that had taken effect before: their callers tried again."
        }
        LineRole::Throughput => "Requests that ended, well or not.",
        LineRole::Goodput => "Requests that ended well.",
        LineRole::P50 => "Half of what ended took this long or less.",
        LineRole::P95 => "95 % of what ended took this long or less.",
        LineRole::P99 => "99 % of what ended took this long or less.",
        LineRole::Cause(_) => "Failures of this cause.",
        LineRole::Own => own(|about, which| match which {
            Which::Ratio(at) => about.ratios.get(usize::from(at)).map(|it| it.help),
            Which::Gauge(at) => about.gauges.get(usize::from(at)).map(|it| it.help),
            _ => None,
        })
        .unwrap_or_default(),
    };
    let over = |it: Nanos| text::shortest(&text::duration(it.0 as f64));
    let (window, coarse) = app.latest.with_value(|it| {
        (it.chart.window, Some(it.chart.coarse).filter(|_| it.chart.coarse_until > Nanos::ZERO))
    });
    let fine = over(Nanos(window.0 * KEPT as u64));
    let before = coarse.map(|it| format!("; for each {} before the last {fine}", over(it)));
    format!("{words} One point for each {}{}.", over(window), before.unwrap_or_default())
}

/// The panel.
pub fn panel(app: App) -> AnyView {
    let canvas = NodeRef::<html::Canvas>::new();
    let hover = RwSignal::new(None::<f64>);
    let size = RwSignal::new((0.0, 0.0));
    let kept = StoredValue::new_local((f64::NAN, f64::NAN));
    let window_shown = move || {
        let clock = app.clock.get_untracked();
        let end = app.span.get() as f64;
        let now = (clock.now.0 as f64 - clock.zero.0 as f64) / 1e9;
        let start = (now - WINDOW * 0.75).clamp(-BEFORE, (end - WINDOW).max(-BEFORE));
        // Whoever goes back, or acts there, keeps the range before their eyes as long as they are in it.
        let (from, to) = kept.get_value();
        let inside = now > from - INSTANT && now < to.min(end) + INSTANT;
        let stays = inside && (clock.is_past() || start < from);
        let range = match stays {
            true => (from, to),
            false => (start, end.min(start + WINDOW.max(30.0) + BEFORE).max(start + 30.0)),
        };
        kept.set_value(range);
        range
    };
    // While time runs the chart follows its points, not the clock: four times a second is enough.
    let clock_shown = move || {
        if app.playing.get() { app.clock.get_untracked() } else { app.clock.get() }
    };
    let plot = move || {
        let clock = clock_shown();
        let chart = app.latest.with_value(|it| it.chart.clone());
        Plot {
            marks: marks(app, clock.zero, clock.latest),
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
    let watching = StoredValue::new_local(Some((watch, observer)));
    Effect::new(move |_| {
        if let Some(element) = canvas.get() {
            watching.with_value(|it| {
                if let Some((_, Some(observer))) = it {
                    observer.observe(&element);
                }
            });
        }
    });
    on_cleanup(move || {
        if let Some(Some((_, Some(observer)))) = watching.try_update_value(|it| it.take()) {
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
    // The key: each line with its value at the cursor or under the pointer, and without the last
    // deed where that is known. Its entries stay while their values change: what has the keyboard keeps it.
    let lines = Memo::new(move |_| {
        app.charted.track();
        app.theme.track();
        app.latest.with_value(|it| {
            let of = |line: &Line| {
                let tone = app.palette.with_value(|it| plot::tone(line.role, it).to_owned());
                let (width, opacity) = plot::stroke(line.role);
                let style = format!("border-top:{width}px solid {tone};opacity:{opacity}");
                (
                    line.clone(),
                    style,
                    plot::mark(line.role, &it.chart),
                    help(app, it.chart.which, line),
                )
            };
            it.chart.lines.iter().map(of).collect::<Vec<_>>()
        })
    });
    // Of each line: now, without the last deed, and before one acted.
    let values = Memo::new(move |_| {
        app.charted.track();
        let clock = app.clock.get();
        let moment = match hover.get() {
            Some(at) => clock.zero.saturating_add(Nanos::from_seconds(at.max(0.0))),
            None => clock.now,
        };
        app.latest.with_value(|it| {
            let Chart { lines, points, twin, before, window, .. } = &it.chart;
            // What was left behind ends somewhere.
            let reach = before.last().map_or(Nanos::ZERO, |it| it.at.saturating_add(*window));
            let left = at(before, moment).filter(|_| moment < reach);
            let all = [at(points, moment), at(twin, moment), left];
            let of = |line| {
                all.map(|it| it.and_then(|it| it.values.get(line)).copied().unwrap_or(f64::NAN))
            };
            (0..lines.len()).map(of).collect::<Vec<_>>()
        })
    });
    let key = move || {
        let item = |(at, (line, style, mark, help)): (
            usize,
            (Line, String, &'static str, String),
        )| {
            let value =
                move |which: usize| values.with(|it| it.get(at).map_or(f64::NAN, |it| it[which]));
            let beside = move |which: usize| Some(value(which)).filter(|it| it.is_finite());
            let class = match line.role {
                LineRole::P50 => "percentile p50",
                LineRole::P95 => "percentile p95",
                LineRole::P99 => "percentile p99",
                _ => "percentile",
            };
            view! {
                <span class=class tabindex="0" title=help>
                    <i style=style></i>{(!mark.is_empty()).then(|| view! { <u aria-hidden="true">{mark}</u> })}{english::clause(&line.name)}
                    <b class="num">{move || plot::figure(line.unit, value(0))}</b>
                    {move || beside(1).map(|it| view! {
                        <em class="num" title="The same seed without the last fault or edit: dashed.">
                            "without it " {plot::figure(line.unit, it)}
                        </em>
                    })}
                    {move || beside(2).map(|it| view! {
                        <em class="num left" title=LEFT>
                            <i></i><span class="hidden">"before "</span>{plot::figure(line.unit, it)}
                        </em>
                    })}
                </span>
            }
        };
        lines.get().into_iter().enumerate().map(item).collect_view()
    };
    let has_left = Memo::new(move |_| {
        app.charted.track();
        app.latest.with_value(|it| !it.chart.before.is_empty())
    });
    let left = move || {
        has_left.get().then(|| view! {
        <span class="percentile left" tabindex="0" title=LEFT><i></i>"before you acted"</span>
    })
    };
    let moment = move |event: &MouseEvent| {
        let element = canvas.get_untracked()?;
        let rect = element.get_bounding_client_rect();
        let scale = app.palette.with_value(|it| it.type_1) / 12.0;
        let (left, right) = plot::sides(rect.width() / scale);
        let width = rect.width() / scale - left - right;
        let part = ((f64::from(event.client_x()) - rect.left()) / scale - left) / width.max(1.0);
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
    let pressed = move |event: web_sys::KeyboardEvent| {
        let clock = app.clock.get_untracked();
        let seconds = |it: Nanos| it.saturating_sub(clock.zero).as_seconds();
        let at = hover.get_untracked().unwrap_or_else(|| seconds(clock.now));
        let (from, to) = untrack(window_shown);
        let by = match event.key().as_str() {
            "ArrowLeft" => -1.0,
            "ArrowRight" => 1.0,
            "Enter" => {
                app.look_at(clock.zero.saturating_add(Nanos::from_seconds(at)).min(clock.latest));
                return;
            }
            _ => return,
        };
        event.prevent_default();
        event.stop_propagation();
        hover.set(Some((at + by).clamp(from.max(0.0), to.min(seconds(clock.latest)))));
    };
    // Two clicks, or the button, list who was there: the slowest, the failed, the typical.
    let pick = move |moment: Nanos| {
        let Some((component, _)) = app.charted() else { return };
        let stretch = app.latest.with_value(|it| {
            let until = self::at(&it.chart.points, moment)?.at;
            Some((until.saturating_sub(it.chart.window_at(until)), until))
        });
        let Some((since, until)) = stretch else { return };
        app.pick.set(Some(Place::Point { component: component.clone(), since, until }));
        app.select(Some(Selected::Node(component)));
        app.tab.set(Tab::Requests);
        app.bridge.update_value(|it| it.look());
        app.wake();
    };
    let twice = move |event: MouseEvent| {
        if let Some(at) = moment(&event) {
            event.prevent_default();
            let zero = app.clock.get_untracked().zero;
            pick(zero.saturating_add(Nanos::from_seconds(at.max(0.0))));
        }
    };
    let bare = move || {
        app.nodes.track();
        app.charting.track();
        app.charted().is_none()
    };
    let choice = move || {
        app.nodes.track();
        app.frame_of.track();
        let chosen = app.selected.with(|it| match it {
            Some(Selected::Node(id)) => Some(id.clone()),
            _ => None,
        });
        let kept = app.charting.get();
        let mut offers = app.desk.with_value(|it| offers(it.shown(), chosen.as_ref()));
        // What is charted stays on the list when something else is chosen.
        if let Some((id, which)) = &kept
            && !offers.iter().any(|it| (&it.id, it.which) == (id, *which))
        {
            let all = app.desk.with_value(|it| self::offers(it.shown(), Some(id)));
            offers.extend(all.into_iter().find(|it| (&it.id, it.which) == (id, *which)));
        }
        let now = app.charted();
        let options = offers.iter().enumerate().map(|(at, it)| {
            let selected = now.as_ref().is_some_and(|now| (&now.0, now.1) == (&it.id, it.which));
            view! { <option value=at.to_string() selected=selected>{it.name.clone()}</option> }
        });
        let options = options.collect_view();
        let choose = move |event: leptos::ev::Event| {
            let at = event_target_value(&event).parse::<usize>().ok();
            if let Some(offer) = at.and_then(|it| offers.get(it)) {
                app.show_chart(offer.id.clone(), offer.which);
            }
        };
        view! { <select class="which" aria-label="Chart" on:change=choose>{options}</select> }
    };
    view! {
        <p class="empty" hidden=move || !bare()>
            "A chart needs somebody who sends requests: add a client, or choose what is to be charted."
        </p>
        <header hidden=bare>
            {choice}
            <div class="percentiles">{key}{left}</div>
            <button class="o of-moment" title="Who was there at the time cursor: the slowest, the failed, the stale, the typical"
                on:click=move |_| pick(app.clock.get_untracked().now)>"Requests"<span>" of this moment"</span></button>
            <span class="axis">"simulated time →"</span>
        </header>
        <canvas node_ref=canvas role="img" tabindex="0" hidden=bare
            aria-label="The chart; its values are in the key above it. Arrow keys move the crosshair, Enter goes to its moment."
            on:keydown=pressed
            on:blur=move |_| hover.set(None)
            title="Click: go to this moment. Double-click: requests of then."
            on:pointermove=move |event| hover.set(moment(&event))
            on:pointerleave=move |_| hover.set(None)
            on:dblclick=twice
            on:pointerdown=seek></canvas>
    }
    .into_any()
}

impl App {
    /// Charts something.
    pub fn show_chart(self, id: Id, which: Which) {
        self.charting.set(Some((id, which)));
        self.chart_open.set(true);
        self.bridge.update_value(|it| it.look());
        self.wake();
    }
}
