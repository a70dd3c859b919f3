//! What pointers do on the canvas: choose, move a node, pan, pinch.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, PointerEvent};

use crate::app::store::{App, Selected};
use crate::base::geometry::Point;
use crate::document::Id;

use super::INSPECTOR;

/// A pointer that has moved less than this has clicked, in pixels.
const CLICK: f64 = 4.0;
/// Nodes snap to multiples of this, in document pixels; Alt lets them go anywhere.
const GRID: f64 = 10.0;

/// What is being done.
#[derive(Clone, Debug, Default, PartialEq)]
enum Doing {
    #[default]
    Nothing,
    /// The background moves; what was hit, to choose if it turns out to be a click.
    Pan { from: Point, moved: bool, hit: Option<Selected> },
    /// A node moves: where in it the pointer holds it, and where it was.
    Drag { id: Id, hold: Point, from: Point, home: Point, moved: bool },
    /// Two fingers.
    Pinch { middle: Point, spread: f64 },
}

/// The pointers on the canvas.
#[derive(Clone, Debug, Default)]
pub struct Hand {
    doing: Doing,
    pointers: Vec<(i32, Point)>,
}

fn place_of(event: &PointerEvent) -> Point {
    let stage = event.current_target().and_then(|it| it.dyn_into::<Element>().ok());
    let rect = stage.map(|it| it.get_bounding_client_rect());
    let (left, top) = rect.map_or((0.0, 0.0), |it| (it.left(), it.top()));
    Point::new(f64::from(event.client_x()) - left, f64::from(event.client_y()) - top)
}

/// What the pointer is over.
fn hit(event: &PointerEvent) -> Option<Selected> {
    let element = event.target()?.dyn_into::<Element>().ok()?;
    if let Ok(Some(node)) = element.closest("[data-node]") {
        return node.get_attribute("data-node").map(Selected::Node);
    }
    let wire = element.closest("[data-wire]").ok()??;
    wire.get_attribute("data-wire").map(Selected::Wire)
}

/// Whether the pointer is over something that looks after itself.
fn is_control(event: &PointerEvent) -> bool {
    let element = event.target().and_then(|it| it.dyn_into::<Element>().ok());
    element.is_some_and(|it| matches!(it.closest(".chip, .stage-foot"), Ok(Some(_))))
}

/// A pointer does something.
pub fn touch(app: App, event: &PointerEvent) {
    match event.type_().as_str() {
        "pointerdown" => down(app, event),
        "pointermove" => moved(app, event),
        "pointerup" => up(app, event),
        _ => cancel(app, event),
    }
}

/// A pointer goes down.
fn down(app: App, event: &PointerEvent) {
    if is_control(event) || !matches!(event.button(), 0 | 1) {
        return;
    }
    let at = place_of(event);
    if let Some(stage) = event.current_target().and_then(|it| it.dyn_into::<Element>().ok()) {
        _ = stage.set_pointer_capture(event.pointer_id());
    }
    let what = hit(event);
    app.hand.update_value(|it| {
        it.pointers.push((event.pointer_id(), at));
        if let [(_, one), (_, other)] = it.pointers[..] {
            put_back(app, &it.doing);
            let (middle, spread) = span(one, other);
            it.doing = Doing::Pinch { middle, spread };
            return;
        }
        let narrow = app.place.with_untracked(|it| it.narrow);
        it.doing = match what {
            Some(Selected::Node(id)) if event.button() == 0 && !narrow => grasp(app, id, at),
            hit => Doing::Pan { from: at, moved: false, hit },
        };
    });
}

/// A pointer moves.
fn moved(app: App, event: &PointerEvent) {
    let at = place_of(event);
    let free = event.alt_key();
    app.hand.update_value(|it| {
        let Some(pointer) = it.pointers.iter_mut().find(|it| it.0 == event.pointer_id()) else {
            return;
        };
        pointer.1 = at;
        match &mut it.doing {
            Doing::Nothing => {}
            Doing::Pan { from, moved, .. } => {
                let (dx, dy) = (at.x - from.x, at.y - from.y);
                if *moved || dx.hypot(dy) > CLICK {
                    *moved = true;
                    *from = at;
                    app.pan(dx, dy);
                }
            }
            Doing::Drag { id, hold, from, moved, .. } => {
                if *moved || (at.x - from.x).hypot(at.y - from.y) > CLICK {
                    *moved = true;
                    let pointer = app.camera.get_untracked().document_from_screen(at);
                    let spot = Point::new(pointer.x - hold.x, pointer.y - hold.y);
                    carry(app, id, spot, free);
                }
            }
            Doing::Pinch { middle, spread } => {
                if let [(_, one), (_, other), ..] = it.pointers[..] {
                    let (to, now) = span(one, other);
                    app.pan(to.x - middle.x, to.y - middle.y);
                    app.zoom_about(to, now / spread.max(1.0));
                    (*middle, *spread) = (to, now);
                }
            }
        }
    });
}

/// A pointer goes up.
fn up(app: App, event: &PointerEvent) {
    let done = app.hand.try_update_value(|it| {
        it.pointers.retain(|it| it.0 != event.pointer_id());
        std::mem::take(&mut it.doing)
    });
    match done.unwrap_or_default() {
        Doing::Pan { moved: false, hit, .. } => app.select(hit),
        Doing::Drag { id, moved: false, .. } => app.select(Some(Selected::Node(id))),
        Doing::Drag { id, home, moved: true, .. } => {
            let Some(node) = app.node(&id) else { return };
            let to = node.record.with_untracked(|it| it.at);
            node.record.update(|it| it.at = home);
            app.edit_node(&id, |it| it.at = to);
        }
        _ => {}
    }
}

/// The browser takes the pointer away: as if nothing had been begun.
fn cancel(app: App, event: &PointerEvent) {
    app.hand.update_value(|it| {
        it.pointers.retain(|it| it.0 != event.pointer_id());
        put_back(app, &it.doing);
        it.doing = Doing::Nothing;
    });
}

/// Keeps what is chosen in sight.
pub fn follow(app: App) {
    Effect::new(move |before: Option<Option<Selected>>| {
        let selected = app.selected.get();
        if let (Some(Selected::Node(id)), true) = (&selected, before.as_ref() != Some(&selected)) {
            reveal(app, id);
        }
        selected
    });
}

/// Moves what is shown as little as needed for a node to be clear of the inspector.
fn reveal(app: App, id: &str) {
    let Some(node) = app.node(id) else { return };
    let place = app.place.get_untracked();
    let rect = node.record.with_untracked(|it| place.rect(id, it));
    let camera = app.camera.get_untracked();
    let (width, height) = app.stage.get_untracked();
    let from = camera.screen_from_document(Point::new(rect.x, rect.y));
    let to = Point::new(from.x + rect.width * camera.zoom, from.y + rect.height * camera.zoom);
    let (right, bottom) = match place.narrow {
        true => (width, height * 0.42),
        false => (width - INSPECTOR * if place.growth > 1.0 { 1.36 } else { 1.0 }, height),
    };
    let (mut dx, mut dy) = (0.0, 0.0);
    if to.x > right - 16.0 {
        dx = right - 16.0 - to.x;
    }
    if to.y > bottom - 16.0 {
        dy = bottom - 16.0 - to.y;
    }
    if from.y + dy < 56.0 {
        dy = 56.0 - from.y;
    }
    if dx != 0.0 || dy != 0.0 {
        app.camera.update(|it| {
            it.offset.x += dx;
            it.offset.y += dy;
        });
        app.wake();
    }
}

fn span(one: Point, other: Point) -> (Point, f64) {
    let middle = Point::new((one.x + other.x) / 2.0, (one.y + other.y) / 2.0);
    (middle, (one.x - other.x).hypot(one.y - other.y))
}

fn grasp(app: App, id: Id, at: Point) -> Doing {
    let Some(node) = app.node(&id) else { return Doing::Nothing };
    let home = node.record.with_untracked(|it| it.at);
    let spot = app.place.with_untracked(|it| it.spot(&id, home));
    let pointer = app.camera.get_untracked().document_from_screen(at);
    let hold = Point::new(pointer.x - spot.x, pointer.y - spot.y);
    Doing::Drag { id, hold, from: at, home, moved: false }
}

/// Moves a node while it is held: one signal, one element.
fn carry(app: App, id: &str, spot: Point, free: bool) {
    let Some(mut to) = app.place.with_untracked(|it| it.document_from_spot(spot)) else { return };
    if !free {
        to = Point::new((to.x / GRID).round() * GRID, (to.y / GRID).round() * GRID);
    }
    if let Some(node) = app.node(id)
        && node.record.with_untracked(|it| it.at != to)
    {
        node.record.update(|it| it.at = to);
        app.latest.update_value(|it| it.geometry += 1);
        app.wake();
    }
}

fn put_back(app: App, doing: &Doing) {
    if let Doing::Drag { id, home, .. } = doing
        && let Some(node) = app.node(id)
    {
        node.record.update(|it| it.at = *home);
        app.latest.update_value(|it| it.geometry += 1);
        app.wake();
    }
}
