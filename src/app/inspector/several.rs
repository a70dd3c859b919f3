//! A note that is chosen, or several things at once.

use std::collections::BTreeMap;

use leptos::prelude::*;

use super::Close;
use super::cut::Isolate;
use super::shape::{CopyAndDelete, Problem};
use crate::app::glyphs::Glyph;
use crate::app::store::App;
use crate::document::Id;
use crate::document::edit::{Edit, Item, LABEL_MAX};
use crate::editor::Input;
use crate::editor::align::Side;
use crate::engine::fault::{Fault, Target};

/// Icons of [`Side::ALL`], in its order.
const ALIGN_ICONS: [&str; 8] = [
    "align-left",
    "align-centre",
    "align-right",
    "align-top",
    "align-middle",
    "align-bottom",
    "align-across",
    "align-down",
];

/// A note: its text.
#[component]
pub fn OfNote(
    /// Which.
    id: Id,
) -> impl IntoView {
    let app = App::here();
    let problem = RwSignal::new(None::<String>);
    let text = {
        let id = id.clone();
        move || app.frame_of.with(|it| it.2.get(&id).map(|it| it.text.clone()).unwrap_or_default())
    };
    let change = move |event: leptos::ev::Event| {
        let edit = Edit::Rename { item: Item::Note(id.clone()), text: event_target_value(&event) };
        problem.set(app.make(edit).err());
    };
    view! {
        <aside class="inspector" aria-label="Inspector">
            <header>
                <div class="title"><Glyph name="note" size=18/><h2>"Note"</h2><Close/></div>
                <p class="summary">"A text on the canvas. It changes nothing that runs."</p>
            </header>
            <div class="tab-body">
                <div class="shape">
                    <textarea rows="6" aria-label="Text" maxlength=LABEL_MAX.to_string() prop:value=text on:change=change></textarea>
                    <Problem problem/>
                    <span class="doing"><CopyAndDelete/></span>
                </div>
            </div>
        </aside>
    }
}

/// How many of what: "2 components, 1 wire".
fn count(all: &[Item]) -> String {
    let mut counts = BTreeMap::<(u8, &str), usize>::new();
    for item in all {
        let kind = match item {
            Item::Component(_) => (0, "component"),
            Item::Wire(_) => (1, "wire"),
            Item::Zone(_) => (2, "zone"),
            Item::Note(_) => (3, "note"),
            Item::Fault(_) => (4, "fault"),
        };
        *counts.entry(kind).or_default() += 1;
    }
    let words = |((_, name), count): (&(u8, &str), &usize)| match count {
        1 => format!("1 {name}"),
        count => format!("{count} {name}s"),
    };
    counts.iter().map(words).collect::<Vec<_>>().join(", ")
}

/// Several things: what can be done to all of them.
#[component]
pub fn OfSeveral(
    /// Which.
    all: Vec<Item>,
) -> impl IntoView {
    let app = App::here();
    let nodes: Vec<Id> = all
        .iter()
        .filter_map(|it| match it {
            Item::Component(id) => Some(id.clone()),
            _ => None,
        })
        .collect();
    let placed = all.iter().filter(|it| !matches!(it, Item::Wire(_) | Item::Fault(_))).count();
    let align = (placed > 1 && !app.place.with_untracked(|it| it.narrow)).then(|| {
        let one = |(side, name, icon): (Side, &'static str, &'static str)| {
            view! {
                <button class="o" aria-label=name title=name on:click=move |_| app.act(Input::Align(side))>
                    <Glyph name=icon/>
                </button>
            }
        };
        view! {
            <div class="aligns" role="toolbar" aria-label="Align">{Side::ALL.into_iter().zip(ALIGN_ICONS).map(|(it, icon)| one((it.0, it.1, icon))).collect_view()}</div>
        }
    });
    let isolated = nodes.clone();
    let each = move |fault: fn(Target) -> Fault| {
        let nodes = nodes.clone();
        move |_| app.faults(nodes.iter().map(|id| fault(Target::component(id))).collect())
    };
    let faults = all.iter().any(|it| matches!(it, Item::Component(_))).then(|| {
        view! {
            <button title="The processes die, all at once." on:click=each(Fault::Crash)>"Kill"</button>
            <button title="Each of them: starts what is down; if nothing is, dies and starts afresh at once." on:click=each(Fault::Restart)>"Restart"</button>
            <Isolate nodes=isolated/>
        }
    });
    view! {
        <aside class="inspector" aria-label="Inspector">
            <header>
                <div class="title"><h2>{all.len().to_string()}" selected"</h2><Close/></div>
                <p class="summary">{count(&all)}</p>
                <div class="doing" role="toolbar" aria-label="Actions">{faults}<CopyAndDelete/></div>
            </header>
            <div class="tab-body">
                {align}
                <p><button class="o" title="Put a zone around them (Ctrl+G)" on:click=move |_| app.act(Input::Enclose)>
                    "Put a zone around them"
                </button></p>
            </div>
        </aside>
    }
}
