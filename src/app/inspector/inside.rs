//! The lens of the chosen component: the algorithm at work, from the same run.

use leptos::prelude::*;

use leptos::html;

use crate::app::store::App;
use crate::component::{Commands, Spec};
use crate::document::Id;
use crate::engine::Addressing;

use super::bring;
use super::command;
use super::cut;
use super::grip::{self, Grip};

/// The open lens.
#[component]
pub fn Inside(
    /// Of what.
    id: Id,
) -> impl IntoView {
    let app = App::here();
    let of = id.clone();
    let picture = Memo::new(move |_| {
        app.lens.with(|it| it.as_ref().filter(|it| it.component == of).map(|it| it.svg.clone()))
    });
    // Where members answer for each other, who reaches whom is what the picture is about.
    let cuts = app.node(&id).is_some_and(|it| {
        it.record.with_untracked(|it| it.spec.about().addressing == Addressing::Peers)
    });
    let is_cache = app
        .node(&id)
        .is_some_and(|it| it.record.with_untracked(|it| matches!(it.spec, Spec::Cache(_))));
    let is_typed_at = app.node(&id).is_some_and(|it| {
        it.record.with_untracked(|it| it.spec.about().commands == Commands::Typed)
    });
    let (brings, typed) = (id.clone(), id.clone());
    let spread = move |large: bool| {
        app.large.set(large);
        app.bridge.update_value(|it| it.look());
        app.follow();
    };
    // A sheet lies below the canvas anyway.
    let turn = move || match (app.place.with(|it| it.narrow), app.large.get()) {
        (true, large) => {
            if large {
                "Smaller"
            } else {
                "Larger"
            }
        }
        (_, true) => "Beside the canvas",
        _ => "Over the canvas",
    };
    on_cleanup(move || {
        if app.large.try_get_untracked() == Some(true) {
            spread(false);
        }
    });
    let frame = NodeRef::<html::Div>::new();
    let grip = StoredValue::new_local(None::<Grip>);
    Effect::new(move |_| {
        if let Some(frame) = frame.get() {
            picture.with(|it| grip::show(&frame, it.as_deref().unwrap_or_default()));
        }
    });
    let stroke = RwSignal::new(None);
    let (by_key, by_pointer, by_stroke, sides) = (id.clone(), id.clone(), id.clone(), id);
    view! {
        <button class="o spread" title="Larger, with the architecture above it (Enter); back with Escape"
            on:click=move |_| spread(!app.large.get_untracked())>{turn}</button>
        {is_typed_at.then(|| view! { <command::CommandLine id=typed/> })}
        <div class="slate" class:cuts=cuts>
            <div class="lens" tabindex="0" role="region" aria-label="Inside" node_ref=frame
                on:pointerdown=move |event| {
                    grip::pressed(app, grip, &event);
                    if cuts && grip.with_value(Option::is_none) {
                        cut::pressed(stroke, &event);
                    }
                }
                on:pointermove=move |event| {
                    grip::moved(app, grip, &event);
                    cut::moved(stroke, &event);
                }
                on:pointerup=move |event| {
                    grip::released(app, grip, &by_pointer, &event);
                    cut::released(app, stroke, &by_stroke, &event);
                }
                on:pointercancel=move |event| {
                    grip::lost(app, grip, &event);
                    stroke.set(None);
                }
                on:keydown=move |event| {
                    if !grip::keyed(app, &by_key, &event) && event.key() == "Enter" {
                        event.prevent_default();
                        spread(true);
                    }
                }></div>
            <cut::Line stroke/>
        </div>
        {cuts.then(|| view! { <cut::Sides store=sides drawn=true/> })}
        <p class="empty" hidden=move || picture.with(Option::is_some)>"Looking inside…"</p>
        {is_cache.then(|| view! { <bring::Bring id=brings/> })}
    }
}
