//! What an empty canvas teaches.

use std::collections::BTreeSet;

use leptos::prelude::*;

use super::Keeper;
use crate::app::store::App;
use crate::base::geometry::Point;
use crate::document::Diff;
use crate::document::edit::Edit;

/// A client that calls a service: the smallest design that runs.
fn starter(app: App) {
    let edits = [
        Edit::AddComponent { kind: "client".into(), at: Point::new(0.0, 0.0) },
        Edit::AddComponent { kind: "service".into(), at: Point::new(300.0, 0.0) },
        Edit::Connect { from: "client".into(), to: "service".into() },
    ];
    let diff = app.desk.with_value(|desk| {
        let mut design = desk.shown().clone();
        for edit in edits {
            if let Ok(diff) = edit.diff(&design, &BTreeSet::new()) {
                diff.apply(&mut design);
            }
        }
        Diff::between(desk.shown(), &design)
    });
    app.edit(diff);
    app.follow();
}

/// Shown while there is nothing else.
pub fn vacancy(app: App) -> AnyView {
    let keep = Keeper::here();
    let shown = move || {
        (app.nodes.with(Vec::is_empty) && !keep.loading.get()).then(|| {
            view! {
                <section class="vacancy" aria-label="Empty canvas">
                    <h2>"An empty canvas"</h2>
                    <p>
                        "A design begins with a client, which sends requests, and something that \
                         answers them. Draw a wire from the one that calls to the one that is \
                         called; it runs at once."
                    </p>
                    <p>
                        <button class="p" on:click=move |_| starter(app)>"Begin with a client and a service"</button>
                        <button class="o" on:click=move |_| super::open_template(app, keep)>"Open the book store"</button>
                    </p>
                    <p class="hint wide-only">"Or drop a design file here."</p>
                </section>
            }
        })
    };
    shown.into_any()
}
