//! The canvas: nodes as elements, wires as SVG, what moves painted over them. Pan, zoom, fit,
//! select and move.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use web_sys::{AddEventListenerOptions, PointerEvent, ResizeObserver, WheelEvent};

use crate::base::geometry::{Camera, Point, Rect};

use super::store::App;
use crate::document::Id;
use crate::session::protocol::Branch;

pub mod actions;
mod acts;
mod brush;
pub mod count;
mod cuts;
pub mod dot;
pub mod flow;
pub mod hand;
pub mod hints;
pub mod legend;
pub mod node;
pub mod overlay;
pub mod sight;
pub mod sketch;
pub mod wire;
pub mod zoom;

/// Screens narrower than this are laid out from top to bottom.
const NARROW: f64 = 640.0;
/// Below these zooms nodes have larger type, and then only their names.
const SMALL: f64 = 0.88;
const TINY: f64 = 0.62;
/// Largest zoom that fitting chooses.
const FIT_ZOOM_MAX: f64 = 1.25;
/// Smallest zoom that fitting chooses on a narrow screen: names and figures stay legible.
const NARROW_ZOOM_MIN: f64 = 0.95;
/// How far up from the middle fitting moves a design, as a part of the room above and below it.
const FOOT_SHARE: f64 = 0.2;
/// The same where what is told and what is asked stand one above the other, and below which width that is,
/// as in the style sheet.
const FOOT_SHARE_STACKED: f64 = 0.5;
const STACKED: f64 = 1300.0;
/// How far one notch of the wheel zooms.
const WHEEL_ZOOM: f64 = 0.0022;
/// Width of the inspector that fitting and showing keep clear of, as in the style sheet.
const INSPECTOR: f64 = 324.0;
/// How much wider it is projected.
const INSPECTOR_GROWTH: f64 = 1.36;

/// Width of the inspector where nodes are so many times as large as in the document.
pub fn inspector_width(growth: f64) -> f64 {
    INSPECTOR * if growth > 1.0 { INSPECTOR_GROWTH } else { 1.0 }
}

/// The same where two futures stand side by side.
const BESIDE: (f64, f64, f64, f64) = (16.0, 34.0, 16.0, 52.0);

/// On a canvas lower than this less room is kept: the design would not be seen, in pixels.
const LOW: f64 = 360.0;

/// Room that is kept around the design: left, top, right, bottom.
fn insets(narrow: bool, growth: f64, height: f64) -> (f64, f64, f64, f64) {
    if narrow {
        (8.0, 64.0 + 80.0 * (growth - 1.0), 8.0, 66.0)
    } else if height < LOW {
        (28.0, 12.0, 28.0, 48.0)
    } else {
        (28.0, 48.0 + 8.0 * growth, 28.0, 78.0)
    }
}

impl App {
    /// Shows all of the design.
    pub fn fit(self) {
        let (width, height) = self.stage.get_untracked();
        let (bounds, narrow, growth) = self.place.with_untracked(|place| {
            let bounds = self.desk.with_value(|it| place.bounds(it.shown()));
            (bounds, place.narrow, place.growth)
        });
        let (Some(bounds), true) = (bounds, width > 0.0) else { return };
        let (left, top, right, mut bottom) = match self.both.get_untracked() {
            true => BESIDE,
            false => insets(narrow, growth, height),
        };
        if self.large.get_untracked() {
            bottom = height * sight::lens_share(narrow) + 12.0;
        }
        let window = Rect {
            x: left,
            y: top,
            width: (width - left - right).max(60.0),
            height: (height - top - bottom).max(60.0),
        };
        let mut camera = Camera::fit(bounds, window, FIT_ZOOM_MAX);
        // A long design on a narrow screen is read from its top, rather than not at all.
        if narrow && camera.zoom < NARROW_ZOOM_MIN {
            let zoom = NARROW_ZOOM_MIN.min(window.width / bounds.width);
            let x = window.x + (window.width - bounds.width * zoom) / 2.0 - bounds.x * zoom;
            camera = Camera { offset: Point::new(x, window.y - bounds.y * zoom), zoom };
        }
        // What is told stands at the foot: more of the room that is left is kept there.
        let left_over = window.height - bounds.height * camera.zoom;
        let stacked = !narrow && !self.both.get_untracked() && width <= STACKED;
        let share = if stacked { FOOT_SHARE_STACKED } else { FOOT_SHARE };
        camera.offset.y -= (left_over * share).max(0.0);
        self.camera.set(camera);
        self.wake();
    }

    /// Shows all of the design, and goes on doing so when the window changes.
    pub fn follow(self) {
        self.follows.set(true);
        self.fit();
    }

    /// Zooms about the middle.
    pub fn zoom(self, factor: f64) {
        let (width, height) = self.stage.get_untracked();
        self.zoom_about(Point::new(width / 2.0, height / 2.0), factor);
    }

    /// Zooms about a point on the screen.
    pub fn zoom_about(self, at: Point, factor: f64) {
        self.follows.set(false);
        self.camera.update(|it| *it = it.zoomed_about(at, factor));
        self.wake();
    }

    /// Moves what is shown.
    pub fn pan(self, dx: f64, dy: f64) {
        self.follows.set(false);
        self.camera.update(|it| {
            it.offset.x += dx;
            it.offset.y += dy;
        });
        self.wake();
    }

    /// The canvas has another size.
    fn resized(self, width: f64, height: f64) {
        if self.stage.get_untracked() == (width, height) {
            return;
        }
        self.stage.set((width, height));
        // Half a wide screen is not a narrow one.
        let narrow = width < NARROW && !self.both.get_untracked();
        if self.place.with_untracked(|it| it.narrow != narrow) {
            self.place.update(|it| it.narrow = narrow);
            self.sync();
        }
        if self.follows.get_untracked() {
            self.fit();
        }
        self.wake();
    }
}

/// The canvas.
#[component]
pub fn Canvas() -> impl IntoView {
    let app = App::here();
    let stage = NodeRef::<html::Div>::new();
    let overlay = NodeRef::<html::Canvas>::new();
    let touch = move |event: PointerEvent| {
        if let Some(rooms) = app.later() {
            (rooms.touch)(app, &event);
        }
    };

    Effect::new(move |_| {
        if let Some(canvas) = overlay.get() {
            app.pulse.update_value(|it| it.overlay.set_canvas(canvas));
        }
    });
    Effect::new(move |_| {
        if let Some(stage) = stage.get() {
            observe(app, &stage);
            on_wheel(app, &stage);
        }
    });
    let transform = move || {
        let Camera { offset, zoom } = app.camera.get();
        format!("translate({:.2}px, {:.2}px) scale({zoom:.4})", offset.x, offset.y)
    };
    // Type keeps its size on the screen as far as a node has the room; then less is said.
    let below = |least: f64| Memo::new(move |_| app.camera.get().zoom < least);
    let (small, tiny) = (below(SMALL), below(TINY));
    let grid = move || {
        let Camera { offset, zoom } = app.camera.get();
        let step = 20.0 * zoom * if zoom < 0.5 { 4.0 } else { 1.0 };
        format!(
            "{step:.2}px {step:.2}px; background-position: {:.2}px {:.2}px",
            offset.x.rem_euclid(step),
            offset.y.rem_euclid(step)
        )
    };
    let size = move || format!("background-size:{}", grid());
    view! {
        // Of two futures side by side one is the page's main part; of two of which one is seen, that one.
        <div
            class="stage"
            role=move || if app.branch == Branch::Fork && app.both.get() { "group" } else { "main" }
            node_ref=stage
            style=size
            aria-label="Canvas"
            on:pointerdown=touch
            on:pointermove=touch
            on:pointerup=touch
            on:pointercancel=touch
        >
            <div class="world" class:small=small class:tiny=tiny style:transform=transform>
                <Zones/>
                <svg class="wires">
                    {each(app.wires, |id| view! { <wire::Wire id/> }.into_any())}
                </svg>
            </div>
            // Between wires and nodes: what moves never hides a figure.
            <canvas class="overlay" node_ref=overlay aria-hidden="true"></canvas>
            <div class="world" class:small=small class:tiny=tiny style:transform=transform>
                {each(app.nodes, |id| view! { <node::Node id/> }.into_any())}
            </div>
            {app.room(|it| it.over)}
            {app.room(|it| it.legend)}
            {app.room(|it| it.zoom)}
        </div>
    }
}

/// One view for each of a list, kept while it is on it.
fn each(list: RwSignal<Vec<Id>>, view: fn(Id) -> AnyView) -> AnyView {
    view! { <For each=move || list.get() key=|id| id.clone() children=view/> }.into_any()
}

/// Places that hold components.
#[component]
fn Zones() -> impl IntoView {
    let app = App::here();
    move || {
        let zones = app.frame_of.with(|it| it.1.clone());
        let boxes = zones.into_iter().filter_map(|(id, zone)| {
            let area = app.place.with(|it| it.zone(&id, zone.area))?;
            let Rect { x, y, width, height } = area;
            Some(view! {
                <div class="zone" style=format!("left:{x:.1}px;top:{y:.1}px;width:{width:.1}px;height:{height:.1}px")>
                    <span>{zone.label}</span>
                </div>
            })
        });
        boxes.collect_view()
    }
}

fn observe(app: App, stage: &web_sys::HtmlElement) {
    let element = stage.clone();
    let resized = Closure::<dyn FnMut()>::new(move || {
        app.resized(f64::from(element.client_width()), f64::from(element.client_height()));
    });
    if let Ok(observer) = ResizeObserver::new(resized.as_ref().unchecked_ref()) {
        observer.observe(stage);
    }
    resized.forget();
    app.resized(f64::from(stage.client_width()), f64::from(stage.client_height()));
}

/// Not by Leptos: it must be able to keep the page from zooming.
fn on_wheel(app: App, stage: &web_sys::HtmlElement) {
    let element = stage.clone();
    let turned = Closure::<dyn FnMut(WheelEvent)>::new(move |event: WheelEvent| {
        event.prevent_default();
        let unit = match event.delta_mode() {
            WheelEvent::DOM_DELTA_LINE => 18.0,
            WheelEvent::DOM_DELTA_PAGE => 400.0,
            _ => 1.0,
        };
        if event.ctrl_key() || event.meta_key() {
            let rect = element.get_bounding_client_rect();
            let at = Point::new(
                f64::from(event.client_x()) - rect.left(),
                f64::from(event.client_y()) - rect.top(),
            );
            app.zoom_about(at, libm::exp((-event.delta_y() * unit * WHEEL_ZOOM).clamp(-0.5, 0.5)));
        } else if event.shift_key() && event.delta_x() == 0.0 {
            app.pan(-event.delta_y() * unit, 0.0);
        } else {
            app.pan(-event.delta_x() * unit, -event.delta_y() * unit);
        }
    });
    let options = AddEventListenerOptions::new();
    options.set_passive(false);
    _ = stage.add_event_listener_with_callback_and_add_event_listener_options(
        "wheel",
        turned.as_ref().unchecked_ref(),
        &options,
    );
    turned.forget();
}
