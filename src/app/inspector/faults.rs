//! What else can go wrong with a component, a member or a wire: a menu beside the usual actions. Each
//! item is switched on, and off again.

use leptos::prelude::*;

use crate::base::time::{Nanos, Offset};
use crate::component::Role;
use crate::engine::fault::{Fault, Scope, Ways};
use crate::session::protocol::{Input, Stamped};

use super::super::store::App;

/// The key that a hot key fault is about: the most popular one anyway, where some are.
const HOT_KEY: u32 = 0;

/// One item: its words, what they mean, the fault, and what ends it; a fault without an end is over
/// at once.
type Item = (&'static str, &'static str, Fault, Option<Fault>);

/// What can befall messages anywhere.
fn on_messages(on: &Scope) -> [Item; 2] {
    let loss = |share| Fault::Loss { on: on.clone(), share };
    let delay = |by| Fault::Delay { on: on.clone(), by };
    [
        (
            "Lose 5 % of messages",
            "They are sent again after 200 ms or more, as TCP does (loss).",
            loss(0.05),
            Some(loss(0.0)),
        ),
        (
            "Delay messages by 100 ms",
            "Each message takes 100 ms longer, one way (latency spike).",
            delay(Nanos::millis(100)),
            Some(delay(Nanos::ZERO)),
        ),
    ]
}

/// What can befall a component or one of its members.
fn on_members(on: &Scope, caches: bool) -> Vec<Item> {
    let Scope::Target(target) = on else { return Vec::new() };
    let gray = |share| Fault::Gray { target: target.clone(), share, factor: 20.0 };
    let skew = |offset| Fault::Skew { target: target.clone(), offset: Offset(offset) };
    let ten = Nanos::seconds(10).0 as i64;
    let mut items = vec![
        (
            "Slow for some ×20",
            "Three requests in ten take twenty times as long; the others, and health checks, notice \
             nothing (gray failure).",
            gray(0.3),
            Some(gray(0.0)),
        ),
        (
            "Clock 10 s ahead",
            "Its own clock is wrong from now on: what goes by it grows old too soon (clock skew).",
            skew(ten),
            Some(skew(0)),
        ),
        (
            "Clock 10 s behind",
            "Its own clock is wrong from now on: what goes by it is kept too long (clock skew).",
            skew(-ten),
            Some(skew(0)),
        ),
    ];
    if caches {
        let flush = Fault::Flush(target.clone());
        items.push((
            "Empty",
            "Everything it holds is gone; it goes on (cache flush).",
            flush,
            None,
        ));
    }
    items
}

/// What clients can do.
fn on_clients(on: &Scope) -> Vec<Item> {
    let Scope::Target(target) = on else { return Vec::new() };
    let spike = |factor| Fault::Spike { target: target.clone(), factor };
    let hot = |share| Fault::HotKey { target: target.clone(), key: HOT_KEY, share };
    vec![
        (
            "Traffic ×5",
            "Five times as many requests come in, until it is taken back (traffic spike).",
            spike(5.0),
            Some(spike(1.0)),
        ),
        (
            "Half want one key",
            "Every second request is about key 0, whatever keys are asked for else (hot key).",
            hot(0.5),
            Some(hot(0.0)),
        ),
    ]
}

/// What can befall a wire.
fn on_wire(on: &Scope) -> Vec<Item> {
    let Scope::Wire(wire) = on else { return Vec::new() };
    let cut = |ways| Fault::CutWire { wire: wire.clone(), ways };
    let mend = || Some(Fault::MendWire { wire: wire.clone() });
    vec![
        (
            "Cut the way there",
            "Calls are lost; answers on their way arrive (one-way cut).",
            cut(Ways::Forth),
            mend(),
        ),
        (
            "Cut the way back",
            "Calls arrive and are served; answers are lost (one-way cut).",
            cut(Ways::Back),
            mend(),
        ),
    ]
}

/// Whether two faults are about the same thing: the later one replaces the earlier.
fn replaces(later: &Fault, earlier: &Fault) -> bool {
    match (later, earlier) {
        (Fault::Gray { target: a, .. }, Fault::Gray { target: b, .. })
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

/// Whether a fault is in force: the last one about the same thing is this.
fn in_force(inputs: &[Stamped], fault: &Fault) -> bool {
    let faults = inputs.iter().rev().filter_map(|it| match &it.input {
        Input::Fault(it) => Some(it),
        _ => None,
    });
    faults.into_iter().find(|it| replaces(it, fault)).is_some_and(|it| it == fault)
}

/// The menu.
#[component]
pub fn Menu(on: Scope, #[prop(optional)] role: Option<Role>) -> impl IntoView {
    let app = App::here();
    let mut items = on_members(&on, role == Some(Role::Cache));
    if role == Some(Role::Source) {
        items.splice(0..0, on_clients(&on));
    }
    items.extend(on_wire(&on));
    items.extend(on_messages(&on));
    let item = |(words, meaning, fault, end): Item| {
        let lasts = end.is_some();
        let on = Memo::new({
            let fault = fault.clone();
            move |_| {
                let now = in_force(&app.deeds(), &fault);
                lasts && app.meant(now, |it| replaces(it, &fault).then(|| *it == fault))
            }
        });
        let act = move |_| {
            let end = end.clone().filter(|_| on.get_untracked());
            app.fault(end.unwrap_or_else(|| fault.clone()));
        };
        view! {
            <button title=meaning aria-pressed=move || lasts.then(|| on.get().to_string()) on:click=act>
                {words}
            </button>
        }
    };
    view! {
        <details class="faults">
            <summary title="What else can go wrong here" aria-label="More faults">"More…"</summary>
            <div>{items.into_iter().map(item).collect_view()}</div>
        </details>
    }
}
