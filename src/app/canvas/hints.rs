//! Quiet warnings: what will hurt one day, and what helps. A small mark at the corner of a component;
//! the inspector says it in full.

use leptos::prelude::*;

use crate::app::store::{App, Selected, Tab};
use crate::document::Id;
use crate::document::lint::{Lint, lint};

/// Half a mark's size: it stands on the corner.
const HALF: f64 = 8.0;

/// All warnings of the design as drawn.
fn all(app: App) -> Memo<Vec<Lint>> {
    Memo::new(move |_| {
        // What is felt is an input; names, places and what came or went are signals of their own.
        app.inputs.track();
        app.nodes.track();
        app.wires.track();
        app.frame_of.track();
        app.desk.with_value(|it| lint(it.shown()))
    })
}

/// The marks.
pub fn marks(app: App) -> AnyView {
    let all = all(app);
    let warned = Memo::new(move |_| {
        all.with(|all| {
            let mut ids: Vec<Id> = all.iter().map(|it| it.component.clone()).collect();
            ids.dedup();
            ids
        })
    });
    let mark = move |id: Id| {
        let record = app.node(&id)?.record;
        let at = {
            let id = id.clone();
            move || {
                let rect = app.place.with(|it| record.with(|record| it.rect(&id, record)));
                format!("transform:translate({:.1}px, {:.1}px)", rect.x - HALF, rect.y - HALF)
            }
        };
        let words = {
            let id = id.clone();
            move || all.with(|all| said(all, &id).collect::<Vec<_>>().join("\n"))
        };
        let show = move |_| {
            app.tab.set(Tab::Settings);
            app.select(Some(Selected::Node(id.clone())));
        };
        // By keyboard and screen reader the inspector tells.
        Some(view! {
            <button class="warned" style=at title=words tabindex="-1" aria-hidden="true" on:click=show>"i"</button>
        })
    };
    view! { <For each=move || warned.get() key=|id| id.clone() let:id>{mark(id)}</For> }.into_any()
}

/// What is said of one component, each a sentence and what helps.
fn said(all: &[Lint], id: &str) -> impl Iterator<Item = String> {
    let own = all.iter().filter(move |it| it.component.as_str() == id);
    own.map(|it| format!("{} {}", it.sentence, it.fix))
}

/// The same in the inspector.
pub fn list(app: App, id: Id) -> AnyView {
    let all = all(app);
    let own = Memo::new(move |_| all.with(|all| said(all, &id).collect::<Vec<_>>()));
    let list = move || {
        let own = own.get();
        (!own.is_empty()).then(|| {
            let rows = own.into_iter().map(|it| view! { <li>{it}</li> });
            view! { <ul class="hints" aria-label="Worth a thought">{rows.collect_view()}</ul> }
        })
    };
    list.into_any()
}
