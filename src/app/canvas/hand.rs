//! Pointers on the canvas, handed to the editor in its own words.

use gloo_timers::callback::Timeout;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, HtmlElement, PointerEvent};

use crate::app::inspector::pull::Tall;
use crate::app::store::{App, Selected};
use crate::base::geometry::Point;
use crate::document::Id;
use crate::document::edit::Item;
use crate::editor::{Button, Held, Input, Preview, Tool};

use super::cuts;
use super::dot::{self, Pressed};
use super::sight;

/// A finger that stays this long means something else than a tap, in milliseconds.
const HOLD_MS: u32 = 420;
/// A finger that has moved less has stayed, in pixels.
const STAY: f64 = 6.0;
/// A refusal can be read for so long, in milliseconds.
const REFUSED_MS: u32 = 7_000;

/// What pointers and keys are doing. Handed around by value.
#[derive(Clone, Copy)]
pub struct Hand {
    /// What the gesture under way draws.
    pub preview: RwSignal<Preview>,
    /// What a press does.
    pub tool: RwSignal<Tool>,
    /// The component under the pointer.
    pub hover: RwSignal<Option<Id>>,
    /// What has the keyboard.
    pub focus: RwSignal<Option<Item>>,
    /// What is being named.
    pub renaming: RwSignal<Option<Item>>,
    /// What is told to screen readers.
    pub said: RwSignal<String>,
    /// Why something was not done, and where that was tried.
    pub refused: RwSignal<Option<(Point, String)>>,
    /// The dot that was pressed: what may befall its message is offered.
    pub dot: RwSignal<Option<Pressed>>,
    /// Whether something follows the pointer: panels then make way.
    pub dragging: RwSignal<bool>,
    /// Whether every key and gesture is shown.
    pub sheet: RwSignal<bool>,
    /// How high the inspector is where it is a sheet.
    pub tall: RwSignal<Tall>,
    /// Whether the space bar is held, and nothing has been done with it yet.
    pub space: StoredValue<Option<bool>>,
    /// Where the pointer is on the canvas.
    pub at: StoredValue<Point>,
    /// Pointers that are down, and where.
    pointers: StoredValue<Vec<(i32, Point)>>,
    /// Two fingers: their middle, and how far apart they are.
    pinch: StoredValue<Option<(Point, f64)>>,
    /// Whether a finger was lifted off the canvas and its click is still to come.
    tapped: StoredValue<bool>,
    /// What was chosen before the press.
    before: StoredValue<Option<Selected>>,
    timer: StoredValue<Option<Timeout>, LocalStorage>,
    fading: StoredValue<Option<Timeout>, LocalStorage>,
}

impl Hand {
    /// Doing nothing.
    pub fn new() -> Self {
        Self {
            preview: RwSignal::new(Preview::Nothing),
            tool: RwSignal::new(Tool::Select),
            hover: RwSignal::new(None),
            focus: RwSignal::new(None),
            renaming: RwSignal::new(None),
            said: RwSignal::new(String::new()),
            refused: RwSignal::new(None),
            dot: RwSignal::new(None),
            dragging: RwSignal::new(false),
            sheet: RwSignal::new(false),
            tall: RwSignal::new(Tall::Half),
            space: StoredValue::new(None),
            at: StoredValue::new(Point::default()),
            pointers: StoredValue::new(Vec::new()),
            pinch: StoredValue::new(None),
            tapped: StoredValue::new(false),
            before: StoredValue::new(None),
            timer: StoredValue::new_local(None),
            fading: StoredValue::new_local(None),
        }
    }

    /// Whether one pointer is down, and no more.
    pub(super) fn is_pressed(self) -> bool {
        self.pointers.with_value(|it| it.len() == 1)
    }

    /// Tells why something was not done, where it was tried.
    pub fn refuse(self, problem: String) {
        self.said.set(problem.clone());
        self.refused.set(Some((self.at.get_value(), problem)));
        let fade = Timeout::new(REFUSED_MS, move || self.refused.set(None));
        self.fading.set_value(Some(fade));
    }
}

impl Default for Hand {
    fn default() -> Self {
        Self::new()
    }
}

/// Where on the canvas a pointer is.
pub fn place_of(x: i32, y: i32) -> Point {
    // Of two futures side by side, the one that is pressed, or the one under the pointer.
    let under = |it: Element| it.closest(".stage").ok().flatten();
    let pressed = document().query_selector(".stage:active").ok().flatten();
    let stage = pressed
        .or_else(|| document().element_from_point(x as f32, y as f32).and_then(under))
        .or_else(|| document().query_selector(".stage").ok().flatten());
    let rect = stage.map(|it| it.get_bounding_client_rect());
    let (left, top) = rect.map_or((0.0, 0.0), |it| (it.left(), it.top()));
    Point::new(f64::from(x) - left, f64::from(y) - top)
}

/// Whether an element looks after itself.
pub fn is_control(target: Option<web_sys::EventTarget>) -> bool {
    let element = target.and_then(|it| it.dyn_into::<Element>().ok());
    element
        .is_some_and(|it| matches!(it.closest(".chip, .stage-foot, .naming, .warned"), Ok(Some(_))))
}

fn held(event: &PointerEvent) -> Held {
    let command = event.ctrl_key() || event.meta_key() || event.alt_key();
    Held { shift: event.shift_key(), command }
}

/// A pointer does something.
pub fn touch(app: App, event: &PointerEvent) {
    let Some(hand) = app.hand() else { return };
    match event.type_().as_str() {
        "pointerdown" => down(app, hand, event),
        "pointermove" => moved(app, hand, event),
        "pointerup" => up(app, hand, event),
        _ => {
            hand.pointers.update_value(|it| it.retain(|it| it.0 != event.pointer_id()));
            hand.pinch.set_value(None);
            hand.timer.set_value(None);
            app.act(Input::Lost);
        }
    }
}

fn down(app: App, hand: Hand, event: &PointerEvent) {
    if is_control(event.target()) || !matches!(event.button(), 0 | 1) {
        return;
    }
    let at = place_of(event.client_x(), event.client_y());
    hand.at.set_value(at);
    hand.tapped.set_value(false);
    hand.refused.set(None);
    let finger = event.pointer_type() == "touch";
    let calm = hand.pointers.with_value(Vec::is_empty) && hand.tool.get_untracked() == Tool::Select;
    if event.button() == 0 && calm && dot::press(app, hand, at, finger) {
        return;
    }
    if let Some(stage) = event.current_target().and_then(|it| it.dyn_into::<HtmlElement>().ok()) {
        _ = stage.set_pointer_capture(event.pointer_id());
        // What is being named is named now.
        let active = document().active_element().and_then(|it| it.dyn_into::<HtmlElement>().ok());
        if let Some(active) = active.filter(|it| matches!(it.closest(".naming"), Ok(Some(_)))) {
            _ = active.blur();
        }
    }
    hand.pointers.update_value(|it| it.push((event.pointer_id(), at)));
    let pointers = hand.pointers.get_value();
    if let [(_, one), (_, other)] = pointers[..] {
        hand.timer.set_value(None);
        app.act(Input::Lost);
        hand.pinch.set_value(Some(span(one, other)));
        return;
    }
    let button = match (event.button(), finger) {
        (1, _) => Button::Middle,
        (_, true) => Button::Finger,
        _ => Button::Main,
    };
    hand.space.update_value(|it| *it = it.map(|_| false));
    if hand.tool.get_untracked() == Tool::Cut
        && let Some(stage) = event.current_target().and_then(|it| it.dyn_into::<Element>().ok())
    {
        app.act(Input::Marks(cuts::marks(app, &stage)));
    }
    hand.before.set_value(app.selected.get_untracked());
    app.act(Input::Press { at, button, held: held(event) });
    if finger {
        let stays = Timeout::new(HOLD_MS, move || app.act(Input::Hold));
        hand.timer.set_value(Some(stays));
    }
}

fn moved(app: App, hand: Hand, event: &PointerEvent) {
    let at = place_of(event.client_x(), event.client_y());
    let mut from = None;
    hand.pointers.update_value(|it| {
        if let Some(pointer) = it.iter_mut().find(|it| it.0 == event.pointer_id()) {
            from = Some(pointer.1);
            pointer.1 = at;
        }
    });
    let pointers = hand.pointers.get_value();
    if let (Some((middle, spread)), [(_, one), (_, other), ..]) =
        (hand.pinch.get_value(), &pointers[..])
    {
        let (to, now) = span(*one, *other);
        app.pan(to.x - middle.x, to.y - middle.y);
        app.zoom_about(to, now / spread.max(1.0));
        hand.pinch.set_value(Some((to, now)));
        return;
    }
    let start = hand.at.get_value();
    if from.is_none() || (at.x - start.x).hypot(at.y - start.y) > STAY {
        hand.timer.set_value(None);
    } else if hand.timer.with_value(Option::is_some) {
        return;
    }
    if from.is_some() || app.desk.with_value(|it| it.editor.is_connecting()) {
        hand.at.set_value(at);
        app.act(Input::Move { at, held: held(event) });
    } else if event.pointer_type() != "touch" {
        let here = app.camera.get_untracked().document_from_screen(at);
        let over = app.ask(|it| {
            let near = crate::editor::hit::HANDLE.0 / it.camera().zoom;
            let picture = it.picture();
            picture.component_at(here).or_else(|| picture.handle_at(here, near))
        });
        if hand.hover.with_untracked(|it| *it != over) {
            hand.hover.set(over);
        }
    }
}

fn up(app: App, hand: Hand, event: &PointerEvent) {
    hand.timer.set_value(None);
    let before = hand.pointers.with_value(Vec::len);
    hand.pointers.update_value(|it| it.retain(|it| it.0 != event.pointer_id()));
    let left = hand.pointers.with_value(Vec::len);
    if hand.pinch.with_value(Option::is_some) {
        // The finger that stays does nothing until it, too, is lifted.
        if left == 0 {
            hand.pinch.set_value(None);
        }
        return;
    }
    if before > left {
        hand.tapped.set_value(event.pointer_type() == "touch");
        let at = place_of(event.client_x(), event.client_y());
        let dragged = hand.dragging.get_untracked();
        app.act(Input::Release { at });
        // Not after a pan: who looks elsewhere is not to be led back.
        let chosen = app.selected.get_untracked().filter(|_| !dragged);
        if let Some(chosen) = chosen.filter(|it| Some(it) != hand.before.get_value().as_ref()) {
            sight::reveal_chosen(app, &chosen);
        }
    }
}

fn span(one: Point, other: Point) -> (Point, f64) {
    let middle = Point::new((one.x + other.x) / 2.0, (one.y + other.y) / 2.0);
    (middle, (one.x - other.x).hypot(one.y - other.y))
}

/// The thing that an element of the canvas stands for.
pub fn item_of(target: Option<web_sys::EventTarget>) -> Option<Item> {
    let element = target.and_then(|it| it.dyn_into::<Element>().ok())?;
    let named = |name: &str| element.get_attribute(name);
    named("data-node")
        .map(Item::Component)
        .or_else(|| named("data-note").map(Item::Note))
        .or_else(|| named("data-zone").map(Item::Zone))
        .or_else(|| named("data-wire").map(Item::Wire))
}

/// Gives the keyboard to the element that stands for something.
pub fn focus_on(item: &Item) {
    let name = match item {
        Item::Component(_) => "node",
        Item::Note(_) => "note",
        Item::Zone(_) => "zone",
        Item::Wire(_) => "wire",
        Item::Fault(_) => return,
    };
    let element = document().query_selector(&format!("[data-{name}=\"{}\"]", item.id()));
    if let Ok(Some(element)) = element {
        match element.dyn_into::<HtmlElement>() {
            Ok(it) => _ = it.focus(),
            // A wire is SVG.
            Err(it) => _ = it.unchecked_into::<HtmlElement>().focus(),
        }
    }
}

/// Keeps what is chosen in sight, knows what has the keyboard, and listens for double clicks.
pub fn follow(app: App, hand: Hand) {
    Effect::new(move |before: Option<Option<Selected>>| {
        let selected = app.selected.get();
        // Not under a pointer that may be about to drag.
        let rests = hand.pointers.with_value(Vec::is_empty);
        if let (Some(it), true, true) = (&selected, rests, before.as_ref() != Some(&selected)) {
            sight::reveal_chosen(app, it);
        }
        selected
    });
    sight::follow(app, hand);
    Effect::new(move |_| {
        let connecting = hand.preview.with(|it| matches!(it, Preview::Wire(_) | Preview::Cut(_)));
        if let Some(body) = document().body() {
            _ = body.toggle_attribute_with_force("data-connecting", connecting);
        }
    });
    Effect::new(move |_| {
        let dragging = hand.dragging.get();
        if let Some(body) = document().body() {
            _ = body.toggle_attribute_with_force("data-dragging", dragging);
        }
    });
    let focus = window_event_listener(leptos::ev::focusin, move |event| {
        let item = item_of(event.target());
        // The keyboard has gone to something that may be out of sight.
        if let (Some(Item::Component(id)), true) = (&item, hand.pointers.with_value(Vec::is_empty))
        {
            sight::reveal(app, &Item::Component(id.clone()));
        }
        hand.focus.set(item);
    });
    let blur = window_event_listener(leptos::ev::focusout, move |_| hand.focus.set(None));
    let twice = window_event_listener(leptos::ev::dblclick, move |event| {
        let inside = event.target().and_then(|it| it.dyn_into::<Element>().ok());
        let inside = inside.is_some_and(|it| matches!(it.closest(".stage"), Ok(Some(_))));
        if inside && !is_control(event.target()) {
            app.focused().act(Input::Twice { at: place_of(event.client_x(), event.client_y()) });
        }
    });
    // The click of a tap on the canvas is not meant for the sheet that the tap has opened there.
    let stray = Closure::<dyn FnMut(web_sys::Event)>::new(move |event: web_sys::Event| {
        let tapped = hand.tapped.try_update_value(std::mem::take) == Some(true);
        let element = event.target().and_then(|it| it.dyn_into::<Element>().ok());
        if tapped && element.is_some_and(|it| matches!(it.closest(".inspector"), Ok(Some(_)))) {
            event.stop_propagation();
            event.prevent_default();
        }
    });
    let next = window_event_listener(leptos::ev::pointerdown, move |event| {
        // Not every tap is followed by a click; the next press is for whatever it is on.
        let inside = event.target().and_then(|it| it.dyn_into::<Element>().ok());
        if inside.is_some_and(|it| matches!(it.closest(".stage"), Ok(None))) {
            hand.tapped.set_value(false);
        }
    });
    let listener = stray.as_ref().unchecked_ref();
    _ = window().add_event_listener_with_callback_and_bool("click", listener, true);
    // For as long as the page lives.
    std::mem::forget((focus, blur, twice, stray, next));
}
