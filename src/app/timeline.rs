//! Time: play, step, restart, speed, the scrubber with what was done to the run, the seed.

use leptos::prelude::*;
use web_sys::HtmlInputElement;

use crate::base::text;
use crate::session::protocol::{Command, Whom};

use super::icons::Icon;
use super::store::{App, Clock, Selected};
use super::track::track;

/// Speeds there are.
pub const SPEEDS: [f64; 17] = [
    0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0,
    100.0,
];
/// Ends the scrubber may have, in seconds; beyond, whole hours.
const SPANS: [u64; 8] = [30, 60, 120, 300, 600, 1_200, 1_800, 3_600];

/// So much of what was typed as a seed is said again.
const TYPED_MAX: usize = 24;

/// The shortest end that leaves room after a moment.
pub fn span_for(seconds: f64) -> u64 {
    let hours = (seconds / 3_600.0).floor() as u64 + 1;
    SPANS.into_iter().find(|it| *it as f64 >= seconds * 1.04).unwrap_or(hours * 3_600)
}

/// Where the scrubber ends, in seconds from zero; never less than `before` in one run.
pub fn span(clock: Clock, before: u64) -> u64 {
    let seconds = clock.latest.saturating_sub(clock.zero).as_seconds();
    let wanted = span_for(seconds);
    if seconds < 1.0 { wanted } else { wanted.max(before) }
}

/// Where a speed stands among those there are.
fn speed_index(speed: f64) -> usize {
    SPEEDS.iter().position(|it| *it >= speed).unwrap_or(SPEEDS.len() - 1)
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
    format!(
        "{} per second",
        text::duration((speed * 1e9).round()).replace(".00", "").replace(".0 ", " ")
    )
}

impl App {
    /// Whether the run was stopped at the moment shown, since the design runs away.
    pub fn is_halted(self) -> bool {
        let other = self.other.get_value().filter(|_| self.parted.get().is_some());
        let halted = |it: Self| it.halt.with(Option::is_some);
        halted(self) && other.is_none_or(halted) && !self.clock.get().is_past()
    }

    /// Starts or stops time.
    pub fn toggle(self) {
        if self.is_halted() {
            // It says again why, and what can be done.
            return self.banner.set(self.halt.get_untracked());
        }
        self.playing.update(|it| *it = !*it);
        // What stands still shows the figures of its very moment.
        self.bridge.update_value(|it| it.look());
        self.wake();
    }

    /// On to the next delivery or change that can be seen: of the request that is followed, at the
    /// component that is chosen, else anywhere.
    pub fn step_on(self) {
        let whom = match (self.following.get_untracked(), self.selected.get_untracked()) {
            (Some((request, _)), _) => Whom::Request(request),
            (None, Some(Selected::Node(id))) => Whom::Component(id),
            _ => Whom::Anything,
        };
        self.stand_stepped();
        self.send(Command::StepTo(self.branch, whom));
    }

    /// Time stands still, and single messages are to be seen.
    fn stand_stepped(self) {
        self.playing.set(false);
        self.heart.update_value(|it| it.step(true));
    }

    /// Some events of the engine on, or back.
    pub fn step(self, events: i64) {
        self.stand_stepped();
        self.send(Command::Step(self.branch, events));
    }

    /// Another speed.
    pub fn set_speed(self, speed: f64) {
        self.auto_speed.set(false);
        self.heart.update_value(|it| it.step(false));
        self.hurry();
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
pub fn timeline(app: App) -> AnyView {
    let tell = super::keep::teller();
    let playing = app.playing;
    let clock = app.clock;
    // What is stopped does not play, whatever was asked for.
    let goes = move || playing.get() && !app.is_halted();
    let icon = Signal::derive(move || if goes() { "pause" } else { "play" }.to_owned());
    let play_name = move || if goes() { "Pause" } else { "Play" };
    let options = SPEEDS.iter().enumerate().map(|(at, it)| {
        view! { <option value=at.to_string()>{speed_name(*it)}</option> }
    });
    let auto = app.auto_speed;
    let pace = Memo::new(move |_| {
        if app.slowed.get() {
            return "slow: single messages".to_owned();
        }
        let (pace, speed) = (clock.get().pace, app.speed.get());
        if playing.get() && pace > 0.0 && pace < 0.9 * speed {
            format!("{}× of {}", text::number(pace), speed_name(speed))
        } else {
            speed_words(speed)
        }
    });
    let past = Memo::new(move |_| clock.get().is_past());
    view! {
        <button class="p" aria-label=play_name title=move || format!("{} (Space)", play_name())
            on:click=move |_| app.toggle()>
            <Icon name=icon/>
        </button>
        <button class="step" aria-label="Back one event" title="Back one event (←)" on:click=move |_| app.step(-1)>
            <Icon name="back".to_owned()/>
        </button>
        <button class="step" aria-label="Step" title="On to the next delivery (→); with Shift: one event" on:click=move |event| {
            if event.shift_key() { app.step(1) } else { app.step_on() }
        }>
            <Icon name="forward".to_owned()/>
        </button>
        <button class="step" aria-label="Restart" title="Restart (R): the same seed from the start, with your edits, without the faults"
            on:click=move |_| app.restart()>
            <Icon name="restart".to_owned()/>
        </button>
        <label class="speed" title="How much simulated time passes in a second.">
            <span class="hidden">"Speed"</span>
            <select class="num" prop:value=move || speed_index(app.speed.get()).to_string()
                on:change=move |event| {
                    let at = event_target_value(&event).parse::<usize>().ok();
                    app.set_speed(at.and_then(|it| SPEEDS.get(it)).copied().unwrap_or(1.0));
                }>
                {options.collect_view()}
            </select>
        </label>
        <span class="speed">
            <button type="button" class="auto" class:on=move || auto.get() aria-pressed=move || auto.get().to_string()
                title="Automatic: single messages while you step or follow a request, and for a moment when something first goes wrong."
                on:click=move |_| auto.update(|it| *it = !*it)>"auto"</button>
            <span class="pace num" hidden=move || pace.with(String::is_empty)>{pace}</span>
        </span>
        <span class="clock num" tabindex="0" title=move || match clock.get().near {
            true => "Approximate: shown is the nearest moment kept before this one, until this one is found.",
            false => "Simulated time since the end of the warm-up.",
        }>
            {move || {
                let it = clock.get();
                format!("{}{}", if it.near { "≈ " } else { "" }, text::clock(it.now, it.zero))
            }}
        </span>
        <button class="o what-if" title="What if, from this moment on, something were different? Both futures, side by side (B)"
            disabled=move || app.parted.get().is_some() on:click=move |_| app.what_if()>"What if…"</button>
        {super::until::until(app)}
        {super::script::script(app)}
        {track(app)}
        <button class="o latest" hidden=move || !past.get() title="Back to the newest moment"
            on:click=move |_| app.send(Command::Latest)>"Latest"</button>
        <label class="seed" title="The same seed and the same design give the same run, to the last digit.">
            "seed "
            <input class="num" inputmode="numeric" aria-label="Seed"
                prop:value=move || app.seed.get().to_string()
                on:change=move |event| {
                    let typed = event_target_value(&event);
                    if let Ok(seed) = typed.trim().parse() {
                        app.seed.set(seed);
                        return app.restart();
                    }
                    let seed = app.seed.get_untracked();
                    event_target::<HtmlInputElement>(&event).set_value(&seed.to_string());
                    let typed: String = typed.chars().take(TYPED_MAX).collect();
                    tell(format!(
                        "Seed: “{typed}” is not a whole number from 0 to {}; the seed is {seed} as before.",
                        u64::MAX
                    ));
                }/>
        </label>
    }
    .into_any()
}
