//! What lies over nodes and wires: notes, zones to be chosen, handles, what a gesture draws, a field
//! for names, and what is told about all of it.

use leptos::html;
use leptos::prelude::*;

use super::hand::{self, Hand};
use super::{cuts, dot, wire};
use crate::app::store::{App, Selected};
use crate::base::geometry::{Camera, Point, Rect};
use crate::document::Id;
use crate::document::edit::{Edit, Item, LABEL_MAX};
use crate::editor::curve::Curve;
use crate::editor::gesture::{GRIPS, grip};
use crate::editor::hit::ends;
use crate::editor::input::Drawing;
use crate::editor::snap::Guide;
use crate::editor::{Input, Preview, Tool};

/// Least width of the field for a name, in pixels.
const NAME_WIDTH: f64 = 190.0;
/// From the pointer to what is told beside it, and the room that needs, in pixels.
const BESIDE: f64 = 16.0;
const TOLD: (f64, f64) = (300.0, 96.0);

/// All of it, in the stage.
pub fn over(app: App) -> AnyView {
    let Some(hand) = app.hand() else { return ().into_any() };
    let transform = move || {
        let Camera { offset, zoom } = app.camera.get();
        format!("translate({:.2}px, {:.2}px) scale({zoom:.4})", offset.x, offset.y)
    };
    let matrix = move || {
        let Camera { offset, zoom } = app.camera.get();
        format!("matrix({zoom:.4} 0 0 {zoom:.4} {:.2} {:.2})", offset.x, offset.y)
    };
    let mine = move || app.parted.get().is_none() || app.focus.get() == app.branch;
    view! {
        <div class="world" style:transform=transform>
            <For each=move || zones(app) key=|id| id.clone() let:id>{zone(app, id)}</For>
            <For each=move || notes(app) key=|id| id.clone() let:id>{note(app, id)}</For>
            {super::hints::marks(app)}
        </div>
        <svg class="sketch" aria-hidden="true">
            // A gesture is made in one of two futures.
            <g transform=matrix>{move || mine().then(|| hand.preview.with(|it| drawn(app, it)))}</g>
            {move || handles(app, hand)}
        </svg>
        {move || mine().then(|| naming(app, hand))}
        {move || mine().then(|| verdict(app, hand))}
        {move || mine().then(|| aiming(app, hand))}
        {cuts::chips(app)}
        {move || mine().then(|| dot::menu(app, hand))}
        <p class="hidden" role="status" aria-live="polite">{move || hand.said.get()}</p>
    }
    .into_any()
}

fn zones(app: App) -> Vec<Id> {
    app.frame_of.with(|it| it.1.keys().cloned().collect())
}

fn notes(app: App) -> Vec<Id> {
    app.frame_of.with(|it| it.2.keys().cloned().collect())
}

fn boxed(rect: Option<Rect>) -> String {
    match rect {
        Some(Rect { x, y, width, height }) => {
            format!("left:{x:.1}px;top:{y:.1}px;width:{width:.1}px;height:{height:.1}px")
        }
        None => "display:none".into(),
    }
}

fn is_chosen(app: App, item: Item) -> Memo<bool> {
    Memo::new(move |_| {
        app.selected.with(|it| match (it, &item) {
            (Some(Selected::Zone(id)), Item::Zone(it)) => id == it,
            (Some(Selected::Note(id)), Item::Note(it)) => id == it,
            (Some(Selected::Several(all)), item) => all.contains(item),
            _ => false,
        })
    })
}

/// A zone to be chosen: its outline for the keyboard and for screen readers; what is seen of it
/// lies below the wires.
fn zone(app: App, id: Id) -> AnyView {
    let record = {
        let id = id.clone();
        Memo::new(move |_| app.frame_of.with(|it| it.1.get(&id).cloned()))
    };
    let place = {
        let id = id.clone();
        move || record.with(|it| app.place.with(|place| place.zone(&id, it.as_ref()?.area)))
    };
    let words = {
        let id = id.clone();
        move || {
            let label =
                record.with(|it| it.as_ref().map_or_else(String::new, |it| it.label.clone()));
            app.nodes.track();
            let count = app.desk.with_value(|it| {
                it.shown().components.values().filter(|it| it.zones.contains(&id)).count()
            });
            format!("Zone {label}: {count} components")
        }
    };
    let chosen = is_chosen(app, Item::Zone(id.clone()));
    view! {
        <div class="zone-edge" class:sel=chosen data-zone=id tabindex="0" role="button" aria-label=words
            aria-pressed=move || chosen.get().to_string() style=move || boxed(place())></div>
    }
    .into_any()
}

fn note(app: App, id: Id) -> AnyView {
    let text = {
        let id = id.clone();
        Memo::new(move |_| app.frame_of.with(|it| it.2.get(&id).map(|it| it.text.clone())))
    };
    let rect = {
        let id = id.clone();
        move || {
            app.frame_of.track();
            app.place.with(|place| app.desk.with_value(|it| place.note(it.shown(), &id)))
        }
    };
    let place = {
        let rect = rect.clone();
        move || {
            let growth = app.place.with(|it| it.growth);
            rect().map_or_else(
                || "display:none".into(),
                |it| {
                    let (width, height) = (it.width / growth, it.height / growth);
                    format!(
                        "width:{width:.1}px;min-height:{height:.1}px;transform:translate({:.1}px, \
                         {:.1}px) scale({growth})",
                        it.x, it.y
                    )
                },
            )
        }
    };
    let chosen = is_chosen(app, Item::Note(id.clone()));
    let words = move || format!("Note: {}", text.get().unwrap_or_default());
    view! {
        <div class="note" class:sel=chosen data-note=id tabindex="0" role="button" aria-label=words
            aria-pressed=move || chosen.get().to_string() style=place>{move || text.get()}</div>
    }
    .into_any()
}

/// What the gesture draws, in pixels of the canvas.
fn drawn(app: App, preview: &Preview) -> AnyView {
    let rect = |class: &'static str, it: Rect, radius: f64| {
        view! {
            <rect class=class x=it.x y=it.y width=it.width height=it.height rx=radius></rect>
        }
        .into_any()
    };
    match preview {
        Preview::Nothing | Preview::Lifted(..) => ().into_any(),
        Preview::Cut(parting) => cuts::drawn(app, parting),
        Preview::Marquee(area) => rect("marquee", *area, 0.0),
        Preview::Guides(lines) => guides(lines),
        Preview::Ghost(area, lines) => {
            view! { {rect("ghost", *area, 9.0)} {guides(lines)} }.into_any()
        }
        Preview::Wire(drawing) => {
            let Drawing { curve, target, targets, wire, .. } = &**drawing;
            let node = |id: &Id| {
                let record = app.node(id)?.record;
                Some(
                    record
                        .with_untracked(|it| app.place.with_untracked(|place| place.rect(id, it))),
                )
            };
            let rings = targets.iter().filter_map(|(id, may)| {
                let Rect { x, y, width, height } = node(id)?;
                let is_target = matches!(target, Some((it, Ok(()))) if it == id);
                let class = match (is_target, may) {
                    (true, _) => "ring target",
                    (_, true) => "ring can",
                    _ => "ring cannot",
                };
                let around =
                    Rect { x: x - 4.0, y: y - 4.0, width: width + 8.0, height: height + 8.0 };
                Some(rect(class, around, 12.0))
            });
            let refused = matches!(target, Some((_, Err(_))));
            let old = wire.as_ref().and_then(|id| {
                let path = app.ask(|it| Some(it.picture().curve(id)?.svg_path()))?;
                Some(view! { <path class="old" d=path></path> })
            });
            view! {
                {rings.collect_view()}
                {old}
                <path class="draft" class:refused=refused d=curve.svg_path()></path>
                <path class="draft-head" class:refused=refused d=wire::head(curve)></path>
            }
            .into_any()
        }
    }
}

fn guides(lines: &[Guide]) -> AnyView {
    let lines = lines.iter().map(|it| {
        view! { <path class="guide" d=format!("M{} {}L{} {}", it.from.x, it.from.y, it.to.x, it.to.y)></path> }
    });
    lines.collect_view().into_any()
}

/// What can be gripped, always the same size on the screen: a node's handle, a wire's ends, a zone's
/// sides.
fn handles(app: App, hand: Hand) -> AnyView {
    let camera = app.camera.get();
    let place = app.place.get();
    app.frame_of.track();
    let rests = hand.preview.with(|it| matches!(it, Preview::Nothing));
    if !rests || hand.dragging.get() {
        return ().into_any();
    }
    let to_screen = |it: Point| camera.screen_from_document(it);
    match app.selected.get() {
        Some(Selected::Wire(id)) => {
            let Some(curve) = wire_curve(app, &id) else { return ().into_any() };
            let ends = ends(&curve, camera.zoom).map(|it| {
                let at = to_screen(it);
                view! { <circle class="end" cx=at.x cy=at.y r="6"></circle> }
            });
            return ends.into_iter().collect_view().into_any();
        }
        Some(Selected::Zone(id)) => {
            let area = app.frame_of.with(|it| it.1.get(&id).map(|it| it.area));
            let Some(rect) = area.and_then(|it| place.zone(&id, it)) else { return ().into_any() };
            let grips = GRIPS.map(|sides| {
                let at = to_screen(grip(rect, sides));
                view! { <rect class="grip" x=at.x - 5.0 y=at.y - 5.0 width="10" height="10" rx="2"></rect> }
            });
            return grips.into_iter().collect_view().into_any();
        }
        _ => {}
    }
    let chosen = match app.selected.get() {
        Some(Selected::Node(id)) => Some(id),
        _ => None,
    };
    let focus = hand.focus.get().and_then(|it| match it {
        Item::Component(id) => Some(id),
        _ => None,
    });
    let mut ids = vec![];
    for id in [hand.hover.get(), focus, chosen].into_iter().flatten() {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    let one = |id: Id| {
        let rect = app.node(&id)?.record.with(|it| place.rect(&id, it));
        let at = to_screen(place.handle(rect));
        let arrow = if place.narrow {
            "M0 -3.500V3.500M-3 .5L0 3.500 3 .5"
        } else {
            "M-3.500 0H3.500M.5 -3L3.500 0 .5 3"
        };
        Some(view! {
            <g class="handle" transform=format!("translate({:.1} {:.1})", at.x, at.y)>
                <circle r="9"></circle><path d=arrow></path>
            </g>
        })
    };
    ids.into_iter().filter_map(one).collect_view().into_any()
}

fn wire_curve(app: App, id: &str) -> Option<Curve> {
    let record = app.wire(id)?.record.get();
    for end in [&record.from, &record.to] {
        app.node(end)?.record.track();
    }
    app.ask(|it| it.picture().curve(id))
}

/// The field for a name, over what is named.
fn naming(app: App, hand: Hand) -> Option<AnyView> {
    let item = hand.renaming.get()?;
    let rect = app.ask(|it| it.picture().rect(&item))?;
    let text = app.desk.with_value(|it| match &item {
        Item::Component(id) => it.shown().components.get(id).map(|it| it.label.clone()),
        Item::Zone(id) => it.shown().zones.get(id).map(|it| it.label.clone()),
        Item::Note(id) => it.shown().notes.get(id).map(|it| it.text.clone()),
        _ => None,
    })?;
    let is_note = matches!(item, Item::Note(_));
    let at = move || {
        let camera = app.camera.get();
        let corner = camera.screen_from_document(Point::new(rect.x, rect.y));
        let least = if is_note { rect.width * camera.zoom } else { 0.0 };
        let width = (rect.width * camera.zoom).clamp(NAME_WIDTH, 2.0 * NAME_WIDTH).max(least);
        let height = if is_note { (rect.height * camera.zoom).max(64.0) } else { 34.0 };
        format!(
            "transform:translate({:.1}px, {:.1}px);width:{width:.1}px;height:{height:.1}px",
            corner.x, corner.y
        )
    };
    let field = NodeRef::<html::Textarea>::new();
    let before = text.clone();
    Effect::new(move |_| {
        if let Some(field) = field.get() {
            field.set_value(&before);
            _ = field.focus();
            field.select();
        }
    });
    let done = {
        let (item, before) = (item.clone(), text.clone());
        move |keep: bool| {
            // Once: what takes the field away takes the keyboard from it, too.
            if hand.renaming.get_untracked().as_ref() != Some(&item) {
                return;
            }
            hand.renaming.set(None);
            let now = field.get_untracked().map_or_else(String::new, |it| it.value());
            let now = now.trim().to_owned();
            if keep && !now.is_empty() && now != before {
                app.act(Input::Edit(Edit::Rename { item: item.clone(), text: now }));
            }
            hand::focus_on(&item);
        }
    };
    let typed = {
        let done = done.clone();
        move |event: leptos::ev::KeyboardEvent| match event.key().as_str() {
            "Escape" => {
                event.prevent_default();
                event.stop_propagation();
                done(false);
            }
            "Enter" if !(is_note && event.shift_key()) => {
                event.prevent_default();
                done(true);
            }
            _ => {}
        }
    };
    let view = view! {
        <textarea class="naming" class:text=is_note node_ref=field style=at rows="1" maxlength=LABEL_MAX.to_string()
            aria-label=if is_note { "Text of the note" } else { "Name" } spellcheck="true"
            on:keydown=typed on:blur=move |_| done(true)></textarea>
    };
    Some(view.into_any())
}

/// Whether a wire may end where it points, and why something was refused: beside the pointer.
fn verdict(app: App, hand: Hand) -> Option<AnyView> {
    let (at, text, refused) = match hand.preview.get() {
        Preview::Wire(drawing) => {
            let (to, verdict) = drawing.target?;
            let rect = app
                .node(&to)?
                .record
                .with_untracked(|it| app.place.with_untracked(|place| place.rect(&to, it)));
            let foot = Point::new(rect.x, rect.y + rect.height);
            let at = app.camera.get().screen_from_document(foot);
            let name = app.item_label(&Item::Component(to));
            match verdict {
                Ok(()) => (at, format!("{name} can be connected"), false),
                Err(refusal) => (at, refusal.to_string(), true),
            }
        }
        _ => {
            let (at, text) = hand.refused.get()?;
            (at, text, true)
        }
    };
    let (width, height) = app.stage.get();
    let x = (at.x + BESIDE).min(width - TOLD.0 - BESIDE).max(8.0);
    let y = (at.y + BESIDE).min(height - TOLD.1).max(8.0);
    let place = format!("transform:translate({x:.0}px, {y:.0}px)");
    let view = view! {
        <div class="verdict chip" class:refused=refused style=place role=refused.then_some("alert")>
            <b aria-hidden="true">{if refused { "✕" } else { "✓" }}</b>
            <span>{text}</span>
        </div>
    };
    Some(view.into_any())
}

/// What to do while a wire is aimed.
fn aiming(app: App, hand: Hand) -> Option<AnyView> {
    let connecting =
        Memo::new(move |_| hand.preview.with(|it| matches!(it, Preview::Wire(it) if it.aimed)));
    let tool = hand.tool.get();
    let text = match (connecting.get(), tool) {
        (true, _) => {
            "Click or tap what is to be called, or choose it with the arrow keys and press Enter"
                .into()
        }
        (_, Tool::Connect) => {
            "Wires: drag from the one that calls to the one that is called".into()
        }
        (_, Tool::Cut) => hand.preview.with(|it| match it {
            Preview::Cut(it) => cuts::words(app, Some(it)),
            _ => cuts::words(app, None),
        }),
        _ => return None,
    };
    let cancel = move |_| {
        if connecting.get_untracked() {
            app.act(Input::Lost);
        }
        app.act(Input::Tool(Tool::Select));
    };
    let view = view! {
        <div class="aiming chip">
            <span>{text}</span>
            <button class="o" on:click=cancel>{if connecting.get() { "Cancel" } else { "Done" }}</button>
        </div>
    };
    Some(view.into_any())
}
