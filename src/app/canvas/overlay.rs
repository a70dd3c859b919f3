//! What moves: messages as dots at their true places, or flow; painted on one canvas over nodes and
//! wires from the latest frame.

use std::cell::Cell;

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

use crate::app::store::{App, Clock};
use crate::base::geometry::{Camera, Point, Rect};
use crate::base::order::sort_few;
use crate::base::time::Nanos;
use crate::editor::curve::Curve;
use crate::engine::event::Verb;
use crate::session::protocol::{Figures, Flight, Path, WireFigures};

use super::brush::{Brush, SIGNS, Sign};
use super::flow::{Flow, Kind};

/// A hop that lasts this long on screen can be seen.
const HOP_SECONDS: f64 = 0.25;
/// Opacity of messages of others while one request is followed.
const DIM: f64 = 0.22;
/// How far from the middle of a wire the two directions keep, in pixels.
const SIDE: f64 = 3.6;
/// The flow is never further behind simulated time, in seconds on screen.
const CREDIT_MAX: f64 = 0.12;
/// For how long after its last mark the legend still tells of a sign, in milliseconds.
const HOLD_MS: f64 = 700.0;
/// Half a mark's size, in pixels.
const RADIUS: f64 = 3.4;

/// What is painted, and with what.
#[derive(Default)]
pub struct Overlay {
    canvas: Option<HtmlCanvasElement>,
    context: Option<CanvasRenderingContext2d>,
    flow: Flow,
    is_flow: bool,
    shown_of: f64,
    courses: Vec<Option<Curve>>,
    /// Member marks of components by slot, for messages between members.
    nodes: Vec<Option<(Rect, usize)>>,
    geometry: u32,
    jumps: u32,
    now: Nanos,
    /// Seconds on screen that simulated time has gone and the flow not yet.
    credit: f64,
    moved: bool,
    /// When each sign was last painted.
    painted: [f64; SIGNS],
    /// Which are to be seen.
    seen: u8,
}

impl Overlay {
    /// The element to paint on.
    pub fn set_canvas(&mut self, canvas: HtmlCanvasElement) {
        let context = canvas.get_context("2d").ok().flatten();
        self.context = context.and_then(|it| it.dyn_into().ok());
        self.canvas = Some(canvas);
    }

    /// Whether it paints flow, and how many requests a mark stands for.
    pub fn manner(&self) -> (bool, f64) {
        (self.is_flow, if self.is_flow { self.flow.per_mark } else { self.shown_of })
    }
}

/// The highest speed there is at which the median hop can be seen; none before anything is known.
pub fn message_speed(figures: &Figures) -> Option<f64> {
    let speeds = crate::app::timeline::SPEEDS;
    let seen = |it: &f64| is_flow(figures, *it) == Some(false);
    is_flow(figures, 1.0)?;
    Some(speeds.into_iter().rev().find(seen).unwrap_or(speeds[0]))
}

/// Whether the median visible hop is too short to be seen at this speed; none before anything is
/// known.
pub fn is_flow(figures: &Figures, speed: f64) -> Option<bool> {
    let mut hops: Vec<f64> =
        figures.wires.iter().map(|it| it.hop_ns).filter(|it| it.is_finite() && *it > 0.0).collect();
    sort_few(&mut hops, |a, b| a < b);
    let median = hops.get(hops.len() / 2)?;
    Some(median / 1e9 / speed.max(1e-9) < HOP_SECONDS)
}

/// Paints once.
pub fn paint(app: App, passed_ms: f64, clock: Clock) {
    let camera = app.camera.get_untracked();
    let stage = app.stage.get_untracked();
    let at = window().performance().map_or(0.0, |it| it.now());
    let speed = app.pace(at);
    let followed = app.following.get_untracked().map(|it| it.0);
    let growth = app.place.with_untracked(|it| it.growth);
    let (still, counts) = (app.still.get_untracked(), app.shows_counts());
    let seen = app.pulse.try_update_value(|pulse| {
        let overlay = &mut pulse.overlay;
        let context = overlay.context.clone()?;
        app.latest.with_value(|latest| {
            if overlay.geometry != latest.geometry {
                overlay.geometry = latest.geometry;
                overlay.survey(app, &latest.cast.wires, &latest.cast.components);
            }
            if overlay.is_flow != clock.flow {
                (overlay.is_flow, overlay.painted) = (clock.flow, [f64::MIN; SIGNS]);
            }
            overlay.go_on(latest.now, latest.jumps, &latest.figures.wires, (passed_ms, speed));
            overlay.clear(&context, stage, camera);
            if counts || still && overlay.is_flow || latest.cast.wires.is_empty() {
                overlay.seen = 0;
                return;
            }
            app.palette.with_value(|palette| {
                let size = RADIUS * growth;
                let (view, painted) = (camera.view(stage), Cell::new(0));
                let brush = Brush { context: &context, palette, size, view, painted };
                if overlay.is_flow {
                    overlay.paint_flow(&brush);
                } else {
                    overlay.shown_of = f64::from(latest.one_in.max(1));
                    overlay.paint_dots(&brush, &latest.messages, latest.now, followed);
                }
                overlay.see(brush.painted.get(), at, app.playing.get_untracked());
            });
        });
        Some(overlay.seen)
    });
    if let Some(seen) = seen.flatten()
        && app.seen.get_untracked() != seen
    {
        app.seen.set(seen);
    }
}

impl App {
    /// Whether wires tell their counts, and nothing moves: for those who want less motion, while time
    /// runs. Where it stands still, messages stand still too, and can be seen.
    pub fn shows_counts(self) -> bool {
        self.still.get_untracked() && self.playing.get_untracked()
    }
}

impl Overlay {
    /// Which signs the legend has to tell: those that were just painted, and while time runs for a
    /// moment longer, so that it does not flicker.
    fn see(&mut self, painted: u8, at: f64, playing: bool) {
        self.seen = painted;
        for (sign, last) in self.painted.iter_mut().enumerate() {
            if painted & 1 << sign != 0 {
                *last = at;
            } else if playing && at - *last < HOLD_MS {
                self.seen |= 1 << sign;
            }
        }
    }

    /// Walks the wires anew: something drawn has moved.
    fn survey(&mut self, app: App, wires: &[String], components: &[String]) {
        app.place.with_untracked(|place| {
            let rect = |id: &str| {
                let node = app.node(id)?;
                let members = node.face.with_untracked(|it| it.members.len());
                Some((node.record.with_untracked(|it| place.rect(id, it)), members))
            };
            let course = |id: &String| {
                let record = app.wire(id)?.record.get_untracked();
                Some(place.course(id, rect(&record.from)?.0, rect(&record.to)?.0))
            };
            self.courses = wires.iter().map(course).collect();
            self.nodes = components.iter().map(|id| rect(id)).collect();
        });
    }

    /// Lets the flow go on as far as simulated time has gone.
    fn go_on(&mut self, now: Nanos, jumps: u32, wires: &[WireFigures], pace: (f64, f64)) {
        let (passed_ms, speed) = pace;
        let lengths: Vec<f64> =
            self.courses.iter().map(|it| it.as_ref().map_or(0.0, Curve::length)).collect();
        let jumped = jumps != self.jumps || now < self.now;
        if jumped || self.flow.per_mark == 0.0 {
            self.jumps = jumps;
            self.flow.jump(now.as_seconds(), wires, &lengths);
            self.credit = 0.0;
        } else {
            // As much as time has gone, evenly: frames come more rarely than repaints.
            let simulated = now.saturating_sub(self.now).as_seconds() / speed.max(1e-9);
            self.credit = (self.credit + simulated).min(CREDIT_MAX);
            let step = self.credit.min(passed_ms / 1e3);
            if step > 0.0 {
                self.credit -= step;
                self.flow.advance(step, wires, &lengths);
                self.note_first_move();
            }
        }
        self.now = now;
    }

    /// For measurements: the first repaint on which marks have moved.
    fn note_first_move(&mut self) {
        if !self.moved && self.flow.per_mark > 0.0 {
            self.moved = true;
            if let Some(performance) = window().performance() {
                _ = performance.mark("ringside-moving");
            }
        }
    }

    fn clear(&self, context: &CanvasRenderingContext2d, stage: (f64, f64), camera: Camera) {
        let Some(canvas) = &self.canvas else { return };
        let ratio = window().device_pixel_ratio();
        let (width, height) = ((stage.0 * ratio).round() as u32, (stage.1 * ratio).round() as u32);
        if (canvas.width(), canvas.height()) != (width, height) {
            canvas.set_width(width);
            canvas.set_height(height);
        }
        _ = context.set_transform(1.0, 0.0, 0.0, 1.0, 0.0, 0.0);
        context.clear_rect(0.0, 0.0, f64::from(width), f64::from(height));
        let Camera { offset, zoom } = camera;
        let scale = zoom * ratio;
        _ = context.set_transform(scale, 0.0, 0.0, scale, offset.x * ratio, offset.y * ratio);
    }

    fn paint_flow(&self, brush: &Brush) {
        for (wire, course) in self.courses.iter().enumerate() {
            let Some(course) = course else { continue };
            let length = course.length();
            self.flow.marks(wire, length, |mark| {
                let lane = if mark.back { -SIDE } else { SIDE };
                let at = beside(course, mark.distance / length.max(1e-9), lane);
                let sign = match mark.kind {
                    Kind::Lost if mark.stopped => Sign::Failed,
                    Kind::Read | Kind::Lost => Sign::Read,
                    Kind::Write => Sign::Write,
                    Kind::Answer => Sign::Answer,
                    Kind::Done => Sign::Done,
                    Kind::Miss => Sign::Miss,
                    Kind::Failure => Sign::Failed,
                };
                brush.mark(sign, at);
            });
        }
    }

    fn paint_dots(&self, brush: &Brush, messages: &[Flight], now: Nanos, followed: Option<u64>) {
        for it in messages {
            // One that is followed dims the others.
            let dim = followed.is_some_and(|followed| followed != it.request);
            brush.context.set_global_alpha(if dim { DIM } else { 1.0 });
            let Some(at) = self.spot(it, now) else { continue };
            let writes = !matches!(it.verb, Verb::Read);
            let sign = match it.outcome {
                _ if matches!(it.path, Path::Mesh { .. }) => Sign::Mesh,
                Some(outcome) if outcome.is_failure() => Sign::Failed,
                Some(crate::engine::event::Outcome::Miss) => Sign::Miss,
                Some(_) if writes => Sign::Done,
                Some(_) => Sign::Answer,
                None if writes => Sign::Write,
                None => Sign::Read,
            };
            brush.mark(sign, at);
        }
        brush.context.set_global_alpha(1.0);
    }

    /// Where a message is at a moment.
    pub(super) fn spot(&self, it: &Flight, now: Nanos) -> Option<Point> {
        let span = it.due.saturating_sub(it.sent).as_seconds().max(1e-12);
        let part = (now.saturating_sub(it.sent).as_seconds() / span).clamp(0.0, 1.0);
        let (wire, part, lane) = match it.path {
            Path::Forth(wire) => (wire, part, SIDE),
            Path::Back(wire) => (wire, 1.0 - part, -SIDE),
            Path::Mesh { component, from, to } => return self.between(component, (from, to), part),
        };
        Some(beside(self.courses.get(wire as usize)?.as_ref()?, part, lane))
    }

    /// On an arc over the node, from one member's mark to another's.
    fn between(&self, component: u32, ends: (u16, u16), part: f64) -> Option<Point> {
        let (rect, members) = self.nodes.get(component as usize)?.as_ref()?;
        let x =
            |it: u16| rect.x + rect.width - 14.0 - (*members as f64 - 1.0 - f64::from(it)) * 13.0;
        let (from, to) = (x(ends.0), x(ends.1));
        let bow = 4.0 * part * (1.0 - part) * (10.0 + 0.3 * (to - from).abs());
        Some(Point::new(from + (to - from) * part, rect.y - bow))
    }
}

/// A point on a course, some pixels to the right of those who walk from its start.
fn beside(course: &Curve, share: f64, pixels: f64) -> Point {
    let (at, way) = (course.point_at(share), course.direction_at(share));
    Point::new(at.x - way.y * pixels, at.y + way.x * pixels)
}
