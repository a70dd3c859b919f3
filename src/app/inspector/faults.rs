//! What else can go wrong with a component, a member or a wire: a menu beside the usual actions. Each
//! item is switched on, and off again; its numbers stand beside it.

use leptos::prelude::*;

use crate::base::time::{Nanos, Offset};
use crate::component::Role;
use crate::engine::fault::{Fault, Scope, Ways};
use crate::session::protocol::{Input, Stamped};

use super::super::canvas::actions::SLOW;
use super::super::store::App;
use super::amounts::Amounts;

/// The key that a hot key fault is about at first: the most popular one anyway, where some are.
const HOT_KEY: u32 = 0;

/// One item: its words, what they mean, and the fault with the numbers it has at first.
type Item = (&'static str, &'static str, Fault);

/// What can befall messages anywhere.
fn on_messages(on: &Scope) -> [Item; 2] {
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
    ]
}

/// What can befall a component or one of its members.
fn on_members(on: &Scope, caches: bool) -> Vec<Item> {
    let Scope::Target(target) = on else { return Vec::new() };
    let target = || target.clone();
    let skew = |offset| Fault::Skew { target: target(), offset: Offset(offset) };
    let ten = Nanos::seconds(10).0 as i64;
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
            "Clock ahead",
            "Its own clock is wrong from now on: what goes by it grows old too soon (clock skew).",
            skew(ten),
        ),
        (
            "Clock behind",
            "Its own clock is wrong from now on: what goes by it is kept too long (clock skew).",
            skew(-ten),
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

/// What ends a fault; none for what is over at once.
fn end(fault: &Fault) -> Option<Fault> {
    let mut end = fault.clone();
    match &mut end {
        Fault::Slow { factor, .. } | Fault::Spike { factor, .. } => *factor = 1.0,
        Fault::Gray { share, .. } | Fault::Loss { share, .. } | Fault::HotKey { share, .. } => {
            *share = 0.0;
        }
        Fault::Skew { offset, .. } => *offset = Offset(0),
        Fault::Delay { by, .. } => *by = Nanos::ZERO,
        Fault::CutWire { wire, .. } => end = Fault::MendWire { wire: wire.clone() },
        _ => return None,
    }
    Some(end)
}

/// Whether two faults are about the same thing: the later one replaces the earlier.
fn replaces(later: &Fault, earlier: &Fault) -> bool {
    match (later, earlier) {
        (Fault::Gray { target: a, .. }, Fault::Gray { target: b, .. })
        | (Fault::Slow { target: a, .. }, Fault::Slow { target: b, .. })
        | (Fault::Skew { target: a, .. }, Fault::Skew { target: b, .. })
        | (Fault::Spike { target: a, .. }, Fault::Spike { target: b, .. })
        | (Fault::HotKey { target: a, .. }, Fault::HotKey { target: b, .. }) => {
            a == b || a.member.is_none() && a.component == b.component
        }
        (Fault::Loss { on: a, .. }, Fault::Loss { on: b, .. })
        | (Fault::Delay { on: a, .. }, Fault::Delay { on: b, .. }) => a == b,
        (
            Fault::CutWire { wire: a, .. } | Fault::MendWire { wire: a },
            Fault::CutWire { wire: b, .. },
        ) => a == b,
        _ => false,
    }
}

/// An item's fault with the numbers in force: of the last one about the same thing, or about all of which
/// that is a part, if it differs from the item's in its numbers only.
fn held(last: &Fault, item: &Fault) -> Option<Fault> {
    let same = match (last, item) {
        (Fault::Skew { offset: a, .. }, Fault::Skew { offset: b, .. }) => (a.0 > 0) == (b.0 > 0),
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

/// What is in force of those that an item may stand for.
fn in_force(inputs: &[Stamped], item: &Fault) -> Option<Fault> {
    let faults = inputs.iter().rev().filter_map(|it| match &it.input {
        Input::Fault(it) => Some(it),
        _ => None,
    });
    faults.into_iter().find(|it| replaces(it, item)).and_then(|it| held(it, item))
}

/// One item of a menu.
#[component]
fn One(
    /// What it is.
    item: Item,
    /// What is wrong with a number.
    problem: RwSignal<Option<String>>,
) -> impl IntoView {
    let app = App::here();
    let (words, meaning, first) = item;
    let end = end(&first);
    let behind = match &first {
        Fault::Skew { offset, .. } => Some(offset.0 < 0),
        _ => None,
    };
    let lasts = end.is_some();
    let on = {
        let first = first.clone();
        Memo::new(move |_| {
            let now = in_force(&app.deeds(), &first);
            let says = |it: &Fault| replaces(it, &first).then(|| held(it, &first));
            if lasts { app.meant(now, says) } else { None }
        })
    };
    // With the numbers in force, or else those chosen last.
    let chosen = RwSignal::new(first);
    let fault = Signal::derive(move || on.get().unwrap_or_else(|| chosen.get()));
    let act = move |_| {
        let end = end.clone().filter(|_| on.with_untracked(Option::is_some));
        app.fault(end.unwrap_or_else(|| fault.get_untracked()));
    };
    let change = Callback::new(move |mut it: Fault| {
        // Ahead stays ahead, and behind behind, whatever sign is typed.
        if let (Fault::Skew { offset, .. }, Some(behind)) = (&mut it, behind) {
            let by = offset.0.saturating_abs();
            *offset = Offset(if behind { -by } else { by });
        }
        if on.with_untracked(Option::is_some) {
            app.fault(it.clone());
        }
        if it.lasts() {
            chosen.set(it);
        }
    });
    view! {
        <div class="fault">
            <button title=meaning aria-pressed=move || lasts.then(|| on.with(Option::is_some).to_string())
                on:click=act>{words}</button>
            <Amounts fault words=words.to_owned() change problem/>
        </div>
    }
}

/// The menu.
#[component]
pub fn Menu(on: Scope, #[prop(optional)] role: Option<Role>) -> impl IntoView {
    let mut items = on_members(&on, role == Some(Role::Cache));
    if role == Some(Role::Source) {
        items.splice(0..0, on_clients(&on));
    }
    items.extend(on_wire(&on));
    items.extend(on_messages(&on));
    let problem = RwSignal::new(None::<String>);
    view! {
        <details class="faults">
            <summary title="What else can go wrong here" aria-label="More faults">"More…"</summary>
            <div>
                {items.into_iter().map(|item| view! { <One item problem/> }).collect_view()}
                <p class="problem" role="alert" hidden=move || problem.with(Option::is_none)>{move || problem.get()}</p>
            </div>
        </details>
    }
}
