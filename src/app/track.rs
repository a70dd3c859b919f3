//! The scrubber: the run from its start to the newest moment, with what was done to it.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::PointerEvent;

use crate::base::text;
use crate::base::time::Nanos;

use super::store::App;

/// Keys struck within so many ms belong together.
const KEYS_MS: f64 = 700.0;

/// A finger that has moved less has tapped; and how near to a mark it means the mark, in pixels.
const STAY: f64 = 8.0;
const NEAR: f64 = 22.0;

/// The mark that a finger at `x` means: marks are small, and fingers are not.
fn mark_near(track: &web_sys::Element, x: f64) -> Option<web_sys::HtmlElement> {
    let marks = track.parent_element()?.query_selector_all(".event").ok()?;
    let away = |it: &web_sys::HtmlElement| {
        let rect = it.get_bounding_client_rect();
        (rect.left() + rect.width() / 2.0 - x).abs()
    };
    let marks = (0..marks.length()).filter_map(|at| marks.item(at)?.dyn_into().ok());
    marks.filter(|it| away(it) < NEAR).min_by(|one, other| away(one).total_cmp(&away(other)))
}

/// The scrubber.
pub fn track(app: App) -> impl IntoView {
    let clock = app.clock;
    let span = app.span;
    let track = NodeRef::<html::Div>::new();
    // While the pointer is down: whether time ran before, and where it was put down.
    let held = StoredValue::new_local(None::<(bool, f64)>);
    let to = move |event: &PointerEvent| {
        let Some(track) = track.get_untracked() else { return };
        let rect = track.get_bounding_client_rect();
        let part = (f64::from(event.client_x()) - rect.left()) / rect.width().max(1.0);
        let seconds = part.clamp(0.0, 1.0) * span.get_untracked() as f64;
        let clock = clock.get_untracked();
        let at = clock.zero.saturating_add(Nanos::from_seconds(seconds));
        app.seek(at.min(clock.latest));
    };
    let release = move |event: PointerEvent| {
        let Some((ran, from)) = held.try_update_value(Option::take).flatten() else { return };
        let x = f64::from(event.client_x());
        let tapped = event.pointer_type() == "touch" && (x - from).abs() < STAY;
        let meant = track.get_untracked().filter(|_| tapped).and_then(|it| mark_near(&it, x));
        if let Some(mark) = meant {
            return mark.click();
        }
        if ran {
            app.playing.set(true);
            app.wake();
        }
    };
    // Where the last key has led and when it was struck, in ms: keys come faster than moments are shown.
    let led = StoredValue::new_local((Nanos::ZERO, f64::MIN));
    let now = move || clock.get().now;
    let words = move || {
        let it = clock.get();
        let about = if it.near { "about " } else { "" };
        format!("{about}{} of {}", text::clock(it.now, it.zero), text::clock(it.latest, it.zero))
    };
    let pressed = move |event: leptos::ev::KeyboardEvent| {
        let arrow = if event.shift_key() { 0.1 } else { 1.0 };
        let by = match event.key().as_str() {
            "ArrowLeft" => -arrow,
            "ArrowRight" => arrow,
            "PageDown" => -10.0,
            "PageUp" => 10.0,
            "Home" => -1e9,
            "End" => 1e9,
            _ => return,
        };
        event.prevent_default();
        event.stop_propagation();
        let it = clock.get_untracked();
        let (to, when) = led.get_value();
        let alone = app.bridge.with_value(|it| it.sought == Some(to));
        let from = if alone && event.time_stamp() - when < KEYS_MS { to } else { it.now };
        let seconds = from.saturating_sub(it.zero).as_seconds() + by;
        let to = it.zero.saturating_add(Nanos::from_seconds(seconds.max(0.0))).min(it.latest);
        led.set_value((to, event.time_stamp()));
        app.seek(to);
    };
    view! {
        <span class="warmup" title="The warm-up: caches fill and queues find their length before 0 s."></span>
        <div class="scrub">
            <div class="track" node_ref=track tabindex="0" role="slider" aria-label="Moment"
                aria-valuemin="0"
                aria-valuemax=move || clock.get().latest.saturating_sub(clock.get().zero).as_seconds().to_string()
                aria-valuenow=move || clock.get().now.saturating_sub(clock.get().zero).as_seconds().to_string()
                aria-valuetext=words
                on:keydown=pressed
                on:pointerdown=move |event| {
                    if let Some(it) = event.current_target().and_then(|it| it.dyn_into::<web_sys::Element>().ok()) {
                        _ = it.set_pointer_capture(event.pointer_id());
                    }
                    held.set_value(Some((app.playing.get_untracked(), event.client_x().into())));
                    app.playing.set(false);
                    to(&event);
                }
                on:pointermove=move |event| if held.with_value(Option::is_some) { to(&event) }
                on:pointerup=release
                on:pointercancel=release
            >
                <div class="rail"></div>
                <div class="known" style:width=move || format!("{:.3}%", app.percent(clock.get().latest))></div>
                <div class="gone" style:width=move || format!("{:.3}%", app.percent(now()))></div>
                <div class="cursor" style:left=move || format!("{:.3}%", app.percent(now()))></div>
            </div>
            {super::marks::marks(app)}
        </div>
        <span class="end num" tabindex="0" title="Where the scrubber ends; it grows with the run.">{move || format!("{} s", text::count(span.get()))}</span>
    }
}

impl App {
    /// Where a moment stands on the scrubber, in percent of its width.
    pub fn percent(self, at: Nanos) -> f64 {
        let seconds = at.saturating_sub(self.clock.get().zero).as_seconds();
        (seconds / self.span.get().max(1) as f64 * 100.0).min(100.0)
    }
}
