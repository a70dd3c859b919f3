//! Where the inspector is a sheet (narrow screens): its handle, with which it has one of three
//! heights. Dragged, tapped, or moved with the arrow keys.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, KeyboardEvent, PointerEvent};

use crate::app::store::App;

/// The style sheet's variable for the height of the sheet.
const HEIGHT: &str = "--sheet";
/// A finger that has moved less has tapped, in pixels.
const STAY: f64 = 5.0;

/// How high the sheet is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tall {
    /// What is chosen, and what can be done to it.
    Low,
    /// Half of the canvas stays in sight.
    Half,
    /// All but an edge of the canvas is covered.
    High,
}

impl Tall {
    /// All, from the lowest.
    const ALL: [Self; 3] = [Self::Low, Self::Half, Self::High];

    /// Its word, for the style sheet and for people.
    fn word(self) -> &'static str {
        ["low", "half", "high"][self as usize]
    }

    /// The one so many steps higher.
    fn higher(self, by: isize) -> Self {
        Self::ALL[(self as usize).saturating_add_signed(by).min(2)]
    }

    /// Its height: a share of the canvas', and pixels besides, where nodes are so many times as large
    /// as in the document.
    fn height(self, growth: f64) -> (f64, f64) {
        match self {
            Self::Low if growth > 1.0 => (0.0, 176.0),
            Self::Low => (0.0, 128.0),
            Self::Half => (0.56, 0.0),
            Self::High => (1.0, -12.0),
        }
    }

    /// The same in pixels, on a canvas of this height.
    pub fn pixels(self, canvas: f64, growth: f64) -> f64 {
        let (share, more) = self.height(growth);
        canvas * share + more
    }

    /// The same for the style sheet.
    fn css(self, growth: f64) -> String {
        let (share, more) = self.height(growth);
        format!("calc({:.0}% + {more}px)", share * 100.0)
    }
}

/// The handle of the sheet, right before it on the page.
pub fn handle(app: App) -> AnyView {
    let Some(hand) = app.hand() else { return ().into_any() };
    let tall = hand.tall;
    // Where it was pressed, and whether it has moved since.
    let held = StoredValue::new(None::<(f64, bool)>);
    let handle = NodeRef::<html::Div>::new();
    // What the sheet lies in.
    let frame = move || {
        let handle = handle.get_untracked()?;
        handle.closest(".middle").ok()??.dyn_into::<HtmlElement>().ok()
    };
    // The sheet has its height from here.
    let stand = move |at: Tall| {
        let growth = app.place.with_untracked(|it| it.growth);
        if let Some(frame) = frame() {
            _ = frame.style().set_property(HEIGHT, &at.css(growth));
        }
    };
    Effect::new(move |_| {
        app.place.track();
        if handle.get().is_some() {
            stand(tall.get());
        }
    });
    let height_at = move |frame: &HtmlElement, event: &PointerEvent| {
        frame.get_bounding_client_rect().bottom() - f64::from(event.client_y())
    };
    let pressed = move |event: PointerEvent| {
        if let Some(it) = event.current_target().and_then(|it| it.dyn_into::<HtmlElement>().ok()) {
            _ = it.set_pointer_capture(event.pointer_id());
        }
        held.set_value(Some((f64::from(event.client_y()), false)));
    };
    let moved = move |event: PointerEvent| {
        let y = f64::from(event.client_y());
        let Some((from, far)) = held.get_value() else { return };
        let far = far || (y - from).abs() >= STAY;
        held.set_value(Some((from, far)));
        if let Some(frame) = frame().filter(|_| far) {
            let height = height_at(&frame, &event).max(40.0);
            _ = frame.style().set_property(HEIGHT, &format!("{height:.0}px"));
        }
    };
    let released = move |event: PointerEvent| {
        let Some((_, far)) = held.try_update_value(Option::take).flatten() else { return };
        let Some(frame) = frame() else { return };
        if !far {
            // There and back, by way of all three.
            tall.update(|it| *it = if *it == Tall::High { Tall::Low } else { it.higher(1) });
            return;
        }
        let height = height_at(&frame, &event);
        let canvas = f64::from(frame.client_height());
        let growth = app.place.with_untracked(|it| it.growth);
        let away = |it: &Tall| (it.pixels(canvas, growth) - height).abs();
        let nearest = Tall::ALL.into_iter().min_by(|one, other| away(one).total_cmp(&away(other)));
        let nearest = nearest.unwrap_or(Tall::Half);
        tall.set(nearest);
        stand(nearest);
    };
    let lost = move |_: PointerEvent| {
        held.set_value(None);
        stand(tall.get_untracked());
    };
    let keyed = move |event: KeyboardEvent| {
        let next = match event.key().as_str() {
            "ArrowUp" | "ArrowRight" => tall.get_untracked().higher(1),
            "ArrowDown" | "ArrowLeft" => tall.get_untracked().higher(-1),
            "Home" => Tall::Low,
            "End" => Tall::High,
            _ => return,
        };
        event.prevent_default();
        event.stop_propagation();
        tall.set(next);
    };
    // The next thing that is chosen is shown beside the canvas again, not over it.
    on_cleanup(move || tall.set(Tall::Half));
    // Elsewhere there is no sheet to be pulled, nor where a lens is spread over the canvas.
    let narrow = Memo::new(move |_| app.place.with(|it| it.narrow) && !app.large.get());
    let view = move || {
        narrow.get().then(|| view! {
        <section aria-label="Sheet">
        <div class="pull" node_ref=handle class:low=move || tall.get() == Tall::Low
            role="slider" tabindex="0" aria-label="Height of the sheet" aria-orientation="vertical"
            aria-valuemin="0" aria-valuemax="2"
            aria-valuenow=move || (tall.get() as usize).to_string()
            aria-valuetext=move || tall.get().word()
            title="Drag it, tap it, or press ↑ and ↓: low, half, high."
            on:pointerdown=pressed on:pointermove=moved on:pointerup=released on:pointercancel=lost
            on:keydown=keyed></div>
        </section>
    })
    };
    view.into_any()
}
