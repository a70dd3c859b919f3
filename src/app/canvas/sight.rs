//! What is acted on or chosen is brought in sight.

use leptos::prelude::*;

use crate::app::inspector::pull::Tall;
use crate::app::store::{App, Selected};
use crate::base::geometry::{Point, Rect};
use crate::document::Id;
use crate::document::edit::Item;

use super::hand::Hand;
use super::inspector_width;

/// Height of what stands at the foot of the canvas, in pixels.
const FOOT: f64 = 62.0;
/// Share of the canvas that a lens spread over it takes, as in the style sheet.
pub fn lens_share(narrow: bool) -> f64 {
    if narrow { 0.78 } else { 0.64 }
}

/// Keeps what is chosen in sight when the sheet or the room around it has another height.
pub fn follow(app: App, hand: Hand) {
    Effect::new(move |_| {
        app.stage.track();
        app.large.track();
        hand.tall.track();
        // Who has moved the canvas is not to be led back.
        let here = app.follows.get_untracked() && app.place.with_untracked(|it| it.narrow);
        if let Some(chosen) = app.selected.get_untracked().filter(|_| here) {
            reveal_chosen(app, &chosen);
        }
    });
}

/// Moves what is shown as little as needed for a chosen component or wire to be in sight.
pub fn reveal_chosen(app: App, chosen: &Selected) {
    match chosen {
        Selected::Node(id) => reveal(app, &Item::Component(id.clone())),
        Selected::Wire(id) => reveal(app, &Item::Wire(id.clone())),
        _ => {}
    }
}

/// Moves what is shown as little as needed for something to be in sight, and clear of the inspector:
/// of a wire, what it joins too.
pub fn reveal(app: App, item: &Item) {
    let ends = match item {
        Item::Wire(id) => app.wire(id).map(|it| it.record.get_untracked()),
        _ => None,
    };
    let rect = app.ask(|it| match (item, &ends) {
        (Item::Wire(id), Some(wire)) => {
            let end = |id: &Id| it.picture().rect(&Item::Component(id.clone()));
            let ends = [&wire.from, &wire.to].into_iter().filter_map(end);
            let own = it.picture().curve(id).map(|it| it.bounds());
            own.into_iter().chain(ends).reduce(Rect::union)
        }
        _ => it.picture().rect(item),
    });
    let Some(rect) = rect else { return };
    let camera = app.camera.get_untracked();
    let from = camera.screen_from_document(Point::new(rect.x, rect.y));
    let to = Point::new(from.x + rect.width * camera.zoom, from.y + rect.height * camera.zoom);
    let free = app.free_window();
    // What is larger than the room there is shows its beginning.
    let shift = |from: f64, to: f64, first: f64, last: f64| {
        let by = (last - to).min(0.0);
        by + (first - from - by).max(0.0)
    };
    let narrow = app.place.with_untracked(|it| it.narrow);
    // The handle at a node's side is in sight too.
    let margin = if narrow { 4.0 } else { 28.0 };
    // What is to be tried stands at the foot, the legend at the top.
    let open = app.selected.with_untracked(Option::is_some);
    let top = if narrow && app.large.get_untracked() { 8.0 } else { 56.0 };
    let bottom = free.height - if open { 24.0 } else { FOOT };
    let dx = shift(from.x, to.x, margin, free.width - margin);
    let dy = shift(from.y, to.y, top, bottom);
    if dx != 0.0 || dy != 0.0 {
        app.camera.update(|it| {
            it.offset.x += dx;
            it.offset.y += dy;
        });
        app.wake();
    }
}

impl App {
    /// The part of the canvas that nothing covers, on the screen.
    pub fn free_window(self) -> Rect {
        let (width, height) = self.stage.get_untracked();
        let open = self.selected.with_untracked(Option::is_some);
        let (narrow, growth) = self.place.with_untracked(|it| (it.narrow, it.growth));
        let large = self.large.get_untracked();
        let tall = self.hand().map_or(Tall::Half, |it| it.tall.get_untracked());
        // Side by side, the inspector lies over the other future.
        let (width, sheet) = match open && !self.both.get_untracked() {
            false => (width, 0.0),
            true if large => (width, height * lens_share(narrow)),
            true if narrow => (width, tall.pixels(height, growth)),
            true => (width - inspector_width(growth), 0.0),
        };
        Rect { x: 0.0, y: 0.0, width: width.max(0.0), height: (height - sheet).max(0.0) }
    }
}
