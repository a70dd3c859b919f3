//! Every key and gesture, in a panel beside the canvas: work goes on while it is read.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use super::icons::Icon;
use super::keys::{Chord, Shortcut, TABLE};
use super::store::App;

/// Headings of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Making and changing.
    Build,
    /// Choosing.
    Choose,
    /// Looking.
    Look,
    /// Time.
    Time,
}

impl Group {
    /// All, in order, with their words.
    pub const ALL: [(Self, &'static str); 4] = [
        (Self::Choose, "Choosing"),
        (Self::Build, "Building"),
        (Self::Look, "Looking"),
        (Self::Time, "Time"),
    ];
}

/// What the pointer does, for the list; the editor's gestures.
const GESTURES: &[(&str, &str)] = &[
    ("Click", "Select; with Shift: add, or take out"),
    ("Drag something", "Move it, in line with its neighbours; with Alt freely"),
    ("Drag beside everything", "Select what the rectangle touches"),
    ("Drag a node's handle", "Draw a wire; what it can end at is marked"),
    ("Drag a wire's end", "Lead it elsewhere"),
    (
        "Drag with the tool for cuts",
        "Cut the network: one side of the line from the other, or inside from outside",
    ),
    ("Drag a zone's side", "Make it larger or smaller"),
    ("Double click", "Name it"),
    ("Click a mark of the timeline", "Go there; Delete takes it out; with Shift: in slow motion"),
    ("Click a dot", "Drop or delay that message; by keys: beside the request that is followed"),
    ("Wheel, or Space and drag", "Pan; with Ctrl the wheel zooms"),
    (
        "One finger",
        "Tap selects, a drag pans, or moves what it is on; on narrow screens hold first, then drag",
    ),
    ("Hold a finger", "Adds to the selection, or takes out (on wide screens)"),
    ("Tap a figure", "What it counts; on a node, once that is chosen"),
    ("Two fingers", "Pan and zoom"),
];

/// Shows it, or puts it away; the keyboard goes with it and comes back.
pub fn show(app: App, open: bool) {
    let Some(hand) = app.hand() else { return };
    if !open {
        let back =
            hand.focus.get_untracked().or_else(|| app.ask(|it| it.selection().first().cloned()));
        if let Some(item) = back {
            super::canvas::hand::focus_on(&item);
        }
    }
    hand.sheet.set(open);
}

/// What is pressed, as keys: four arrows are told as one.
fn keys(chords: &'static [Chord]) -> AnyView {
    let words: Vec<String> = chords.iter().map(|it| it.words()).collect();
    let words = match words.len() {
        4 => vec![words[0].replace('←', "← → ↑ ↓")],
        _ => words,
    };
    words.into_iter().map(|it| view! { <kbd>{it}</kbd> }).collect_view().into_any()
}

/// The panel.
pub fn sheet(app: App) -> AnyView {
    let Some(hand) = app.hand() else { return ().into_any() };
    let panel = NodeRef::<html::Aside>::new();
    Effect::new(move |_| {
        if let (true, Some(panel)) = (hand.sheet.get(), panel.get()) {
            _ = panel.unchecked_ref::<web_sys::HtmlElement>().focus();
        }
    });
    let group = |(group, name): (Group, &'static str)| {
        let rows = TABLE.iter().filter(move |it| it.group == group).map(|it: &Shortcut| {
            view! { <dt>{keys(it.chords)}</dt><dd>{it.what}</dd> }
        });
        view! { <section><h3>{name}</h3><dl>{rows.collect_view()}</dl></section> }
    };
    let gestures = || {
        let rows =
            GESTURES.iter().map(|(gesture, what)| view! { <dt>{*gesture}</dt><dd>{*what}</dd> });
        view! { <section><h3>"Mouse and touch"</h3><dl class="gestures">{rows.collect_view()}</dl></section> }
    };
    let view = move || {
        hand.sheet.get().then(|| {
            view! {
                <aside class="sheet" tabindex="-1" node_ref=panel aria-label="Keys and gestures">
                    <header class="title">
                        <h2>"Keys and gestures"</h2>
                        <button class="close" aria-label="Close" title="Close (Esc)" on:click=move |_| show(app, false)>
                            <Icon name="close".to_owned()/>
                        </button>
                    </header>
                    <p class="hint">"On a Mac, ⌘ does what Ctrl does."</p>
                    {Group::ALL.map(group).into_iter().collect_view()}
                    {gestures()}
                    <section>
                        <h3>"Can the numbers be trusted?"</h3>
                        <p>
                            "The same seed gives the same run, to the bit, in every browser. "
                            <a href="./proof.html" target="_blank">"Prove it in this one"</a>
                            " (a new tab; a minute or less)."
                        </p>
                    </section>
                </aside>
            }
        })
    };
    view.into_any()
}
