//! What happened, in one sentence; and one thing to try, its reversal, and a question.

use leptos::prelude::*;

use crate::base::text;
use crate::component::Role;
use crate::engine::fault::{Fault, Target};
use crate::session::protocol::Input;

use super::store::{App, Selected};

/// Stories and the invitation, at the foot of the canvas.
pub fn foot(_: App) -> AnyView {
    view! {
        <div class="stage-foot">
            <Story/>
            <Invitation/>
        </div>
    }
    .into_any()
}

/// The newest story that is not after the cursor.
#[component]
fn Story() -> impl IntoView {
    let app = App::here();
    let closed = RwSignal::new(None);
    let story = Memo::new(move |_| {
        let now = app.clock.get().now;
        let told = app.stories.with(|it| it.iter().rev().find(|it| it.at <= now).cloned());
        told.filter(|it| Some(it.at) != closed.get())
    });
    view! {
        <div class="story-place" role="status" aria-live="polite">
            {move || story.get().map(|story| {
                let at = story.at;
                let component = story.component.clone();
                let zero = app.clock.get_untracked().zero;
                view! {
                    <div class="story chip">
                        <button class="when num" title="Go to this moment"
                            on:click=move |_| {
                                app.playing.set(false);
                                app.seek(at);
                                if let Some(id) = component.clone() {
                                    app.select(Some(Selected::Node(id)));
                                }
                            }>{text::clock(at, zero)}</button>
                        <p>{story.sentence()}</p>
                        <button class="close" aria-label="Dismiss" on:click=move |_| closed.set(Some(at))>"×"</button>
                    </div>
                }
            })}
        </div>
    }
}

/// Where the newcomer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Nothing was done yet.
    Kill,
    /// The cache is down.
    Bring,
    /// It is back.
    Ask,
}

/// One obvious thing to try.
#[component]
fn Invitation() -> impl IntoView {
    let app = App::here();
    let cache = Memo::new(move |_| {
        app.nodes.track();
        app.first(Role::Cache).map(|it| it.0)
    });
    let stage = Memo::new(move |_| {
        let cache = cache.get()?;
        let now = app.clock.get().now;
        let last = app.inputs.with(|inputs| {
            inputs.iter().rev().filter(|it| it.at <= now).find_map(|it| match &it.input {
                Input::Fault(Fault::Crash(target)) if target.component == cache => {
                    Some(Stage::Bring)
                }
                Input::Fault(Fault::Restart(target)) if target.component == cache => {
                    Some(Stage::Ask)
                }
                _ => None,
            })
        });
        Some(last.unwrap_or(Stage::Kill))
    });
    let act = move |up: bool| {
        if let Some(cache) = cache.get_untracked() {
            app.set_up(Target::component(&cache), up);
            app.playing.set(true);
            app.wake();
        }
    };
    // The story says more than the hint.
    let told = Memo::new(move |_| app.stories.with(|it| !it.is_empty()));
    let answer = RwSignal::new(None::<bool>);
    let closed = RwSignal::new(false);
    Effect::new(move |_| {
        if stage.get() != Some(Stage::Ask) {
            answer.set(None);
            closed.set(false);
        }
    });
    move || {
        match stage.get() {
        None => ().into_any(),
        Some(Stage::Kill) => view! {
            <div class="try chip">
                <span>"Try this"</span>
                <button class="o" on:click=move |_| act(false)>"Kill the cache"</button>
            </div>
        }
        .into_any(),
        Some(Stage::Bring) => view! {
            <div class="try chip">
                <span class="wide-only" hidden=move || told.get()>"Watch the database and the latency"</span>
                <button class="o" on:click=move |_| act(true)>"Bring the cache back"</button>
            </div>
        }
        .into_any(),
        Some(Stage::Ask) => (move || {
            (!closed.get()).then(|| view! {
                <div class="try question chip">
                    {move || match answer.get() {
                        None => view! {
                            <span>"The cache is back, but empty. What fills it again?"</span>
                            <button class="o" on:click=move |_| answer.set(Some(false))>"Time"</button>
                            <button class="o" on:click=move |_| answer.set(Some(true))>"Misses"</button>
                        }.into_any(),
                        Some(right) => view! {
                            <span>
                                {if right { "Yes: misses. " } else { "Not time by itself: misses. " }}
                                "Each miss reads the database, then puts the answer into the cache. \
                                 Popular books come back first, so the ratio climbs fast, then slowly."
                            </span>
                            <button class="close" aria-label="Dismiss" on:click=move |_| closed.set(true)>"×"</button>
                        }.into_any(),
                    }}
                </div>
            })
        })
        .into_any(),
    }
    }
}
