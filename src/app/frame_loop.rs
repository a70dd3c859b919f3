//! One repaint after another: asks the worker for the next frame, takes it in, paints what moves,
//! and publishes the few figures that people read. Stands still when nothing is to be done.

use leptos::prelude::*;
use wasm_bindgen::prelude::*;

use crate::base::time::Nanos;
use crate::session::protocol::{First, Frame, Hit, Input, Stamped, View};

use super::banner::Banner;
use super::canvas::inspector_width;
use super::canvas::overlay::{self, Overlay};
use super::figures::Face;
use super::store::{App, Selected, Tab};

/// Longest step of time that one repaint makes up for: hidden pages stop repainting.
const STEP_MS_MAX: f64 = 100.0;
/// Figures are asked for this often while time runs, in milliseconds.
const FIGURES_MS: f64 = 100.0;
/// Figures that people read change this often.
const READ_MS: f64 = 250.0;
/// The clock and the scrubber move this often.
const CLOCK_MS: f64 = 66.0;
/// The lens changes this often.
const LENS_MS: f64 = 200.0;
/// The pace is measured over this long.
const PACE_MS: f64 = 1_000.0;
/// Narrowest a lens may be, in pixels.
const LENS_WIDTH_MIN: f32 = 240.0;
/// Width it may have spread over the canvas; wider, and eyes travel too far.
const LENS_WIDTH_MAX: f32 = 960.0;
/// How much larger than drawn it is shown at most, as in the style sheet.
const LENS_GROWTH: f64 = 1.5;
/// What it leaves free of the canvas' width, or of the inspector's, at both sides together.
const LENS_MARGIN: f32 = 36.0;

/// The loop and what it must remember between repaints.
#[derive(Default)]
pub struct Pulse {
    step: Option<Closure<dyn FnMut(f64)>>,
    scheduled: bool,
    last: Option<f64>,
    /// Simulated time that has been owed since the last request, in nanoseconds.
    owed: f64,
    asked_figures: f64,
    read: f64,
    clocked: f64,
    lensed: f64,
    /// Where the measurement of the pace began: when, at which moment.
    pace_from: (f64, Nanos),
    pace: f64,
    /// The fault after which time was last slowed, and until when it stays so.
    slowed_for: Option<Nanos>,
    slow_until: f64,
    /// Whether time stands still where a step has led.
    stepped: bool,
    /// What paints.
    pub overlay: Overlay,
}

impl std::fmt::Debug for Pulse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pulse").field("scheduled", &self.scheduled).finish_non_exhaustive()
    }
}

impl Pulse {
    /// Makes sure that a repaint will come.
    pub fn wake(&mut self) {
        if let (false, Some(step)) = (self.scheduled, &self.step) {
            let asked = window().request_animation_frame(step.as_ref().unchecked_ref());
            self.scheduled = asked.is_ok();
        }
    }

    /// A step is taken: single messages are to be seen until time runs, or the speed is touched.
    pub fn step(&mut self, stepped: bool) {
        self.stepped = stepped;
    }

    /// Another run begins: nothing of the one before is shown slowly.
    pub fn forget(&mut self) {
        (self.stepped, self.slowed_for, self.slow_until) = (false, None, 0.0);
    }
}

/// Starts the loop.
pub fn start(app: App) {
    let step = Closure::<dyn FnMut(f64)>::new(move |at: f64| step(app, at));
    app.pulse.update_value(|it| {
        it.step = Some(step);
        it.wake();
    });
}

fn step(app: App, at: f64) {
    let playing = app.playing.get_untracked();
    if playing {
        app.pulse.update_value(|it| it.step(false));
    }
    let speed = app.pace(at);
    let passed = app.pulse.try_update_value(|it| {
        it.scheduled = false;
        let passed = it.last.map_or(0.0, |last| (at - last).clamp(0.0, STEP_MS_MAX));
        it.last = Some(at);
        if playing {
            it.owed = (it.owed + passed * 1e6 * speed).min(STEP_MS_MAX * 1e6 * speed);
        } else {
            it.owed = 0.0;
        }
        passed
    });
    let silent = app.bridge.try_update_value(|it| it.wait(passed.unwrap_or(0.0)));
    if silent == Some(true) {
        // The fresh one is given the program when this is over, and may be asked only after that.
        super::bridge::died(app, "no answer".to_owned());
        return;
    }
    ask(app, at, playing);
    let clock = app.clock.get_untracked();
    overlay::paint(app, passed.unwrap_or(0.0), clock);
    if let (Some(fork), true) = (app.other.get_value(), app.parted.get_untracked().is_some()) {
        overlay::paint(fork, passed.unwrap_or(0.0), fork.clock.get_untracked());
    }
    let (busy, due) = app.bridge.with_value(|it| (it.is_busy(), it.is_due()));
    app.pulse.update_value(|it| {
        if playing || due || busy {
            it.wake();
        } else {
            it.last = None;
        }
    });
}

fn ask(app: App, at: f64, playing: bool) {
    let (free, due, jumps) = app.bridge.with_value(|it| (it.is_free(), it.is_due(), it.jumps()));
    if !free || !(playing || due) {
        return;
    }
    let asked = app.pulse.try_update_value(|it| {
        let figures = due || at - it.asked_figures >= FIGURES_MS;
        if figures {
            it.asked_figures = at;
        }
        (std::mem::take(&mut it.owed), figures)
    });
    let (owed, figures) = asked.unwrap_or_default();
    let growth = app.theme.get_untracked().growth();
    let wide = app.large.get_untracked() || app.place.with_untracked(|it| it.narrow);
    let room = if wide { app.stage.get_untracked().0 } else { inspector_width(growth) };
    let room = (room as f32 - LENS_MARGIN).min(LENS_WIDTH_MAX);
    let width = (room / growth.min(LENS_GROWTH) as f32).max(LENS_WIDTH_MIN);
    let lens = match (app.selected.get_untracked(), app.tab.get_untracked()) {
        (Some(Selected::Node(id)), Tab::Inside) => Some((id, width)),
        _ => None,
    };
    let chart = app.charted().filter(|_| app.chart_open.get_untracked());
    let follow = app.following.get_untracked();
    let pick = match app.tab.get_untracked() {
        Tab::Requests => app.picking(),
        _ => None,
    };
    let theory = match (app.selected.get_untracked(), app.tab.get_untracked()) {
        (Some(Selected::Node(id)), Tab::Theory) => Some(id),
        _ => None,
    };
    let of = app.focus.get_untracked();
    // Not as the last frame was shown: a step is to be seen with the frame that it brings.
    let speed = app.pace(at);
    let flow = app.latest.with_value(|it| overlay::is_flow(&it.figures, speed));
    let messages = !flow.unwrap_or(app.clock.with_untracked(|it| it.flow));
    let look = app.look.get_untracked();
    let view = View { lens, look, chart, follow, pick, theory, of, messages, figures };
    if jumps {
        app.latest.update_value(|it| it.jumps += 1);
    }
    let now = app.latest.with_value(|it| it.now);
    app.bridge.update_value(|it| it.ask(now, Nanos(owed as u64), view));
}

/// Takes a frame in.
pub fn receive(app: App, mut frame: Frame) {
    if let Some(rooms) = app.later() {
        (rooms.unpack)(&mut frame);
    }
    let fork = frame.fork.take();
    let read = take(app, frame);
    let other = app.other.get_value().filter(|_| app.parted.get_untracked().is_some());
    let (Some(other), Some(rooms)) = (other, app.later()) else { return };
    match fork {
        Some(fork) => {
            app.forking.set_value(false);
            // The page may have asked while the run went on: the worker says where they part.
            let asked = app.parted.get_untracked().filter(|it| *it != fork.since);
            if let Some(asked) = asked {
                app.parted.set(Some(fork.since));
                app.forks.update(|it| {
                    it.retain(|it| *it != asked && *it != fork.since);
                    it.push(fork.since);
                });
            }
            take(other, fork.frame);
            if read {
                (rooms.differ)(app);
            }
        }
        None if !app.forking.get_value() => (rooms.rejoin)(app),
        None => {}
    }
}

/// Takes in what a frame says of one future. True if figures were shown to those who read them.
fn take(app: App, frame: Frame) -> bool {
    let at = window().performance().map_or(0.0, |it| it.now());
    if let Some(reason) = &frame.failure {
        let banner = Some(Banner::failure(reason, frame.stopped));
        if frame.stopped {
            app.halt.set(banner.clone());
        }
        app.banner.set(banner);
    } else if frame.inputs.is_some() {
        // It has taken what was done, or has begun: whatever it failed for is mended.
        app.clear_failure();
    }
    if !frame.stopped && app.halt.with_untracked(Option::is_some) {
        app.halt.set(None);
    }
    if let Some(hit) = frame.hit {
        stop(app, hit);
    }
    let asked_for = frame.figures.is_some();
    let chart = frame.chart.is_some();
    app.latest.update_value(|it| {
        it.refused = match frame.failure {
            Some(_) => !frame.stopped,
            None => it.refused && frame.inputs.is_none(),
        };
        it.place = (frame.run, frame.branch, frame.ordinal);
        (it.now, it.zero, it.latest) = (frame.now, frame.zero, frame.latest);
        it.sought = frame.sought;
        it.messages = frame.messages;
        it.one_in = frame.one_in;
        if let Some(cast) = frame.cast {
            it.cast = cast;
            it.geometry += 1;
        }
        if let Some(figures) = frame.figures {
            it.figures = figures;
            it.tolls = frame.tolls;
        }
        if let Some(chart) = frame.chart {
            it.chart = chart;
        }
    });
    let catching = app.bridge.with_value(|it| it.is_catching_up());
    let edits = app.desk.try_update_value(|it| {
        let there = it.catching && !catching;
        it.catching &= catching;
        let changed = there || it.edits != frame.edits || frame.inputs.is_some();
        it.edits = frame.edits;
        if let Some(inputs) = &frame.inputs {
            it.inputs.clone_from(inputs);
        }
        changed
    });
    if let Some(inputs) = frame.inputs {
        app.inputs.set(inputs);
        // What parted in a future that has been left is gone with it.
        if !catching && app.forks.with_untracked(|it| it.iter().any(|it| *it > frame.latest)) {
            app.forks.update(|it| it.retain(|it| *it <= frame.latest));
        }
    }
    if edits == Some(true) {
        app.sync();
    }
    if let Some(stories) = frame.stories {
        app.stories.set(stories);
    }
    if let Some(first) = frame.firsts.and_then(|it| it.last().copied()) {
        slow_down(app, at, first);
    }
    let still = !app.playing.get_untracked();
    let due = app.pulse.try_update_value(|it| {
        let due = |last: &mut f64, every: f64, wanted: bool| {
            let due = wanted && (still || at - *last >= every);
            if due {
                *last = at;
            }
            due
        };
        let due = (
            due(&mut it.read, READ_MS, asked_for),
            due(&mut it.clocked, CLOCK_MS, true),
            due(&mut it.lensed, LENS_MS, frame.lens.is_some()),
        );
        measure(it, at, frame.now, still);
        due
    });
    let (read, clocked, lensed) = due.unwrap_or_default();
    if read {
        publish(app, at, still);
        if chart {
            app.charted.update(|it| *it += 1);
        }
    }
    if lensed && frame.lens.is_some() {
        app.lens.set(frame.lens);
    }
    if let Some(picks) = frame.picks.filter(|_| read)
        && app.picks.with_untracked(|it| *it != picks)
    {
        app.picks.set(picks);
    }
    if let Some(sights) = frame.sights {
        app.sights.set(sights);
    }
    if frame.theory.is_some() && read {
        app.theory.set(frame.theory);
    }
    // Even while nothing else moves, a request is looked for until it is found.
    if frame.trace.as_ref().is_some_and(|it| it.searching) {
        app.bridge.update_value(|it| it.look());
    }
    // What was let go of meanwhile may still be told.
    let followed = app.following.get_untracked().map(|it| it.0);
    let trace = frame.trace.filter(|it| Some(it.request) == followed);
    if trace.is_some() && app.trace.with_untracked(|it| *it != trace) {
        app.trace.set(trace);
    }
    if clocked {
        tell_time(app, at);
        app.count_script();
    }
    read
}

/// Stands still at what was waited for.
fn stop(app: App, hit: Hit) {
    app.playing.set(false);
    app.bridge.update_value(|it| it.look());
    // The end of a stretch in slow motion is nothing to tell.
    if let (Some(words), false) = (app.awaited.get_untracked(), app.slowly.get_untracked()) {
        app.hit.set(Some((words, hit)));
    }
    app.slowly.set(false);
    app.awaited.set(None);
}

/// Fault after which the speed was last slowed, for how long it stays so, in milliseconds.
const SLOW_MS: f64 = 3_000.0;
/// How near to the cursor a first failure must be to be shown slowly, in simulated time.
const SLOW_NEAR: Nanos = Nanos::millis(400);

/// Something went wrong for the first time since the last fault: once, and for a short while, single
/// messages are shown.
fn slow_down(app: App, at: f64, first: First) {
    let now = app.latest.with_value(|it| it.now);
    let mut wrong = first.failed.into_iter().chain(first.stale);
    let near = wrong.any(|it| now.saturating_sub(it.0) <= SLOW_NEAR);
    // An edit is no fault, nor is the end of one: what fails after those is what failed before.
    let breaks = |it: &Stamped| {
        let Input::Fault(fault) = &it.input else { return false };
        it.at == first.at && !fault.is_reversal()
    };
    let broken = app.inputs.with_untracked(|it| it.iter().any(breaks));
    if !app.auto_speed.get_untracked() || !near || !broken {
        return;
    }
    app.heart.update_value(|it| {
        if it.slowed_for != Some(first.at) {
            it.slowed_for = Some(first.at);
            it.slow_until = at + SLOW_MS;
        }
    });
}

impl App {
    /// Simulated seconds per second at present: what was asked for, or slow enough for single
    /// messages to be seen while the speed is automatic and there is something to see in them.
    pub fn pace(self, at: f64) -> f64 {
        let asked = match self.awaited.with_untracked(Option::is_some) {
            true => super::until::FAST,
            false => self.speed.get_untracked(),
        };
        let single = |it: &Pulse| it.stepped || at < it.slow_until;
        let wanted = self.slowly.get_untracked()
            || self.auto_speed.get_untracked()
                && self.awaited.with_untracked(Option::is_none)
                && (self.watches_a_request() || self.heart.with_value(single));
        let slow = wanted.then(|| self.latest.with_value(|it| overlay::message_speed(&it.figures)));
        let slow = slow.flatten().filter(|it| *it < asked);
        if self.slowed.get_untracked() != slow.is_some() {
            self.slowed.set(slow.is_some());
        }
        slow.unwrap_or(asked)
    }
}

impl App {
    /// Whether the request that is followed goes on at the moment shown, as far as is known: one that
    /// is missing does not, nor one that is yet to come.
    fn watches_a_request(self) -> bool {
        let now = self.latest.with_value(|it| it.now);
        let elsewhere = self.trace.with_untracked(|it| {
            it.as_ref().is_some_and(|it| match it.bars.first() {
                Some(first) => first.start > now || first.end.is_some_and(|end| end <= now),
                None => it.missing,
            })
        });
        self.following.get_untracked().is_some() && !elsewhere
    }
}

/// How fast simulated time really goes.
fn measure(pulse: &mut Pulse, at: f64, now: Nanos, still: bool) {
    let (from, moment) = pulse.pace_from;
    if still || now < moment || at - from > 4.0 * PACE_MS {
        pulse.pace_from = (at, now);
        pulse.pace = 0.0;
    } else if at - from >= PACE_MS {
        pulse.pace = now.saturating_sub(moment).as_seconds() / ((at - from) / 1e3);
        pulse.pace_from = (at, now);
    }
}

/// Hands figures to those who show them.
fn publish(app: App, at: f64, still: bool) {
    app.latest.with_value(|latest| {
        for (id, figures) in latest.cast.components.iter().zip(&latest.figures.components) {
            if let Some(node) = app.node(id) {
                let face = node.record.with_untracked(|it| Face::new(&it.spec, figures));
                let heat = node.heat.get_untracked();
                let next = heat.see(face.is_hot(), at, still);
                if heat != next {
                    node.heat.set(next);
                }
                if node.face.with_untracked(|it| *it != face) {
                    node.face.set(face);
                }
                node.figures.set(figures.clone());
            }
        }
        for (id, figures) in latest.cast.wires.iter().zip(&latest.figures.wires) {
            if let Some(wire) = app.wire(id)
                && wire.figures.with_untracked(|it| it != figures)
            {
                wire.figures.set(*figures);
            }
        }
    });
}

fn tell_time(app: App, at: f64) {
    let pace = app.pulse.with_value(|it| it.pace);
    let speed = app.pace(at);
    let (shown, zero, latest) = app.latest.with_value(|it| (it.now, it.zero, it.latest));
    let sought = app.latest.with_value(|it| it.sought);
    let (now, near) = (sought.unwrap_or(shown), sought.is_some());
    let (flow, per_mark) = app.pulse.with_value(|it| it.overlay.manner());
    let flow = app.latest.with_value(|it| overlay::is_flow(&it.figures, speed)).unwrap_or(flow);
    let clock = super::store::Clock { now, near, zero, latest, pace, flow, per_mark };
    if app.clock.with_untracked(|it| *it != clock) {
        let before = app.span.get_untracked();
        let span = super::timeline::span(clock, before);
        if span != before {
            app.span.set(span);
        }
        app.clock.set(clock);
    }
}
