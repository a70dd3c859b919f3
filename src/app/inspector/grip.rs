//! What pointers and keys do in a lens. Its marks say what they ask for and where they can be dragged
//! ([`crate::lens::Act`]); while one is dragged, the lens is shown what would be done there.

use leptos::prelude::*;
use serde_json::{Map, Value};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlDivElement, HtmlElement, KeyboardEvent, PointerEvent, SvgElement};

use crate::app::store::{App, Tab};
use crate::base::time::Nanos;
use crate::document::Id;
use crate::document::edit::Edit;
use crate::editor::Input;
use crate::engine::fault::{Fault, Target};
use crate::lens::Act;

/// A pointer that has moved less has clicked, in pixels.
const CLICK: f64 = 4.0;
/// A mark that does something.
const MARK: &str = "[data-action],[data-spots]";

/// A place to drag to: left, top, width and height in the picture's pixels, and what it asks for.
struct Spot {
    area: [f64; 4],
    action: String,
}

impl Spot {
    fn read(line: &str) -> Option<Self> {
        let mut words = line.splitn(5, ' ');
        let mut number = || words.next()?.parse::<f64>().ok();
        let area = [number()?, number()?, number()?, number()?];
        Some(Self { area, action: words.next()?.to_owned() })
    }

    /// How far its middle is from a point within it.
    fn reach(&self, (x, y): (f64, f64)) -> Option<f64> {
        let [left, top, width, height] = self.area;
        let inside = (left..=left + width).contains(&x) && (top..=top + height).contains(&y);
        inside.then(|| (x - left - width / 2.0).hypot(y - top - height / 2.0))
    }
}

fn spots(mark: &Element) -> Vec<Spot> {
    let text = mark.get_attribute("data-spots").unwrap_or_default();
    text.lines().filter_map(Spot::read).collect()
}

/// A mark in hand.
pub struct Grip {
    action: Option<String>,
    spots: Vec<Spot>,
    /// Whether it goes to and fro only: however far above or below the pointer is, as what is tried out
    /// may have moved the picture.
    slides: bool,
    from: (f64, f64),
    moved: bool,
}

impl Grip {
    /// What is asked for where the pointer is.
    fn at(&self, event: &PointerEvent) -> Option<String> {
        let (x, y) = place(event)?;
        let reach = |it: &Spot| match self.slides {
            true => it.reach((x, it.area[1] + it.area[3] / 2.0)),
            false => it.reach((x, y)),
        };
        let near = self.spots.iter().filter_map(|it| Some((reach(it)?, it)));
        near.min_by(|one, other| one.0.total_cmp(&other.0)).map(|it| it.1.action.clone())
    }
}

/// Puts another picture in place of the last one; the keyboard stays where it was.
pub fn show(frame: &HtmlDivElement, picture: &str) {
    let active = document().active_element().filter(|it| frame.contains(Some(it)));
    let id = active.and_then(|it| it.get_attribute("data-id"));
    frame.set_inner_html(picture);
    let Some(id) = id else { return };
    let again = frame.query_selector(&format!("[data-id=\"{id}\"]")).ok().flatten();
    match again.and_then(|it| it.dyn_into::<SvgElement>().ok()) {
        Some(mark) => focus(&mark),
        None => focus(frame),
    }
}

/// Gives it the keyboard, and scrolls nothing.
fn focus(element: &Element) {
    let still = js_sys::Object::new();
    _ = js_sys::Reflect::set(&still, &"preventScroll".into(), &true.into());
    let focus = js_sys::Reflect::get(element, &"focus".into()).ok();
    if let Some(focus) = focus.and_then(|it| it.dyn_into::<js_sys::Function>().ok()) {
        _ = focus.call1(element, &still);
    }
}

/// Where a pointer is, in the picture's pixels.
fn place(event: &PointerEvent) -> Option<(f64, f64)> {
    let frame = event.current_target()?.dyn_into::<Element>().ok()?;
    let picture = frame.query_selector("svg").ok()??;
    let area = picture.get_bounding_client_rect();
    let width: f64 = picture.get_attribute("width")?.parse().ok()?;
    let scale = width / area.width();
    let (x, y) = (f64::from(event.client_x()), f64::from(event.client_y()));
    Some(((x - area.left()) * scale, (y - area.top()) * scale))
}

fn mark_of(target: Option<web_sys::EventTarget>) -> Option<Element> {
    target?.dyn_into::<Element>().ok()?.closest(MARK).ok()?
}

fn screen(event: &PointerEvent) -> (f64, f64) {
    (f64::from(event.client_x()), f64::from(event.client_y()))
}

/// Where pictures are shown.
fn frame(event: &PointerEvent) -> Option<HtmlElement> {
    event.current_target()?.dyn_into().ok()
}

/// Nothing is in hand any more: the picture may be as high as it is.
fn let_go(event: &PointerEvent) {
    if let Some(frame) = frame(event) {
        _ = frame.style().remove_property("min-height");
    }
}

/// A press: takes what is there in hand.
pub fn pressed(app: App, grip: StoredValue<Option<Grip>, LocalStorage>, event: &PointerEvent) {
    let Some(mark) = mark_of(event.target()).filter(|_| event.button() == 0) else { return };
    let action = mark.get_attribute("data-action");
    let spots = spots(&mark);
    // Others can be dragged up and down too.
    let row = |it: &Spot| (it.area[1], it.area[3]);
    let level = spots.windows(2).all(|it| row(&it[0]) == row(&it[1]));
    let slides = level && mark.has_attribute("aria-valuenow");
    // What can only be dragged follows the pointer at once.
    let moved = action.is_none();
    if let Some(frame) = frame(event) {
        _ = frame.set_pointer_capture(event.pointer_id());
        // What is tried out may be a shorter picture: what is in hand must not be scrolled away.
        let height = format!("{}px", frame.offset_height());
        _ = frame.style().set_property("min-height", &height);
    }
    if let Ok(mark) = mark.dyn_into::<SvgElement>() {
        focus(&mark);
    }
    event.prevent_default();
    let held = Grip { action, spots, slides, from: screen(event), moved };
    let at = held.at(event).filter(|_| moved);
    grip.set_value(Some(held));
    attempt(app, at);
}

/// A move: what it would do there is tried out.
pub fn moved(app: App, grip: StoredValue<Option<Grip>, LocalStorage>, event: &PointerEvent) {
    let at = grip.try_update_value(|it| {
        let held = it.as_mut()?;
        let (x, y) = screen(event);
        held.moved |= (x - held.from.0).hypot(y - held.from.1) > CLICK;
        held.moved.then(|| held.at(event))
    });
    if let Some(Some(at)) = at {
        attempt(app, at);
    }
}

/// It is let go: done, if there is something to be done there.
pub fn released(
    app: App,
    grip: StoredValue<Option<Grip>, LocalStorage>,
    id: &Id,
    event: &PointerEvent,
) {
    let Some(held) = grip.try_update_value(Option::take).flatten() else { return };
    let_go(event);
    attempt(app, None);
    let dragged = held.moved && !held.spots.is_empty();
    let action = if dragged { held.at(event) } else { held.action };
    if let Some(action) = action {
        act(app, id, &action);
    }
}

/// It is lost: nothing is done.
pub fn lost(app: App, grip: StoredValue<Option<Grip>, LocalStorage>, event: &PointerEvent) {
    grip.set_value(None);
    let_go(event);
    attempt(app, None);
}

/// A key on a mark. False if it means nothing there.
pub fn keyed(app: App, id: &Id, event: &KeyboardEvent) -> bool {
    let Some(mark) = mark_of(event.target()) else { return false };
    let action = match event.key().as_str() {
        "Enter" | " " => mark.get_attribute("data-action"),
        key => {
            let spots = spots(&mark);
            let now = mark.get_attribute("aria-valuenow").and_then(|it| it.parse::<usize>().ok());
            let (now, last) = (now.unwrap_or(0), spots.len().saturating_sub(1));
            let next = match key {
                "ArrowRight" | "ArrowUp" => (now + 1).min(last),
                "ArrowLeft" | "ArrowDown" => now.saturating_sub(1),
                "PageUp" => (now + 10).min(last),
                "PageDown" => now.saturating_sub(10),
                "Home" => 0,
                "End" => last,
                _ => return false,
            };
            spots.into_iter().nth(next).map(|it| it.action)
        }
    };
    event.prevent_default();
    event.stop_propagation();
    if let Some(action) = action {
        act(app, id, &action);
    }
    true
}

/// Tries something out, or nothing.
fn attempt(app: App, action: Option<String>) {
    if app.look.with_untracked(|it| it.trial != action) {
        app.look.update(|it| it.trial = action);
        look(app);
    }
}

/// Asks for a new picture.
fn look(app: App) {
    app.bridge.update_value(|it| it.look());
    app.wake();
}

/// Does what a mark asks for, to the component with this id.
fn act(app: App, id: &Id, action: &str) {
    match Act::parse(action) {
        Some(Act::Note(name, value)) => {
            app.look.update(|it| it.note(&name, &value));
            look(app);
        }
        Some(Act::Set(field, value)) => {
            let Ok(value) = serde_json::from_str(&value) else { return };
            app.act(Input::Edit(Edit::SetComponent { id: id.clone(), field, value }));
            look(app);
        }
        Some(Act::Tune(values)) => {
            let Ok(values) = serde_json::from_str::<Map<String, Value>>(&values) else { return };
            let (id, values) = (id.clone(), values.into_iter().collect());
            app.act(Input::Edit(Edit::Tune { id, values }));
            look(app);
        }
        Some(Act::Crash(member)) => app.set_up(Target::member(id, member), false),
        Some(Act::Promote(member)) => app.fault(Fault::Promote(Target::member(id, member))),
        Some(Act::Command(member, words)) => {
            app.fault(Fault::Command { target: Target::member(id, member), words });
        }
        Some(Act::Move(who, over, cut)) => super::cut::across(app, &who, over, &cut),
        Some(Act::At(moment)) => app.look_at(Nanos(moment)),
        Some(Act::Follow(request, moment)) => {
            app.follow_request(request, Nanos(moment));
            app.tab.set(Tab::Requests);
        }
        Some(Act::Restart(member)) => app.set_up(Target::member(id, member), true),
        None => {}
    }
}
