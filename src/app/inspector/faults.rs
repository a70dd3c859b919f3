//! What else can go wrong with a component, a member or a wire: a menu beside the usual actions. Each
//! item is switched on, and off again; its numbers stand beside it.

use leptos::prelude::*;

use crate::base::time::{Nanos, Offset};
use crate::component::Role;
use crate::engine::fault::{Fault, Scope, Ways};
use crate::session::protocol::Stamped;

use super::super::canvas::actions::SLOW;
use super::super::form::Folded;
use super::super::script::last_said;
use super::super::store::App;
use super::amounts::Amounts;

/// The key that a hot key fault is about at first: the most popular one anyway, where some are.
const HOT_KEY: u32 = 0;

/// One item: its words, what they mean, and the fault with the numbers it has at first.
type Item = (&'static str, &'static str, Fault);

/// What can befall messages anywhere.
fn on_messages(on: &Scope) -> [Item; 4] {
    [
        (
            "Lose messages",
            "So many of them are sent again after 200 ms or more, as TCP does (loss).",
            Fault::Loss { on: on.clone(), share: 0.05 },
        ),
        (
            "Delay messages",
            "Each message takes so much longer, one way (latency spike).",
            Fault::Delay { on: on.clone(), by: Nanos::millis(100) },
        ),
        (
            "Drop the next",
            "The next message there never arrives, and nobody is told.",
            Fault::DropNext { on: on.clone() },
        ),
        (
            "Delay the next",
            "The next message there takes so much longer; those behind it do not.",
            Fault::DelayNext { on: on.clone(), by: Nanos::millis(500) },
        ),
    ]
}

/// What can befall a component or one of its members.
fn on_members(on: &Scope, caches: bool) -> Vec<Item> {
    let Scope::Target(target) = on else { return Vec::new() };
    let target = || target.clone();
    let mut items = vec![
        (
            "Slow",
            "All work there takes so many times as long.",
            Fault::Slow { target: target(), factor: SLOW },
        ),
        (
            "Slow for some",
            "So many of the requests take so many times as long; the others, and health checks, notice \
             nothing (gray failure).",
            Fault::Gray { target: target(), share: 0.3, factor: 20.0 },
        ),
        (
            "Clock wrong",
            "Its own clock is so far ahead from now on, or behind if the number is negative: what goes by it \
             grows old too soon, or is kept too long (clock skew).",
            Fault::Skew { target: target(), offset: Offset(Nanos::seconds(10).0 as i64) },
        ),
    ];
    if caches {
        items.push((
            "Empty",
            "Everything it holds is gone; it goes on (cache flush).",
            Fault::Flush(target()),
        ));
    }
    if target().member.is_some() {
        items.push((
            "Restart",
            "It dies and starts afresh at once: what was in its memory and in its hands is lost.",
            Fault::Restart(target()),
        ));
    }
    items
}

/// What clients can do.
fn on_clients(on: &Scope) -> Vec<Item> {
    let Scope::Target(target) = on else { return Vec::new() };
    vec![
        (
            "More traffic",
            "So many times as many requests come in, until it is taken back (traffic spike).",
            Fault::Spike { target: target.clone(), factor: 5.0 },
        ),
        (
            "Hot key",
            "So many of the requests are about this one key, whatever keys are asked for else.",
            Fault::HotKey { target: target.clone(), key: HOT_KEY, share: 0.5 },
        ),
    ]
}

/// What can befall a wire.
fn on_wire(on: &Scope) -> Vec<Item> {
    let Scope::Wire(wire) = on else { return Vec::new() };
    let cut = |ways| Fault::CutWire { wire: wire.clone(), ways };
    vec![
        (
            "Cut the way there",
            "Calls are lost; answers on their way arrive (one-way cut).",
            cut(Ways::Forth),
        ),
        (
            "Cut the way back",
            "Calls arrive and are served; answers are lost (one-way cut).",
            cut(Ways::Back),
        ),
    ]
}

/// An item's fault with the numbers in force: of the last one about the same thing, or about all of which
/// that is a part, if it differs from the item's in its numbers only.
fn held(last: &Fault, item: &Fault) -> Option<Fault> {
    let same = match (last, item) {
        (Fault::CutWire { ways: a, .. }, Fault::CutWire { ways: b, .. }) => a == b,
        _ => true,
    };
    let mut now = last.clone();
    match (&mut now, item) {
        (Fault::Gray { target: it, .. }, Fault::Gray { target, .. })
        | (Fault::Slow { target: it, .. }, Fault::Slow { target, .. })
        | (Fault::Skew { target: it, .. }, Fault::Skew { target, .. })
        | (Fault::Spike { target: it, .. }, Fault::Spike { target, .. })
        | (Fault::HotKey { target: it, .. }, Fault::HotKey { target, .. }) => {
            it.clone_from(target);
        }
        _ => {}
    }
    (same && last.lasts()).then_some(now)
}

/// One item of a menu.
#[component]
fn One(
    /// What it is.
    item: Item,
    /// It, with the numbers chosen last.
    chosen: RwSignal<Fault>,
    /// What was done to the run.
    done: Memo<Vec<Stamped>>,
    /// Whom it befalls, where others stand beside it.
    whom: Option<String>,
    /// What is wrong with a number.
    problem: RwSignal<Option<String>>,
) -> impl IntoView {
    let app = App::here();
    let (words, meaning, first) = item;
    let end = first.end();
    let lasts = end.is_some();
    let on = Memo::new(move |_| {
        let says = |it: &Fault| it.replaces(&first).then(|| held(it, &first));
        done.with(|it| last_said(it, says)).flatten()
    });
    // With the numbers in force, or else those chosen last.
    let fault = Signal::derive(move || on.get().unwrap_or_else(|| chosen.get()));
    let act = move |_| {
        let end = end.clone().filter(|_| on.with_untracked(Option::is_some));
        app.fault(end.unwrap_or_else(|| fault.get_untracked()));
    };
    let change = Callback::new(move |it: Fault| {
        if on.with_untracked(Option::is_some) {
            app.fault(it.clone());
        }
        if it.lasts() {
            chosen.set(it);
        }
    });
    let name = whom.map(|it| format!("{words}, {it}"));
    let called = name.clone().unwrap_or_else(|| words.to_owned());
    view! {
        <div class="fault">
            <button title=meaning aria-label=name aria-pressed=move || lasts.then(|| on.with(Option::is_some).to_string())
                on:click=act>{words}</button>
            <Amounts fault words=called change problem/>
        </div>
    }
}

/// The menu.
#[component]
pub fn Menu(
    /// Where.
    on: Scope,
    /// What a component is for.
    #[prop(optional)]
    role: Option<Role>,
    /// Which member, where others have a menu beside it.
    #[prop(optional, into)]
    whom: Option<String>,
) -> impl IntoView {
    let mut items = on_members(&on, role == Some(Role::Cache));
    if role == Some(Role::Source) {
        items.splice(0..0, on_clients(&on));
    }
    items.extend(on_wire(&on));
    items.extend(on_messages(&on));
    // What was typed outlives the menu's being folded.
    let with_numbers = |it: Item| (RwSignal::new(it.2.clone()), it);
    let items = StoredValue::new(items.into_iter().map(with_numbers).collect::<Vec<_>>());
    let label = whom.as_ref().map_or("More faults".to_owned(), |it| format!("More faults, {it}"));
    view! {
        <Folded class="faults" words="More…" title="What else can go wrong here" label>
            {
                let app = App::here();
                let problem = RwSignal::new(None::<String>);
                let done = Memo::new(move |_| app.done());
                let one = |(chosen, item)| {
                    let whom = whom.clone();
                    view! { <One item chosen done whom problem/> }
                };
                view! {
                    <div>
                        {items.get_value().into_iter().map(one).collect_view()}
                        <p class="problem" role="alert" hidden=move || problem.with(Option::is_none)>{move || problem.get()}</p>
                    </div>
                }
            }
        </Folded>
    }
}
