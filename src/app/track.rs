//! The scrubber: the run from its start to the newest moment, with what was done to it.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::PointerEvent;

use crate::base::text;
use crate::base::time::Nanos;
use crate::engine::fault::{Fault, Target};
use crate::session::protocol::{Input, Stamped};

use super::store::App;
use super::timeline::span;

/// The scrubber.
#[component]
pub fn Track() -> impl IntoView {
    let app = App::here();
    let clock = app.clock;
    let span = span(app);
    let track = NodeRef::<html::Div>::new();
    // While the pointer is down: whether time ran before.
    let held = StoredValue::new_local(None::<bool>);
    let to = move |event: &PointerEvent| {
        let Some(track) = track.get_untracked() else { return };
        let rect = track.get_bounding_client_rect();
        let part = (f64::from(event.client_x()) - rect.left()) / rect.width().max(1.0);
        let seconds = part.clamp(0.0, 1.0) * span.get_untracked() as f64;
        let clock = clock.get_untracked();
        let at = clock.zero.saturating_add(Nanos::from_seconds(seconds));
        app.seek(at.min(clock.latest));
    };
    let percent = move |at: Nanos| {
        let clock = clock.get();
        let seconds = at.saturating_sub(clock.zero).as_seconds();
        (seconds / span.get().max(1) as f64 * 100.0).min(100.0)
    };
    let now = move || clock.get().now;
    let words = move || {
        let it = clock.get();
        format!("{} of {}", text::clock(it.now, it.zero), text::clock(it.latest, it.zero))
    };
    let pressed = move |event: leptos::ev::KeyboardEvent| {
        let by = match event.key().as_str() {
            "ArrowLeft" => -1.0,
            "ArrowRight" => 1.0,
            "PageDown" => -10.0,
            "PageUp" => 10.0,
            "Home" => -1e9,
            "End" => 1e9,
            _ => return,
        };
        event.prevent_default();
        event.stop_propagation();
        let it = clock.get_untracked();
        let seconds = it.now.saturating_sub(it.zero).as_seconds() + by;
        app.seek(it.zero.saturating_add(Nanos::from_seconds(seconds.max(0.0))).min(it.latest));
    };
    view! {
        <span class="warmup" title="The warm-up: caches fill and queues find their length before 0 s."></span>
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
                held.set_value(Some(app.playing.get_untracked()));
                app.playing.set(false);
                to(&event);
            }
            on:pointermove=move |event| if held.with_value(Option::is_some) { to(&event) }
            on:pointerup=move |_| {
                if let Some(Some(true)) = held.try_update_value(|it| it.take()) {
                    app.playing.set(true);
                    app.wake();
                }
            }
            on:pointercancel=move |_| {
                if let Some(Some(true)) = held.try_update_value(|it| it.take()) {
                    app.playing.set(true);
                    app.wake();
                }
            }
        >
            <div class="rail"></div>
            <div class="known" style:width=move || format!("{:.3}%", percent(clock.get().latest))></div>
            <div class="gone" style:width=move || format!("{:.3}%", percent(now()))></div>
            {move || app.inputs.get().iter().zip(down(&app.inputs.get())).filter_map(|(from, to)| {
                let left = percent(from.at);
                let to = to?.unwrap_or(clock.get().latest);
                Some(view! { <div class="outage" style=format!("left:{left:.3}%;width:{:.3}%", (percent(to) - left).max(0.0))></div> })
            }).collect_view()}
            {move || marks(app).into_iter().map(|(at, class, words)| {
                view! { <span class=format!("event {class}") style:left=move || format!("{:.3}%", percent(at)) title=words></span> }
            }).collect_view()}
            <div class="cursor" style:left=move || format!("{:.3}%", percent(now()))></div>
        </div>
        <span class="end num" title="Where the scrubber ends; it grows with the run.">{move || format!("{} s", text::count(span.get()))}</span>
    }
}

/// For each crash, when the same target came back: none for other inputs.
pub fn down(inputs: &[Stamped]) -> Vec<Option<Option<Nanos>>> {
    let back = |target: &Target, from: usize| {
        inputs[from..].iter().find_map(|it| match &it.input {
            Input::Fault(Fault::Restart(it_target))
                if it_target == target
                    || it_target.member.is_none() && it_target.component == target.component =>
            {
                Some(it.at)
            }
            _ => None,
        })
    };
    inputs
        .iter()
        .enumerate()
        .map(|(index, it)| match &it.input {
            Input::Fault(Fault::Crash(target)) => Some(back(target, index)),
            _ => None,
        })
        .collect()
}

/// What was done to the run: moment, class of mark, words.
fn marks(app: App) -> Vec<(Nanos, &'static str, String)> {
    let zero = app.clock.get().zero;
    let name = |target: &Target| {
        app.desk.with_value(|it| {
            let record = it.shown.components.get(&target.component);
            let label = record.map_or_else(|| target.component.clone(), |it| it.label.clone());
            match (target.member, record) {
                (Some(ordinal), Some(record)) => {
                    format!("{label}, {}", record.spec.member_name(ordinal))
                }
                _ => label,
            }
        })
    };
    let one = |it: &Stamped| {
        let (class, words) = match &it.input {
            Input::Fault(Fault::Crash(target)) => ("crash", format!("{} killed", name(target))),
            Input::Fault(Fault::Restart(target)) => ("back", format!("{} restarted", name(target))),
            Input::Fault(Fault::Slow { target, factor }) if *factor > 1.0 => {
                ("slow", format!("{} slowed {factor} times", name(target)))
            }
            Input::Fault(Fault::Slow { target, .. }) => {
                ("back", format!("{} at full speed", name(target)))
            }
            Input::Fault(it @ (Fault::Gray { target, .. } | Fault::Skew { target, .. })) => {
                match (it.is_reversal(), it) {
                    (true, _) => ("back", format!("{} well again", name(target))),
                    (_, Fault::Gray { .. }) => ("slow", format!("{}: gray failure", name(target))),
                    _ => ("slow", format!("{}: clock put wrong", name(target))),
                }
            }
            Input::Fault(Fault::Flush(target)) => ("crash", format!("{} emptied", name(target))),
            Input::Fault(it @ (Fault::Loss { .. } | Fault::Delay { .. })) => match it.is_reversal()
            {
                true => ("back", "Network well again".to_owned()),
                false => ("slow", "Network trouble".to_owned()),
            },
            Input::Fault(Fault::DropMessage { .. } | Fault::DelayMessage { .. }) => {
                ("crash", "One message".to_owned())
            }
            Input::Fault(Fault::Spike { target, factor }) if *factor != 1.0 => {
                ("slow", format!("{} × {factor}", name(target)))
            }
            Input::Fault(Fault::HotKey { target, share, .. }) if *share > 0.0 => {
                ("slow", format!("{}: a hot key", name(target)))
            }
            Input::Fault(Fault::Spike { target, .. } | Fault::HotKey { target, .. }) => {
                ("back", format!("{} as usual", name(target)))
            }
            Input::Fault(Fault::ZoneOutage { .. }) => ("crash", "Zone outage".to_owned()),
            Input::Fault(Fault::ZoneRestart { .. }) => ("back", "Zone back".to_owned()),
            Input::Fault(Fault::CutWire { .. } | Fault::Partition { .. }) => {
                ("crash", "Cut".to_owned())
            }
            Input::Fault(Fault::MendWire { .. } | Fault::Heal { .. }) => {
                ("back", "Mended".to_owned())
            }
            Input::Edit(_) => ("edit", "Edit".to_owned()),
            Input::Seed(seed) => ("edit", format!("Seed {seed}")),
        };
        (it.at, class, format!("{} · {words}", text::clock(it.at, zero)))
    };
    app.inputs.with(|it| it.iter().map(one).collect())
}
