//! Cutting the network between members, and between them and those they talk to: choose who is on the
//! other side, or draw a line across the picture of a store; heal it again. The sides are kept, not the
//! line.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, PointerEvent};

use crate::app::form::Folded;
use crate::app::store::{App, Tab};
use crate::document::Id;
use crate::engine::Addressing;
use crate::engine::fault::{Fault, Target, Ways};

/// A shorter stroke is a click, in pixels.
const STROKE_MIN: f64 = 24.0;

/// Where a pointer is, in pixels of the window.
type Spot = (f64, f64);
/// From where to where a stroke goes, while one is drawn.
pub type Stroke = Option<(Spot, Spot)>;

/// Who can be cut off from whom: the members of a component, who calls them, and whom they call.
fn parties(app: App, store: &str) -> Vec<(Target, String)> {
    app.nodes.track();
    app.wires.track();
    if let Some(it) = app.node(store) {
        it.record.track();
    }
    app.desk.with_value(|it| {
        let design = it.shown();
        let Some(record) = design.components.get(store) else { return Vec::new() };
        let members = (0..record.spec.members() as u16)
            .map(|at| (Target::member(store, at), record.spec.member_name(at)));
        let mut all: Vec<_> = members.collect();
        let callers = design.wires.values().filter(|it| it.to == store).map(|it| &it.from);
        let called = design.wires.values().filter(|it| it.from == store).map(|it| &it.to);
        for other in callers.chain(called).filter(|it| *it != store) {
            let target = Target::component(other);
            if let Some(record) = design.components.get(other)
                && !all.iter().any(|it| it.0 == target)
            {
                all.push((target, record.label.clone()));
            }
        }
        all
    })
}

/// Cuts one side off from the other, if there is anybody on both.
fn cut(app: App, store: &str, parties: &[(Target, String)], far: &[Target], ways: Ways) {
    let all = parties.iter().map(|it| it.0.clone());
    let (other, one): (Vec<_>, Vec<_>) = all.partition(|it| far.contains(it));
    let of_store = |it: &[Target]| it.iter().any(|it| it.component == store);
    if one.is_empty() || other.is_empty() || !of_store(&one) && !of_store(&other) {
        return;
    }
    app.cut([one, other], ways, Some(store));
}

/// The cuts around this store or its members in force: their names, and what they are called by who
/// stands where now.
fn in_force(app: App, store: &str) -> Vec<(String, String)> {
    let mut cuts = app.cuts();
    cuts.retain(|it| it.sides.iter().flatten().any(|it| it.component == store));
    cuts.into_iter().map(|it| (it.name, app.called(&it.sides, Some(store)))).collect()
}

/// Moves somebody to the other side of the cut with this name, or back.
pub fn across(app: App, who: &Target, over: bool, cut: &str) {
    let last = untrack(|| app.cuts()).into_iter().find(|it| it.name == cut);
    let members = app.desk.with_value(|it| {
        it.shown().components.get(&who.component).map_or(0, |it| it.spec.members())
    });
    let moved = last.map(|it| it.fault().member_by_member(&who.component, members as u16));
    if let Some(moved) = moved.and_then(|it| it.moved(who, over)) {
        app.fault(moved);
    }
}

/// Choosing which ways a cut stops: both, towards those on the other side, or from them.
#[component]
pub fn WhichWays(
    /// What is shown.
    #[prop(into)]
    ways: Signal<Ways>,
    /// What a choice does.
    #[prop(into)]
    choose: Callback<Ways>,
    /// What stopping the way to the other side is called, and the way back.
    names: [&'static str; 2],
    /// What the choice is called.
    #[prop(default = "Which ways".to_owned().into(), into)]
    label: Signal<String>,
    /// Whether nothing can be chosen now.
    #[prop(into)]
    disabled: Signal<bool>,
) -> impl IntoView {
    let all = [(Ways::Both, "Both ways"), (Ways::Forth, names[0]), (Ways::Back, names[1])];
    let choose = move |event: leptos::ev::Event| {
        let at = event_target_value(&event).parse::<usize>().ok();
        choose.run(at.and_then(|it| all.get(it)).map_or(Ways::Both, |it| it.0));
    };
    let options = all.into_iter().enumerate().map(|(at, (way, name))| {
        view! { <option value=at.to_string() prop:selected=move || ways.get() == way>{name}</option> }
    });
    view! {
        <select aria-label=label title="A cut may stop messages one way only." disabled=disabled
            on:change=choose>{options.collect_view()}</select>
    }
}

/// Choosing sides, folded, wherever a component has members and its picture does not offer it.
#[component]
pub fn Parting(
    /// Of which component.
    store: Id,
) -> impl IntoView {
    let app = App::here();
    let offered = {
        let store = store.clone();
        Memo::new(move |_| {
            app.nodes.track();
            if let Some(it) = app.node(&store) {
                it.record.track();
            }
            app.desk.with_value(|it| {
                let spec = it.shown().components.get(&store).map(|it| &it.spec);
                let drawn = spec.is_some_and(|it| it.about().addressing == Addressing::Peers);
                let members = spec.is_some_and(|it| it.members() > 1);
                members && !(drawn && app.tab.get() == Tab::Inside)
            })
        })
    };
    move || {
        let store = store.clone();
        offered.get().then(|| {
            view! {
                <Folded class="parting" words="Cut the network…"
                    title="Who reaches whom: a partition between its members, or around some of them">
                    <Sides store=store.clone() drawn=false/>
                </Folded>
            }
        })
    }
}

/// Choosing sides.
#[component]
pub fn Sides(
    /// Of which component.
    store: Id,
    /// Whether there is a picture to draw a line across.
    drawn: bool,
) -> impl IntoView {
    let app = App::here();
    let far = RwSignal::new(Vec::<Target>::new());
    let ways = RwSignal::new(Ways::Both);
    let all = {
        let store = store.clone();
        Memo::new(move |_| parties(app, &store))
    };
    let cuts = {
        let store = store.clone();
        Memo::new(move |_| in_force(app, &store))
    };
    let one = move |(target, name): (Target, String)| {
        let on = {
            let target = target.clone();
            move || far.with(|it| it.contains(&target))
        };
        let flip = move |_| {
            far.update(|it| match it.iter().position(|it| *it == target) {
                Some(at) => _ = it.remove(at),
                None => it.push(target.clone()),
            });
        };
        view! {
            <button class="o" title="On the other side of the cut, or not"
                aria-pressed=move || on().to_string() on:click=flip>{name}</button>
        }
    };
    let help = match drawn {
        true => {
            "Cut the network: draw a line across the picture, or choose who is on the other side."
        }
        false => "Nothing passes between those on the other side and the rest. Who is there?",
    };
    let separate = move |_| {
        cut(app, &store, &all.get_untracked(), &far.get_untracked(), ways.get_untracked());
        far.set(Vec::new());
    };
    let heal = move |_| {
        for (name, _) in cuts.get_untracked() {
            app.fault(Fault::Heal { name });
        }
    };
    view! {
        <div class="sides" role="group" aria-label="Cut the network">
            <p class="summary">{help}</p>
            <div class="parties">{move || all.get().into_iter().map(one).collect_view()}</div>
            <div class="doing">
                <WhichWays ways choose=move |it| ways.set(it) names=["Stops only what goes to them", "Stops only what comes from them"] disabled=false/>
                <button class="o" disabled=move || far.with(Vec::is_empty) on:click=separate>"Cut"</button>
                <button class="o" disabled=move || cuts.with(Vec::is_empty) on:click=heal>"Heal"</button>
            </div>
            <p class="cuts" aria-live="polite">{move || cuts.with(|it| match it.as_slice() {
                [] => String::new(),
                all => {
                    let all: Vec<_> = all.iter().map(|it| it.1.as_str()).collect();
                    format!("Cut: {}", all.join("; "))
                }
            })}</p>
        </div>
    }
}

/// Cutting off what is chosen from everything else, or healing that.
#[component]
pub fn Isolate(
    /// The components.
    nodes: Vec<Id>,
) -> impl IntoView {
    let app = App::here();
    let all = nodes.clone();
    let is_alone = Memo::new(move |_| app.isolating(&all).is_some());
    view! {
        <button on:click=move |_| app.isolate(&nodes)
            title="Nothing passes between this and everything else, until it is healed (Shift+X)."
        >{move || if is_alone.get() { "Heal" } else { "Isolate" }}</button>
    }
}

/// On which side of the line through a stroke something is.
fn is_left(from: Spot, to: Spot, at: Spot) -> bool {
    (to.0 - from.0) * (at.1 - from.1) < (to.1 - from.1) * (at.0 - from.0)
}

/// Who lies beyond a stroke in a picture.
fn beyond(picture: &Element, from: Spot, to: Spot) -> Vec<Target> {
    let Ok(marks) = picture.query_selector_all("[data-id^='side/']") else { return Vec::new() };
    let all = (0..marks.length()).filter_map(|it| marks.get(it)?.dyn_into::<Element>().ok());
    let target = |it: Element| {
        let rect = it.get_bounding_client_rect();
        let middle = (rect.x() + rect.width() / 2.0, rect.y() + rect.height() / 2.0);
        let id = it.get_attribute("data-id")?;
        let target: Target = id.strip_prefix("side/")?.parse().ok()?;
        is_left(from, to, middle).then_some(target)
    };
    all.filter_map(target).collect()
}

fn spot(event: &PointerEvent) -> Spot {
    (f64::from(event.client_x()), f64::from(event.client_y()))
}

fn length((from, to): (Spot, Spot)) -> f64 {
    (to.0 - from.0).hypot(to.1 - from.1)
}

/// A stroke begins.
pub fn pressed(stroke: RwSignal<Stroke>, event: &PointerEvent) {
    if event.is_primary() && event.button() == 0 {
        stroke.set(Some((spot(event), spot(event))));
        if let Some(frame) = frame(event) {
            _ = frame.set_pointer_capture(event.pointer_id());
        }
    }
}

/// It goes on.
pub fn moved(stroke: RwSignal<Stroke>, event: &PointerEvent) {
    if stroke.with_untracked(Option::is_some) {
        stroke.update(|it| *it = it.map(|it| (it.0, spot(event))));
    }
}

/// It ends: what lies on either side is cut off from the other.
pub fn released(app: App, stroke: RwSignal<Stroke>, store: &str, event: &PointerEvent) {
    let Some((from, to)) = stroke.get_untracked() else { return };
    stroke.set(None);
    if length((from, to)) >= STROKE_MIN
        && let Some(frame) = frame(event)
    {
        cut(app, store, &parties(app, store), &beyond(&frame, from, to), Ways::Both);
    }
}

fn frame(event: &PointerEvent) -> Option<Element> {
    event.current_target()?.dyn_into().ok()
}

/// A stroke as it is drawn.
#[component]
pub fn Line(
    /// Where it begins and ends, in pixels of the window.
    stroke: RwSignal<Stroke>,
) -> impl IntoView {
    let room = NodeRef::<html::Div>::new();
    let line = move || {
        let (from, to) = stroke.get().filter(|it| length(*it) >= STROKE_MIN)?;
        let rect = room.get_untracked()?.get_bounding_client_rect();
        let (x, y) = (rect.x(), rect.y());
        let d = format!("M{} {}L{} {}", from.0 - x, from.1 - y, to.0 - x, to.1 - y);
        Some(view! { <svg><path d=d/></svg> })
    };
    view! { <div class="stroke" aria-hidden="true" node_ref=room>{line}</div> }
}
