//! Requests: who is here now, to pick one; and the one that is followed, as a waterfall whose bars
//! lead to their moments.

use leptos::prelude::*;

use crate::app::canvas::dot;
use crate::app::compare;
use crate::app::store::{App, Selected, Tab};
use crate::base::english;
use crate::base::text;
use crate::base::time::Nanos;
use crate::component::Spec;
use crate::engine::event::{Outcome, Request};
use crate::engine::trace::{Kind, Phase};
use crate::session::protocol::{Pick, Place, Trace, TraceBar, Why};

/// Indentation of a bar's name for each level, in pixels.
const INDENT: u16 = 4;
/// Levels beyond are not indented further.
const LEVELS_MAX: u16 = 8;

impl App {
    /// Follows a request that was under way at a moment.
    pub fn follow_request(self, request: u64, near: Nanos) {
        self.let_go();
        self.following.set(Some((request, near)));
    }

    /// Where requests are picked: at a point of the chart, else at what is chosen.
    pub fn picking(self) -> Option<Place> {
        let here = match self.selected.get_untracked()? {
            Selected::Node(id) => Place::Component(id),
            Selected::Wire(id) => Place::Wire(id),
            _ => return None,
        };
        self.pick.get_untracked().or(Some(here))
    }
}

/// The tab.
#[component]
pub fn Requests() -> impl IntoView {
    let app = App::here();
    // A moment that was picked is left with its component, or with this tab.
    on_cleanup(move || {
        let shown = |it: &Place| match (it, app.selected.try_get_untracked().flatten()) {
            (Place::Point { component, .. }, Some(Selected::Node(id))) => {
                *component == id && app.tab.try_get_untracked() == Some(Tab::Requests)
            }
            _ => false,
        };
        let kept = app.pick.try_get_untracked().flatten().filter(shown);
        _ = app.pick.try_set(kept);
    });
    let place = move || match app.pick.get() {
        Some(Place::Point { since, until, .. }) => {
            let zero = app.clock.get_untracked().zero;
            format!("From {} to {}", text::clock(since, zero), text::clock(until, zero))
        }
        _ => "Here now, or a moment ago".to_owned(),
    };
    let picks = move || {
        let picks = app.picks.get();
        if picks.is_empty() {
            return view! { <p class="empty">"No request is here at this moment."</p> }.into_any();
        }
        picks.into_iter().map(|it| view! { <li>{one(app, it)}</li> }).collect_view().into_any()
    };
    view! {
        <section class="requests">
            {move || match app.forked() {
                Some((main, fork)) => compare::request::compared(main, fork),
                None => app.trace.get().map(|it| waterfall(app, it)).into_any(),
            }}
            {dot::of_followed(app)}
            <h3>{place}</h3>
            <button class="o" hidden=move || app.pick.with(Option::is_none)
                on:click=move |_| {
                    app.pick.set(None);
                    app.bridge.update_value(|it| it.look());
                    app.wake();
                }>"Who is here now"</button>
            <ul class="picks">{picks}</ul>
        </section>
    }
}

/// The class of a request, and as HTTP what it asks for: "browse · GET /books/12".
fn class_name(app: App, class: u8, key: u32) -> String {
    let name = app.latest.with_value(|it| it.cast.classes.get(usize::from(class)).cloned());
    let Some(name) = name else { return String::new() };
    let asks = app.desk.with_value(|it| {
        let mut clients = it.shown().components.values().filter_map(|it| match &it.spec {
            Spec::Client(it) => Some(it),
            _ => None,
        });
        let class = clients.find_map(|it| it.classes.iter().find(|it| it.name == name))?;
        let path = class.path.replace("{key}", &key.to_string());
        Some(format!(" · {} {path}", class.method.word()))
    });
    name + &asks.unwrap_or_default()
}

/// How it ended, in a word.
fn ending(outcome: Option<Outcome>) -> (&'static str, &'static str) {
    match outcome {
        None => ("open", "under way"),
        Some(it) if it.is_failure() => ("failed", it.word()),
        Some(Outcome::Miss) => ("miss", "miss"),
        Some(_) => ("well", "answered"),
    }
}

fn one(app: App, pick: Pick) -> impl IntoView {
    let why = match pick.why {
        Why::Slowest => "Slowest",
        Why::Failed => "Failed",
        Why::Stale => "Stale",
        Why::Typical => "Typical",
        Why::Next => "Next",
    };
    let (class, word) = match pick.versions {
        Some(_) => ("stale", "an old value, after a newer one was written (not linearizable)"),
        None => ending(pick.outcome),
    };
    let followed = move || app.following.get().is_some_and(|it| it.0 == pick.request);
    let kind = match (pick.versions, pick.class) {
        (Some((read, newest)), _) => format!("got version {read}, newest {newest}"),
        (None, class) => class.map(|it| class_name(app, it, pick.key)).unwrap_or_default(),
    };
    let words = format!("{kind} · key {}", pick.key);
    view! {
        <button class=format!("pick {class}") aria-pressed=move || followed().to_string()
            title="Follow this request: where it was, and how long."
            on:click=move |_| app.follow_request(pick.request, pick.near)>
            <b>{why}</b>
            <span>{words}</span>
            // Of a stale read only the moment is known.
            <span class="num">{pick.versions.is_none().then(|| text::duration(pick.lasted.0 as f64))}</span>
            <i>{word.replace('_', " ")}</i>
        </button>
    }
}

/// The bars of a request.
fn waterfall(app: App, trace: Trace) -> AnyView {
    let head = move |words: String| {
        view! {
            <header>
                <h3>{words}</h3>
                <button class="close" aria-label="Let go" title="Let go (Esc)"
                    on:click=move |_| app.let_go()>"×"</button>
            </header>
        }
    };
    let Some(first) = trace.bars.first().cloned() else {
        let words = match (trace.missing, trace.searching) {
            (true, _) => "This request is not in what is known of the run.",
            (_, true) => "Looking for this request…",
            _ => "Nothing is known of this request yet.",
        };
        return view! { <div class="waterfall">{head(words.to_owned())}</div> }.into_any();
    };
    let ends = trace.bars.iter().filter_map(|it| it.end).max().unwrap_or(first.start);
    let until = first.end.unwrap_or(ends).max(Nanos(first.start.0 + 1));
    let span = until.saturating_sub(first.start).0 as f64;
    let (_, word) = ending(first.outcome);
    let title = format!(
        "{} · key {} · {} · {}",
        class_name(app, first.class, first.key),
        first.key,
        text::duration(span),
        word.replace('_', " ")
    );
    let told = RwSignal::new(String::new());
    let rows = trace.bars.iter().cloned().map(|it| row(app, it, first.start, span, told));
    view! {
        <div class="waterfall">
            {head(title)}
            <p class="scale num" aria-hidden="true"><span>"0"</span><span>{text::duration(span)}</span></p>
            <ol>{rows.collect_view()}</ol>
            {key(&[&trace])}
            <p class="told" role="status">{move || {
                let told = told.get();
                if told.is_empty() { "Each bar says what happened; a click goes to its moment.".to_owned() } else { told }
            }}</p>
            {trace.cut.then(|| view! { <p class="empty">"It fanned out further than is shown."</p> })}
        </div>
    }
    .into_any()
}

/// Classes of bars, and what they stand for.
const KEY: [(&str, &str); 6] = [
    ("job", "whole"),
    ("queue", "waiting"),
    ("work", "work"),
    ("way", "network"),
    ("retry", "tried again"),
    ("failed", "failed"),
];

/// What a bar is called, and the class that draws it.
fn kind(bar: &TraceBar) -> (&'static str, &'static str) {
    match bar.kind {
        Kind::Job => ("job", "at"),
        Kind::Phase(Phase::Queue) => ("queue", "queue"),
        Kind::Phase(Phase::Work) => ("work", "work"),
        Kind::Phase(Phase::Own) => ("work", "own"),
        Kind::Phase(Phase::Backoff) => ("queue", "pause"),
        Kind::Phase(Phase::Connection) => ("queue", "waits for a connection"),
        Kind::Call if bar.attempt >= Request::HEDGE => ("retry", "hedge"),
        Kind::Call if bar.attempt > 0 => ("retry", "retry"),
        Kind::Call => ("call", "call"),
        Kind::Forth => ("way", "way there"),
        Kind::Back => ("way", "way back"),
    }
}

/// What the bars of a waterfall stand for: those kinds that it has.
pub fn key(traces: &[&Trace]) -> impl IntoView + use<> {
    let mut there = [false; KEY.len()];
    for bar in traces.iter().flat_map(|it| &it.bars) {
        let failed = bar.outcome.is_some_and(Outcome::is_failure);
        let class = if failed { "failed" } else { kind(bar).0 };
        // A call lasts as the job of whom it calls does: one line.
        let class = if class == "call" { "job" } else { class };
        if let Some(at) = KEY.iter().position(|it| it.0 == class) {
            there[at] = true;
        }
    }
    let shown = KEY.into_iter().zip(there).filter(|it| it.1);
    let one = |((class, words), _)| {
        view! { <span class=format!("bar {class}")><i><u style="left:0;width:100%"></u></i>{words}</span> }
    };
    view! { <p class="bar-key">{shown.map(one).collect_view()}</p> }
}

/// A bar of a waterfall that begins at `from` and is `span` ns wide.
pub fn row(
    app: App,
    bar: TraceBar,
    from: Nanos,
    span: f64,
    told: RwSignal<String>,
) -> impl IntoView {
    let component =
        app.latest.with_value(|it| it.cast.components.get(bar.component as usize).cloned());
    let label = app.desk.with_value(|it| {
        let record = component.as_ref().and_then(|id| it.shown().components.get(id));
        record.map_or_else(|| component.clone().unwrap_or_default(), |it| it.label.clone())
    });
    let (class, word) = kind(&bar);
    let end = bar.end.map_or(span, |it| it.saturating_sub(from).0 as f64);
    let start = bar.start.saturating_sub(from).0 as f64;
    let (left, width) = (start / span * 100.0, ((end - start) / span * 100.0).max(0.4));
    let failed = bar.outcome.is_some_and(Outcome::is_failure);
    let name = match bar.kind {
        Kind::Job => label,
        Kind::Call if bar.attempt == 0 => format!("→ {label}"),
        Kind::Call => format!("{word} → {label}"),
        _ => word.to_owned(),
    };
    let sentence = english::sentence(std::slice::from_ref(&bar.text));
    let long = bar.end.map_or_else(|| "…".to_owned(), |_| text::duration(end - start));
    let indent = bar.depth.min(LEVELS_MAX) * INDENT;
    let (words, again) = (sentence.clone(), sentence.clone());
    view! {
        <li>
            <button class=format!("bar {class}") class:failed=failed class:critical=bar.critical
                title=sentence
                on:focus=move |_| told.set(words.clone())
                on:pointerenter=move |_| told.set(again.clone())
                on:click=move |_| {
                    app.playing.set(false);
                    app.seek(bar.start);
                }>
                <span style=format!("padding-left:{indent}px")>{name}</span>
                <i><u style=format!("left:{left:.3}%;width:{width:.3}%")></u></i>
                <b class="num">{long}</b>
            </button>
        </li>
    }
}
