//! Time: play, step, restart, speed, the scrubber with what was done to the run, the seed.

use leptos::html;
use leptos::prelude::*;
use web_sys::PointerEvent;

use crate::base::text;
use crate::base::time::Nanos;
use crate::engine::fault::{Fault, Target};
use crate::session::protocol::{Command, Input, Stamped};

use super::icons::Icon;
use super::store::App;

/// Speeds there are.
pub const SPEEDS: [f64; 17] = [
    0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0,
    100.0,
];
/// Ends the scrubber may have, in seconds; beyond, whole hours.
const SPANS: [u64; 8] = [30, 60, 120, 300, 600, 1_200, 1_800, 3_600];

/// The shortest end that leaves room after a moment.
pub fn span_for(seconds: f64) -> u64 {
    let hours = (seconds / 3_600.0).floor() as u64 + 1;
    SPANS.into_iter().find(|it| *it as f64 >= seconds * 1.04).unwrap_or(hours * 3_600)
}

/// Where the scrubber ends, in seconds from zero; never less than before in one run.
pub fn span(app: App) -> Memo<u64> {
    Memo::new(move |before: Option<&u64>| {
        let clock = app.clock.get();
        let wanted = span_for(clock.latest.saturating_sub(clock.zero).as_seconds());
        let restarted = clock.latest.saturating_sub(clock.zero).as_seconds() < 1.0;
        if restarted { wanted } else { wanted.max(before.copied().unwrap_or(0)) }
    })
}

/// What a speed is called.
pub fn speed_name(speed: f64) -> String {
    format!("{speed}×")
}

/// What a second on screen holds.
pub fn speed_words(speed: f64) -> String {
    if speed >= 1.0 {
        return String::new();
    }
    format!("{} per second", text::duration((speed * 1e9).round()).replace(".00", "").replace(".0 ", " "))
}

impl App {
    /// Starts or stops time.
    pub fn toggle(self) {
        self.playing.update(|it| *it = !*it);
        self.wake();
    }

    /// Some events on, or back.
    pub fn step(self, events: i64) {
        self.playing.set(false);
        self.send(Command::Step(events));
    }

    /// Another speed.
    pub fn set_speed(self, speed: f64) {
        self.speed.set(speed);
        self.bridge.update_value(|it| it.look());
        self.wake();
    }

    /// The next speed in a direction.
    pub fn change_speed(self, up: bool) {
        let now = self.speed.get_untracked();
        let next = match up {
            true => SPEEDS.into_iter().find(|it| *it > now * 1.01),
            false => SPEEDS.into_iter().rev().find(|it| *it < now * 0.99),
        };
        if let Some(next) = next {
            self.set_speed(next);
        }
    }
}

/// The bar.
#[component]
pub fn Timeline() -> impl IntoView {
    let app = App::here();
    let playing = app.playing;
    let clock = app.clock;
    let icon = Signal::derive(move || if playing.get() { "pause" } else { "play" }.to_owned());
    let play_name = move || if playing.get() { "Pause" } else { "Play" };
    let options = SPEEDS.map(|it| view! { <option value=it.to_string()>{speed_name(it)}</option> });
    let pace = Memo::new(move |_| {
        let (pace, speed) = (clock.get().pace, app.speed.get());
        if playing.get() && pace > 0.0 && pace < 0.9 * speed {
            format!("{}× of {}", text::number(pace), speed_name(speed))
        } else {
            speed_words(speed)
        }
    });
    let past = Memo::new(move |_| clock.get().is_past());
    view! {
        <section class="time" aria-label="Time">
            <button class="p" aria-label=play_name title=move || format!("{} (Space)", play_name())
                on:click=move |_| app.toggle()>
                <Icon name=icon/>
            </button>
            <button class="wide-only" aria-label="Back one event" title="Back one event (←)" on:click=move |_| app.step(-1)>
                <Icon name="back".to_owned()/>
            </button>
            <button class="wide-only" aria-label="One event on" title="One event on (→)" on:click=move |_| app.step(1)>
                <Icon name="forward".to_owned()/>
            </button>
            <button class="wide-only" aria-label="Restart" title="Restart (R): the same seed from the start, with your edits, without the faults"
                on:click=move |_| app.restart()>
                <Icon name="restart".to_owned()/>
            </button>
            <label class="speed" title="How much simulated time passes in a second.">
                <span class="hidden">"Speed"</span>
                <select class="num" prop:value=move || app.speed.get().to_string()
                    on:change=move |event| {
                        app.set_speed(event_target_value(&event).parse().unwrap_or(1.0));
                    }>
                    {options.into_iter().collect_view()}
                </select>
                <span class="pace num" hidden=move || pace.with(String::is_empty)>{pace}</span>
            </label>
            <span class="clock num" title="Simulated time since the end of the warm-up.">
                {move || { let it = clock.get(); text::clock(it.now, it.zero) }}
            </span>
            <Track/>
            <button class="o latest" hidden=move || !past.get() title="Back to the newest moment"
                on:click=move |_| app.send(Command::Latest)>"Latest"</button>
            <label class="seed" title="The same seed and the same design give the same run, to the last digit.">
                "seed "
                <input class="num" inputmode="numeric" aria-label="Seed"
                    prop:value=move || app.seed.get().to_string()
                    on:change=move |event| {
                        if let Ok(seed) = event_target_value(&event).trim().parse() {
                            app.seed.set(seed);
                            app.restart();
                        }
                    }/>
            </label>
        </section>
    }
}

/// The scrubber.
#[component]
fn Track() -> impl IntoView {
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
                use wasm_bindgen::JsCast;
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
            on:pointercancel=move |_| held.set_value(None)
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
fn down(inputs: &[Stamped]) -> Vec<Option<Option<Nanos>>> {
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
            Input::Fault(Fault::Slow { target, .. }) => ("back", format!("{} at full speed", name(target))),
            Input::Fault(Fault::CutWire { .. } | Fault::Partition { .. }) => ("crash", "Cut".to_owned()),
            Input::Fault(Fault::MendWire { .. } | Fault::Heal { .. }) => ("back", "Mended".to_owned()),
            Input::Edit(_) => ("edit", "Edit".to_owned()),
        };
        (it.at, class, format!("{} · {words}", text::clock(it.at, zero)))
    };
    app.inputs.with(|it| it.iter().map(one).collect())
}
