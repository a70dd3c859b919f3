//! A component on the canvas: icon, name, members, two figures, load, waiting line.

use leptos::prelude::*;

use crate::app::figures::{Face, Figure};
use crate::app::icons::Icon;
use crate::app::store::App;
use crate::document::Id;

/// Members shown one by one; more are summed up.
const MEMBERS_MAX: usize = crate::editor::geometry::MARKS_MAX as usize;

/// One node.
#[component]
pub fn Node(
    /// Of what.
    id: Id,
) -> impl IntoView {
    let app = App::here();
    let signals = app.node(&id)?;
    let (record, face, heat) = (signals.record, signals.face, signals.heat);
    let (gap, words_of_gap, said) = (signals.gap.clone(), signals.gap.clone(), signals.gap);
    let place = app.place;

    let rect = Memo::new({
        let (id, record) = (id.clone(), record.clone());
        move |_| place.with(|it| record.with(|record| it.rect(&id, record)))
    });
    let chosen = Memo::new({
        let id = id.clone();
        move |_| app.selected.with(|it| it.as_ref().is_some_and(|it| it.has_node(&id)))
    });
    let label = Memo::new({
        let record = record.clone();
        move |_| record.with(|it| it.label.clone())
    });
    let kind = record.with_untracked(|it| it.spec.about());
    let state = Memo::new({
        let face = face.clone();
        move |_| {
            face.with(|it| match () {
                () if it.is_down() => "down",
                () if heat.with(|it| it.told) => "hot",
                () => "",
            })
        }
    });
    let words = {
        let face = face.clone();
        move || format!("{}, {}: {}", label.get(), kind.name, face.with(Face::words))
    };
    let transform = move || {
        let at = rect.get();
        format!("translate({:.2}px, {:.2}px)", at.x, at.y)
    };
    let (left, right) = (
        {
            let face = face.clone();
            Memo::new(move |_| face.with(|it| it.left.clone()))
        },
        {
            let face = face.clone();
            Memo::new(move |_| face.with(|it| it.right.clone()))
        },
    );
    let busy = Memo::new({
        let face = face.clone();
        move |_| face.with(|it| it.busy)
    });
    let held = Memo::new({
        let face = face.clone();
        move |_| face.with(|it| it.held)
    });
    let queue = Memo::new({
        let face = face.clone();
        move |_| face.with(|it| it.queue.clone())
    });
    Some(view! {
        <div
            class="node"
            class:sel=chosen
            class:differs=move || !gap.with(String::is_empty)
            class:hot=move || state.get() == "hot"
            class:down=move || state.get() == "down"
            data-node=id.clone()
            tabindex="0"
            role="button"
            aria-pressed=move || if chosen.get() { "true" } else { "false" }
            style:transform=transform
            style:width=move || format!("{:.2}px", rect.get().width)
            style:height=move || format!("{:.2}px", rect.get().height)
        >
            <span class="gap num" hidden=move || words_of_gap.with(String::is_empty)
                title="How it differs between the two futures: right, compared with left.">{move || said.get()}</span>
            // The name of the button: all that it shows, as a sentence that begins with its label.
            <span class="hidden">{words}</span>
            <div class="node-title" aria-hidden="true">
                <Icon name=kind.id.to_owned()/>
                <span class="node-name">{label}</span>
                <Members face/>
            </div>
            <div class="node-figures num" aria-hidden="true">
                <FigureText figure=left/>
                <FigureText figure=right/>
            </div>
            <div class="queue num" aria-hidden="true" hidden=move || queue.with(String::is_empty)
                title="Requests waiting for a worker, mean over the last whole second.">
                {move || queue.get()} " waiting"
            </div>
            <div class="load" hidden=move || busy.get().is_none()
                title=move || format!("Workers at work: {} %; held, while others work for them \
                    included: {} %. Over the last whole second.", busy.get().unwrap_or(0), held.get())>
                <i class="held" style:width=move || format!("{}%", held.get().min(100))></i>
                <i style:width=move || format!("{}%", busy.get().unwrap_or(0).min(100))></i>
            </div>
        </div>
    })
}

/// A figure as text, with its explanation.
#[component]
pub fn FigureText(
    /// Which.
    figure: Memo<Figure>,
) -> impl IntoView {
    view! {
        <span class="figure" title=move || figure.with(|it| it.help.clone())>
            <span class="figure-label">{move || figure.with(|it| it.label.clone())}</span>
            <b>{move || figure.with(|it| it.value.clone())}</b>
            <span class="figure-unit">{move || figure.with(|it| it.unit.clone())}</span>
        </span>
    }
}

/// Members as small marks.
#[component]
fn Members(face: ArcRwSignal<Face>) -> impl IntoView {
    let members = Memo::new(move |_| face.with(|it| it.members.clone()));
    move || {
        let members = members.get();
        let hidden = members.len().saturating_sub(MEMBERS_MAX);
        let words: Vec<String> = members.iter().map(|it| it.words()).collect();
        let marks = members.into_iter().take(MEMBERS_MAX).map(|it| {
            view! { <span class=it.health.class() class:leads=it.leads></span> }
        });
        view! {
            <span class="members" title=words.join("\n") aria-hidden="true">
                {marks.collect_view()}
                {(hidden > 0).then(|| format!("+{hidden}"))}
            </span>
        }
    }
}
