//! The difference of two futures over time: both lines above, the gap below, one cursor for both.

use leptos::html;
use leptos::prelude::*;
use web_sys::{KeyboardEvent, PointerEvent};

use crate::app::chart::plot::figure;
use crate::app::store::App;
use crate::base::english;
use crate::base::time::Nanos;
use crate::session::compare;
use crate::session::protocol::{ChartPoint, Unit};

/// Seconds shown before the futures part, and at most after.
const BEFORE: f64 = 10.0;
const AFTER: f64 = 90.0;

/// Points as the path of an SVG: gaps where nothing was counted.
fn path(points: &[(f64, f64)], window: (f64, f64), range: (f64, f64)) -> String {
    let (mut out, mut pen) = (String::new(), "M");
    for (x, y) in points {
        if !y.is_finite() {
            pen = "M";
            continue;
        }
        let x = (x - window.0) / (window.1 - window.0) * 1_000.0;
        let y = 100.0 - (y - range.0) / (range.1 - range.0).max(1e-12) * 100.0;
        out += &format!("{pen}{x:.1} {y:.1}");
        pen = "L";
    }
    out
}

/// Everything one drawing needs.
struct Lines {
    name: String,
    unit: Unit,
    main: Vec<(f64, f64)>,
    fork: Vec<(f64, f64)>,
    gap: Vec<(f64, f64)>,
    window: (f64, f64),
    top: f64,
    reach: f64,
}

fn lines(app: App, fork: App, wanted: usize) -> Option<Lines> {
    let clock = app.clock.get_untracked();
    let seconds = |it: Nanos| (it.0 as f64 - clock.zero.0 as f64) / 1e9;
    let parted = seconds(app.parted.get_untracked()?);
    let now = seconds(clock.now);
    let from = (parted - BEFORE).max((now - AFTER).min(parted));
    let window = (from, (now + 3.0).max(parted + 20.0));
    app.latest.with_value(|main| {
        fork.latest.with_value(|other| {
            let (one, two) = (&main.chart, &other.chart);
            let at = wanted.min(one.lines.len().checked_sub(1)?);
            let line = one.lines.get(at)?;
            let known = |it: &&ChartPoint| {
                let at = seconds(it.at);
                at >= window.0 && at <= now + 1e-6
            };
            let of = |points: &[ChartPoint]| -> Vec<(f64, f64)> {
                let value = |it: &ChartPoint| it.values.get(at).copied().unwrap_or(f64::NAN);
                points.iter().filter(known).map(|it| (seconds(it.at), value(it))).collect()
            };
            let gap = compare::gap(one, two);
            let (main, fork, gap) = (of(&one.points), of(&two.points), of(&gap));
            let finite = |it: &[(f64, f64)]| -> f64 {
                it.iter().map(|it| it.1.abs()).filter(|it| it.is_finite()).fold(0.0, f64::max)
            };
            let top = finite(&main).max(finite(&fork)).max(1e-9) * 1.08;
            // Where there is no gap, a part of what is compared is a scale that can be read.
            let reach = match finite(&gap) {
                it if it > top * 1e-3 => it * 1.15,
                _ => top / 10.0,
            };
            let (name, unit) = (english::clause(&line.name), line.unit);
            Some(Lines { name, unit, main, fork, gap, window, top, reach })
        })
    })
}

fn at(points: &[(f64, f64)], moment: f64) -> f64 {
    points.iter().rev().find(|it| it.0 <= moment + 1e-6).map_or(f64::NAN, |it| it.1)
}

/// The area between two lines.
fn between(main: &str, fork: &[(f64, f64)], window: (f64, f64), range: (f64, f64)) -> String {
    let finite = fork.iter().rev().filter(|it| it.1.is_finite()).copied().collect::<Vec<_>>();
    let back = path(&finite, window, range).replacen('M', "L", 1);
    if main.is_empty() || back.is_empty() { String::new() } else { format!("{main}{back}Z") }
}

/// A gap, with its sign.
fn signed(unit: Unit, gap: f64) -> String {
    let sign = if gap > 0.0 {
        "+"
    } else if gap < 0.0 {
        "−"
    } else {
        "±"
    };
    if gap.is_finite() { format!("{sign}{}", figure(unit, gap.abs())) } else { "–".to_owned() }
}

/// The panel, as long as there are two futures.
pub fn panel(app: App) -> AnyView {
    let parted = Memo::new(move |_| app.parted.get().is_some());
    let view = move || {
        let fork = parted.get().then(|| app.other.get_value())??;
        Some(view! { <Panel fork/> })
    };
    view.into_any()
}

#[component]
fn Panel(fork: App) -> impl IntoView {
    let app = App::here();
    // The last line is the slowest percentile, or what ended well.
    let wanted = RwSignal::new(usize::MAX);
    let hover = RwSignal::new(None::<f64>);
    let plots = NodeRef::<html::Div>::new();
    let shown = Memo::new(move |before: Option<&u32>| {
        app.charted.track();
        fork.charted.track();
        if !app.playing.get() {
            app.clock.track();
        }
        wanted.track();
        before.copied().unwrap_or(0).wrapping_add(1)
    });
    let drawn = move || {
        shown.get();
        lines(app, fork, wanted.get())
    };
    let moment = move || {
        let clock = app.clock.get();
        hover.get().unwrap_or((clock.now.0 as f64 - clock.zero.0 as f64) / 1e9)
    };
    let key = move || {
        let it = drawn()?;
        let moment = moment();
        let (main, fork, gap) = (at(&it.main, moment), at(&it.fork, moment), at(&it.gap, moment));
        Some(view! {
            <span class="gap-key"><i class="as-is"></i>"as it is " <b class="num">{figure(it.unit, main)}</b></span>
            <span class="gap-key"><i class="if"></i>"what if " <b class="num">{figure(it.unit, fork)}</b></span>
            <span class="gap-key"><i class="area"></i>"gap " <b class="num">{signed(it.unit, gap)}</b></span>
        })
    };
    let names = move || {
        shown.get();
        let names = app.latest.with_value(|it| {
            it.chart.lines.iter().map(|it| english::clause(&it.name)).collect::<Vec<_>>()
        });
        let last = names.len().saturating_sub(1);
        let now = wanted.get().min(last);
        let options = names.into_iter().enumerate().map(|(at, name)| {
            view! { <option value=at.to_string() selected=at == now>{name}</option> }
        });
        options.collect_view()
    };
    let to_moment = move |event: &PointerEvent| {
        let rect = plots.get_untracked()?.get_bounding_client_rect();
        let part = (f64::from(event.client_x()) - rect.left()) / rect.width().max(1.0);
        let window = untrack(drawn)?.window;
        (0.0..=1.0).contains(&part).then_some(window.0 + part * (window.1 - window.0))
    };
    let go_to = move |at: f64| {
        let clock = app.clock.get_untracked();
        app.playing.set(false);
        app.seek(clock.zero.saturating_add(Nanos::from_seconds(at.max(0.0))).min(clock.latest));
    };
    let keyed = move |event: KeyboardEvent| {
        if event.alt_key() || event.ctrl_key() || event.meta_key() {
            return;
        }
        let clock = app.clock.get_untracked();
        let Some(window) = untrack(drawn).map(|it| it.window) else { return };
        let latest = clock.latest.saturating_sub(clock.zero).as_seconds();
        let at = untrack(moment);
        let at = match event.key().as_str() {
            "ArrowLeft" => at - 1.0,
            "ArrowRight" => at + 1.0,
            "Home" => window.0,
            "End" => latest,
            "Enter" => {
                event.prevent_default();
                return go_to(at);
            }
            _ => return,
        };
        event.prevent_default();
        event.stop_propagation();
        hover.set(Some(at.clamp(window.0, window.1.min(latest).max(window.0))));
    };
    let plot = move || {
        let it = drawn()?;
        let (range, sway) = ((0.0, it.top), (-it.reach, it.reach));
        let main = path(&it.main, it.window, range);
        let area = between(&main, &it.fork, it.window, range);
        let other = path(&it.fork, it.window, range);
        let gap = path(&it.gap, it.window, sway);
        let ground = between(
            &gap,
            &[
                (it.gap.first().map_or(0.0, |it| it.0), 0.0),
                (it.gap.last().map_or(0.0, |it| it.0), 0.0),
            ],
            it.window,
            sway,
        );
        let x = |at: f64| {
            format!("left:{:.2}%", (at - it.window.0) / (it.window.1 - it.window.0) * 100.0)
        };
        let clock = app.clock.get_untracked();
        let parted =
            app.parted.get_untracked().map_or(0.0, |it| (it.0 as f64 - clock.zero.0 as f64) / 1e9);
        let ticks_max = if app.place.with_untracked(|it| it.narrow) { 4.5 } else { 9.0 };
        let step = [5.0, 10.0, 20.0, 30.0]
            .into_iter()
            .find(|step| (it.window.1 - it.window.0) / step < ticks_max)
            .unwrap_or(60.0);
        let first = (it.window.0 / step).ceil() as i64;
        let last = (it.window.1 / step).floor() as i64;
        let ticks = (first..=last)
            .map(|n| n as f64 * step)
            .map(|at| {
                view! { <span style=x(at)>{format!("{at:.0} s")}</span> }
            })
            .collect_view();
        let (top, reach) = (figure(it.unit, it.top / 1.08), figure(it.unit, it.reach / 1.15));
        Some(view! {
            <div class="gap-plot upper">
                <svg viewBox="0 0 1000 100" preserveAspectRatio="none" aria-hidden="true">
                    <path class="area" d=area/><path class="as-is" d=main/><path class="if" d=other/>
                </svg>
                <span class="num scale top">{top}</span><span class="num scale bottom">{figure(it.unit, 0.0)}</span>
            </div>
            <div class="gap-plot lower">
                <svg viewBox="0 0 1000 100" preserveAspectRatio="none" aria-hidden="true">
                    <path class="zero" d="M0 50L1000 50"/><path class="area" d=ground/><path class="gap-line" d=gap/>
                </svg>
                <span class="num scale top">"+" {reach.clone()}</span><span class="num scale bottom">"−" {reach}</span>
            </div>
            <div class="gap-ticks num" aria-hidden="true">{ticks}</div>
            <i class="gap-parted" style=x(parted) title="Here the two futures part."></i>
        })
    };
    let cursor = move || {
        let it = drawn()?;
        let at = moment();
        let part = (at - it.window.0) / (it.window.1 - it.window.0) * 100.0;
        Some(format!("left:{part:.2}%"))
    };
    let words = move || {
        let Some(it) = drawn() else { return String::new() };
        let moment = moment();
        format!(
            "{}: as it is {}, what if {}, gap {}",
            it.name,
            figure(it.unit, at(&it.main, moment)),
            figure(it.unit, at(&it.fork, moment)),
            signed(it.unit, at(&it.gap, moment))
        )
    };
    let tolls = move || {
        shown.get();
        super::toll::table(app, fork)
    };
    view! {
        <section class="chart gap-chart" aria-label="Difference">
            <header>
                <h2>"Difference"</h2>
                <select aria-label="Line" on:change=move |event| {
                    wanted.set(event_target_value(&event).parse().unwrap_or(usize::MAX));
                }>{names}</select>
                <div class="percentiles">{key}</div>
            </header>
            <div class="gap-plots" node_ref=plots role="img" aria-label=words tabindex="0"
                title="Click: go to this moment, in both futures. Arrow keys move the crosshair, Enter goes to its moment."
                on:keydown=keyed
                on:blur=move |_| hover.set(None)
                on:pointermove=move |event| hover.set(to_moment(&event))
                on:pointerleave=move |_| hover.set(None)
                on:pointerdown=move |event| if let Some(at) = to_moment(&event) { go_to(at) }>
                {plot}
                <i class="gap-cursor" style=cursor></i>
            </div>
            {tolls}
        </section>
    }
}
