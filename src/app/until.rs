//! Run until…: what to stop at, by a form in the bar of time; where it has stopped, and that event
//! again in slow motion.

use leptos::html;
use leptos::prelude::*;

use crate::base::text;
use crate::base::time::Nanos;
use crate::base::typed::spaced;
use crate::component::Role;
use crate::document::Id;
use crate::engine::event::Outcome;
use crate::session::protocol::{Breakpoint, Claim, Command, Measure};

use super::canvas::overlay::message_speed;
use super::form;
use super::inspector::shape::Problem;
use super::store::App;

/// Simulated seconds per second while a breakpoint is looked for: as fast as it goes.
pub const FAST: f64 = 100.0;
/// Seconds on screen shown before and after an event in slow motion.
const AROUND: f64 = 1.5;

/// What can be waited for.
const KINDS: [(&str, &str); 14] = [
    ("fails", "a request fails"),
    ("calls", "a call over a wire fails"),
    ("again", "a call over a wire is tried again"),
    ("violated", "a claim is violated"),
    ("crosses", "a figure passes a value"),
    ("arrives", "a call arrives"),
    ("answers", "a call is answered"),
    ("counts", "something inside happens"),
    ("dies", "a member goes down"),
    ("returns", "a member comes up"),
    ("leads", "a member is elected"),
    ("swallowed", "a cut swallows a message"),
    ("done", "a fault or an edit comes"),
    ("at", "a moment"),
];

/// Figures that every component has: what they are called and what their values are.
const MEASURES: [(Measure, &str, &str); 10] = [
    (Measure::P99, "p99", "ms"),
    (Measure::P95, "p95", "ms"),
    (Measure::P50, "p50", "ms"),
    (Measure::Waiting, "requests waiting", ""),
    (Measure::Present, "requests inside", ""),
    (Measure::Busy, "workers at work", "%"),
    (Measure::Failed, "failures", "/s"),
    (Measure::Offered, "requests arriving", "/s"),
    (Measure::Goodput, "goodput", "/s"),
    (Measure::Imbalance, "imbalance of members", "times"),
];

/// Whether something is waited for at wires, and not at components.
fn is_over_wires(kind: &str) -> bool {
    matches!(kind, "calls" | "again")
}

/// What a number in the form's unit is in the session's.
fn scale(unit: &str) -> f64 {
    match unit {
        "ms" => 1e6,
        "%" => 0.01,
        _ => 1.0,
    }
}

/// The figures of a component: those of all, and its kind's own.
fn measures(app: App, id: &str) -> Vec<(Measure, String, &'static str)> {
    let own = app.desk.with_value(|it| {
        let record = it.shown().components.get(id);
        record.map(|it| (it.spec.about(), it.spec.members()))
    });
    // One member alone is in no imbalance.
    let alone = own.as_ref().is_some_and(|it| it.1 < 2);
    let offered = MEASURES.iter().filter(|it| !(alone && it.0 == Measure::Imbalance));
    let mut all: Vec<_> = offered.map(|it| (it.0, it.1.to_owned(), it.2)).collect();
    let Some((about, _)) = own else { return all };
    let words = |name: &str| name.trim_end_matches("_ns").replace('_', " ");
    for (at, it) in about.ratios.iter().enumerate() {
        all.push((Measure::Ratio(at as u8), words(it.name), "%"));
    }
    for (at, it) in about.gauges.iter().enumerate() {
        let unit = if it.name.ends_with("_ns") { "ms" } else { "" };
        all.push((Measure::Gauge(at as u8), words(it.name), unit));
    }
    all
}

/// Ways in which a call can fail.
fn failures() -> impl Iterator<Item = Outcome> {
    Outcome::ALL.into_iter().filter(|it| it.is_failure())
}

/// What a component's kind counts, in words.
fn counters(app: App, id: &str) -> Vec<String> {
    let own = app.desk.with_value(|it| it.shown().components.get(id).map(|it| it.spec.about()));
    own.map_or_else(Vec::new, |it| it.counters.iter().map(|it| it.replace('_', " ")).collect())
}

impl App {
    /// Runs as fast as it goes until something happens.
    pub fn run_until(self, what: Breakpoint, words: String) {
        let app = self.focused();
        self.hit.set(None);
        self.send(Command::StopAt(app.branch, Some(what)));
        self.awaited.set(Some(words));
        self.playing.set(true);
        self.wake();
    }

    /// Whether it runs until something happens, or in slow motion until something has been shown.
    pub fn is_waiting(self) -> bool {
        self.awaited.with_untracked(Option::is_some) || self.slowly.get_untracked()
    }

    /// Waits no longer.
    pub fn wait_no_more(self) {
        if self.is_waiting() {
            self.slowly.set(false);
            self.awaited.set(None);
            self.playing.set(false);
            self.send(Command::StopAt(self.branch, None));
        }
    }

    /// Shows an event in slow motion: from a little before to a little after.
    pub fn watch_slowly(self, at: Nanos) {
        let speed = self.latest.with_value(|it| message_speed(&it.figures)).unwrap_or(0.01);
        let around = Nanos::from_seconds(AROUND * speed);
        let from = at.saturating_sub(around);
        self.seek(from);
        let to = Breakpoint::At(at.saturating_add(around));
        self.send(Command::StopAt(self.branch, Some(to)));
        self.awaited.set(None);
        self.slowly.set(true);
        self.playing.set(true);
        self.wake();
    }
}

/// The button and what it opens; what is waited for; where it has stopped.
pub fn until(app: App) -> AnyView {
    let open = app.asks;
    let button = NodeRef::<html::Button>::new();
    let close = form::closing(open, button);
    view! {
        <span class="until">
            <button class="o" node_ref=button aria-label="Run until…" aria-haspopup="dialog" aria-expanded=move || open.get().to_string()
                title="Run until something happens, and stop at that very event (U)"
                on:click=move |_| open.update(|it| *it = !*it)><span><span class="spare">"Run "</span>"until…"</span></button>
            {move || open.get().then(|| view! { <Form close/> })}
        </span>
        <State/>
    }
    .into_any()
}

#[component]
fn State() -> impl IntoView {
    let app = App::here();
    let waits = move || {
        app.awaited.get().map(|words| {
            view! {
                <div class="until-state chip" role="status">
                    <span>"Running until " {words}</span>
                    <button class="o" on:click=move |_| app.wait_no_more()>"Stop"</button>
                </div>
            }
        })
    };
    let hit = move || {
        let (words, hit) = app.hit.get()?;
        let words = hit.claim.map_or(words, |it| it.violation().to_owned());
        let zero = app.clock.with_untracked(|it| it.zero);
        let at = text::clock(hit.at, zero);
        let (request, near) = (hit.request, hit.at);
        let label = hit.component.clone().map(|id| app.label(&id));
        Some(view! {
            <div class="until-state chip" role="status">
                <span>"Stopped at " <b class="num">{at}</b> ", event " <span class="num">{text::count(hit.ordinal)}</span>
                    ": " {words} {label.map(|it| format!(" ({it})"))}</span>
                {request.filter(|it| *it != 0).map(|request| view! {
                    <button class="o" title="Follow the request it concerns"
                        on:click=move |_| app.follow_there(request, near)>"Request"</button>
                })}
                <button class="o" title="From a little before to a little after, so slowly that single messages are seen"
                    on:click=move |_| app.watch_slowly(near)>"In slow motion"</button>
                <button class="close" aria-label="Dismiss" on:click=move |_| app.hit.set(None)>"×"</button>
            </div>
        })
    };
    view! { {waits}{hit} }
}

impl App {
    /// What people call a component.
    pub fn label(self, id: &str) -> String {
        let label =
            self.desk.with_value(|it| it.shown().components.get(id).map(|it| it.label.clone()));
        label.unwrap_or_else(|| id.to_owned())
    }

    /// Follows a request, and shows it.
    fn follow_there(self, request: u64, near: Nanos) {
        use super::store::{Selected, Tab};
        let place = self.hit.get_untracked().and_then(|it| it.1.component);
        let shown = self.selected.get_untracked().is_some();
        if let Some(id) = place.filter(|_| !shown) {
            self.select(Some(Selected::Node(id)));
        }
        self.tab.set(Tab::Requests);
        self.focused().follow_request(request, near);
    }
}

#[component]
fn Form(close: Callback<()>) -> impl IntoView {
    let app = App::here();
    let first = NodeRef::<html::Select>::new();
    Effect::new(move |_| {
        if let Some(it) = first.get() {
            _ = it.focus();
        }
    });
    let ids: Vec<(Id, String, bool)> = app.desk.with_value(|it| {
        let one = |(id, it): (&Id, &crate::document::ComponentRecord)| {
            (id.clone(), it.label.clone(), it.spec.about().role == Role::Source)
        };
        it.shown().components.iter().map(one).collect()
    });
    let chosen = match app.selected.get_untracked() {
        Some(super::store::Selected::Node(id)) => Some(id),
        _ => ids.iter().find(|it| it.2).map(|it| it.0.clone()),
    };
    let kind = RwSignal::new("fails".to_owned());
    let place = RwSignal::new(String::new());
    let figure = RwSignal::new(0usize);
    let above = RwSignal::new(true);
    let value = RwSignal::new(String::from("100"));
    let class = RwSignal::new(String::new());
    // Which claim, which way of failing, which of the things a kind counts: none for any.
    let which = RwSignal::new(None::<usize>);
    let problem = RwSignal::new(None::<String>);
    let needs_place =
        move || matches!(kind.get().as_str(), "crosses" | "arrives" | "answers" | "counts");
    let fallback = StoredValue::new(chosen.unwrap_or_default());
    let component = move || {
        let it = place.get();
        if it.is_empty() && needs_place() { fallback.get_value() } else { it }
    };
    let wires: Vec<(Id, String)> = app.desk.with_value(|it| {
        let name = |(id, it): (&Id, &crate::document::WireRecord)| {
            (id.clone(), format!("{} → {}", app.label(&it.from), app.label(&it.to)))
        };
        it.shown().wires.iter().map(name).collect()
    });
    let over_wires = move || is_over_wires(&kind.get());
    let options = {
        let (ids, wires) = (ids.clone(), wires.clone());
        move || {
            if over_wires() {
                let now = place.get();
                let each = wires.iter().map(|it| {
                    view! { <option value=it.0.clone() selected=it.0 == now>{it.1.clone()}</option> }
                });
                return view! { <option value="">"over any wire"</option>{each.collect_view()} }
                    .into_any();
            }
            let any = (!needs_place() && kind.get() != "at").then(|| {
                let word = if kind.get() == "fails" { "any client" } else { "anywhere" };
                view! { <option value="">{word}</option> }
            });
            let now = component();
            let each = ids.iter().map(|it| {
                view! { <option value=it.0.clone() selected=it.0 == now>{it.1.clone()}</option> }
            });
            view! { {any}{each.collect_view()} }.into_any()
        }
    };
    let figures = move || {
        let now = figure.get();
        let all = measures(app, &component()).into_iter().enumerate();
        all.map(
            |(at, it)| view! { <option value=at.to_string() selected=at == now>{it.1}</option> },
        )
        .collect_view()
    };
    let unit =
        move || measures(app, &component()).get(figure.get()).map(|it| it.2).unwrap_or_default();
    let classes = app.latest.with_value(|it| it.cast.classes.clone());
    let show = move |which: &'static str| kind.get() == which;
    let choices = move || {
        let all = |any: &str, all: Vec<String>| -> Vec<(Option<usize>, String)> {
            let any = (!any.is_empty()).then(|| (None, any.to_owned()));
            any.into_iter()
                .chain(all.into_iter().enumerate().map(|it| (Some(it.0), it.1)))
                .collect()
        };
        match kind.get().as_str() {
            "fails" | "calls" => {
                all("in any way", failures().map(|it| it.word().replace('_', " ")).collect())
            }
            "violated" => {
                let words = |it: Claim| match it {
                    Claim::Fresh => {
                        format!("{} after a finished write (not linearizable)", it.violation())
                    }
                    it => it.violation().to_owned(),
                };
                all("any of them", Claim::ALL.into_iter().map(words).collect())
            }
            "counts" => all("", counters(app, &component())),
            _ => Vec::new(),
        }
    };
    let submit = move || {
        let id = component();
        let whom = (!id.is_empty()).then(|| id.clone());
        let label = if id.is_empty() { String::new() } else { format!(" at {}", app.label(&id)) };
        let over = wires.iter().find(|it| it.0 == id);
        let over = over.map_or_else(|| " over a wire".to_owned(), |it| format!(" from {}", it.1));
        let how = which.get().and_then(|at| failures().nth(at));
        let in_words = how.map(|it| format!(" ({})", it.word().replace('_', " ")));
        let in_words = in_words.unwrap_or_default();
        let number =
            value.get().trim().replace(',', ".").parse::<f64>().ok().filter(|it| it.is_finite());
        let made = match kind.get().as_str() {
            "at" => {
                let zero = app.clock.with_untracked(|it| it.zero);
                let now = app.clock.with_untracked(|it| it.now);
                match number.map(|it| zero.saturating_add(Nanos::from_seconds(it.max(0.0)))) {
                    Some(at) if at > now => {
                        Ok((Breakpoint::At(at), format!("{} s", value.get().trim())))
                    }
                    Some(_) => {
                        Err("Moment: that has passed; choose a later second, or drag the scrubber"
                            .to_owned())
                    }
                    None => Err("Moment: a number of seconds, such as 42.5".to_owned()),
                }
            }
            "crosses" => match (number, measures(app, &id).get(figure.get()).cloned()) {
                (Some(number), Some((figure, name, unit))) => {
                    let above = above.get();
                    let way = if above { "above" } else { "below" };
                    let than = spaced(&format!("{number}{unit}"));
                    let words = format!("{name}{label} {way} {than}");
                    let value = number * scale(unit);
                    Ok((Breakpoint::Crosses { component: id, figure, above, value }, words))
                }
                _ => Err("Value: a number, such as 100".to_owned()),
            },
            "dies" => Ok((Breakpoint::Dies(whom), format!("a member goes down{label}"))),
            it @ ("arrives" | "answers") => {
                let name = class.get();
                let of = if name.is_empty() { String::new() } else { format!(" of class {name}") };
                let class = (!name.is_empty()).then_some(name);
                Ok(match it {
                    "arrives" => {
                        (Breakpoint::Arrives(id, class), format!("a call{of} arrives{label}"))
                    }
                    _ => (Breakpoint::Answers(id, class), format!("a call{of} is answered{label}")),
                })
            }
            "counts" => {
                match which.get().and_then(|at| Some((at, counters(app, &id).get(at)?.clone()))) {
                    Some((at, name)) => {
                        Ok((Breakpoint::Counts(id, at as u8), format!("{name}{label}")))
                    }
                    None => {
                        Err("What: nothing inside this component is counted; choose another"
                            .to_owned())
                    }
                }
            }
            "leads" => Ok((Breakpoint::Leads(whom), format!("a member is elected{label}"))),
            "returns" => Ok((Breakpoint::Returns(whom), format!("a member comes up{label}"))),
            "swallowed" => {
                Ok((Breakpoint::Swallowed(whom), format!("a cut swallows a message{label}")))
            }
            "violated" => {
                let claim = which.get().and_then(|at| Claim::ALL.get(at)).copied();
                let words = claim.map_or("a claim is violated", Claim::violation);
                Ok((Breakpoint::Violated(claim, whom), format!("{words}{label}")))
            }
            "calls" => {
                Ok((Breakpoint::CallFails(whom, how), format!("a call{over} fails{in_words}")))
            }
            "again" => Ok((Breakpoint::Retries(whom), format!("a call{over} is tried again"))),
            "done" => Ok((Breakpoint::Disturbed, "a fault or an edit comes".to_owned())),
            _ => Ok((Breakpoint::Fails(whom, how), format!("a request fails{label}{in_words}"))),
        };
        match made {
            Ok((what, words)) => {
                close.run(());
                app.run_until(what, words);
            }
            Err(words) => problem.set(Some(words)),
        }
    };
    let unit = Signal::derive(move || if show("at") { "s" } else { unit() });
    view! {
        <form::Dialog name="Run until" close submit=Callback::new(move |()| submit())>
            <label>"Run until"
                <select node_ref=first on:change=move |event| {
                    problem.set(None);
                    let before = over_wires();
                    kind.set(event_target_value(&event));
                    if before != over_wires() {
                        place.set(String::new());
                    }
                    which.set((kind.get_untracked() == "counts").then_some(0));
                }>
                    {KINDS.iter().map(|it| view! { <option value=it.0>{it.1}</option> }).collect_view()}
                </select>
            </label>
            <label hidden=move || show("at") || show("done")>"Where"
                <select on:change=move |event| {
                    figure.set(0);
                    which.update(|it| *it = it.filter(|_| !show("counts")).or(show("counts").then_some(0)));
                    place.set(event_target_value(&event));
                }>{options}</select>
            </label>
            <div class="until-row" hidden=move || !show("crosses")>
                <label>"Figure"<select on:change=move |event| figure.set(event_target_value(&event).parse().unwrap_or(0))>{figures}</select></label>
                <label>"Passes"<select on:change=move |event| above.set(event_target_value(&event) == "above")>
                    <option value="above">"upwards"</option><option value="below">"downwards"</option>
                </select></label>
            </div>
            <label hidden=move || choices().is_empty()>{move || if show("fails") || show("calls") { "How" } else { "What" }}
                <select on:change=move |event| which.set(event_target_value(&event).parse().ok())>{move || {
                    let now = which.get();
                    let one = |(at, it): (Option<usize>, String)| {
                        let value = at.map(|it| it.to_string()).unwrap_or_default();
                        view! { <option value=value selected=at == now>{it}</option> }
                    };
                    choices().into_iter().map(one).collect_view()
                }}</select>
            </label>
            <label hidden=move || !show("arrives") && !show("answers")>"Class"
                <select on:change=move |event| class.set(event_target_value(&event))>
                    <option value="">"any"</option>
                    {classes.into_iter().map(|it| { let name = it.clone(); view! { <option value=it>{name}</option> } }).collect_view()}
                </select>
            </label>
            <label hidden=move || !show("crosses") && !show("at")>{move || if show("at") { "Moment" } else { "Value" }}
                <form::Number typed=value unit/>
            </label>
            <Problem problem/>
            <p class="help">"Runs as fast as it can, and stops after the very event at which it first holds."</p>
            <div class="until-row">
                <button class="p" type="submit">"Run"</button>
                <form::Close close/>
            </div>
        </form::Dialog>
    }
}
