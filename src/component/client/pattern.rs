//! From a client's parameters to what its load is like.

use std::sync::Arc;

use crate::algorithm::traffic::arrivals::{Bursts, Pattern};
use crate::algorithm::traffic::curve::Curve;
use crate::algorithm::traffic::popularity::Popularity as Keys;
use crate::algorithm::traffic::recording::Rows;
use crate::algorithm::zipf::Zipf;
use crate::base::time::Nanos;

use super::{Arrivals, ClientParams, Course, Load, Playing, Popularity, Tables};

/// The arrivals of an open loop, with this many times the rates.
pub(super) fn pattern(params: &ClientParams, surge: f64) -> Pattern {
    let rate = params.rate.0 * surge;
    let to = params.course_rate.0 * surge;
    let start_s = params.course_start.as_seconds();
    let length_s = params.course_length.as_seconds();
    let curve = match params.course {
        Course::Steady => Curve::Steady { rate },
        Course::Ramp => Curve::Ramp { from: rate, to, start_s, length_s },
        Course::Step => {
            let for_good = params.course_length == Nanos::ZERO;
            let length_s = if for_good { f64::INFINITY } else { length_s };
            Curve::Step { base: rate, to, start_s, length_s }
        }
        Course::Daily => {
            let (swing, period_s) = (params.swing.0, params.day.as_seconds());
            Curve::Wave { mean: rate, swing, period_s }
        }
    };
    let bursts = (params.arrivals == Arrivals::Bursty).then_some(Bursts {
        factor: params.burst_factor,
        length: params.burst_length,
        pause: params.burst_pause,
    });
    Pattern { curve, even: params.arrivals == Arrivals::Constant, bursts }
}

/// What follows from the parameters and is costly to make.
pub(super) fn tables(params: &ClientParams) -> Tables {
    let keys = params.keys;
    let keys = match params.popularity {
        Popularity::Zipf => Keys::Zipf(Arc::new(Zipf::new(keys, params.zipf))),
        Popularity::Uniform => Keys::Uniform { keys },
        Popularity::Sequential => Keys::Sequential { keys },
        Popularity::HotSet | Popularity::MovingHotSet | Popularity::Newest => {
            Keys::HotSet { keys, hot: hot_keys(params), share: params.hot_share.0 }
        }
    };
    let rows = match params.load {
        Load::Recorded => params.recording.rows(),
        Load::Open | Load::Closed => Rows::default(),
    };
    Tables { keys, rows: Arc::new(rows) }
}

/// Whether other tables are needed.
pub(super) fn tables_differ(before: &ClientParams, after: &ClientParams) -> bool {
    let keys = |it: &ClientParams| (it.keys, it.zipf, it.popularity, it.hot_keys, it.hot_share);
    let differ = before.load != after.load || before.recording != after.recording;
    differ || keys(before) != keys(after)
}

/// How many keys are hot: at least one.
fn hot_keys(params: &ClientParams) -> u32 {
    ((f64::from(params.keys) * params.hot_keys.0 + 0.5) as u32).clamp(1, params.keys)
}

/// How many keys the hot set has moved on by.
pub(super) fn hot_shift(params: &ClientParams, now: Nanos) -> u64 {
    match params.popularity {
        // Kept small, so that a place and a shift always add up.
        Popularity::MovingHotSet => {
            now.0 / params.hot_stays.0 % u64::from(params.keys) * u64::from(hot_keys(params))
        }
        Popularity::Newest => u64::from(params.keys - hot_keys(params)),
        _ => 0,
    }
}

/// Plays on until a moment.
pub(super) fn move_on(playing: &mut Playing, now: Nanos, speed: f64) {
    let played = now.saturating_sub(playing.since).0 as f64 * speed;
    playing.position = playing.position.saturating_add(Nanos((played + 0.5) as u64));
    playing.since = now;
}

/// The next row of another recording at the same position.
pub(super) fn find_place(playing: &mut Playing, rows: &Rows, repeats: bool) {
    let (count, length) = (rows.rows.len() as u64, rows.length().0);
    let round = playing.position.0 / length;
    let within = playing.position.0 % length;
    let before = rows.rows.partition_point(|it| it.at.0 <= within) as u64;
    playing.next = if repeats || round == 0 { round * count + before } else { count };
}

/// When the next row is due.
pub(super) fn row_due(playing: &Playing, rows: &Rows, speed: f64, repeats: bool) -> Option<Nanos> {
    let count = rows.rows.len() as u64;
    if count == 0 || speed <= 0.0 || !repeats && playing.next >= count {
        return None;
    }
    let (round, index) = (playing.next / count, (playing.next % count) as usize);
    let at = Nanos(rows.length().0.saturating_mul(round)).saturating_add(rows.rows[index].at);
    let left = at.saturating_sub(playing.position).0 as f64 / speed;
    Some(playing.since.saturating_add(Nanos((left + 0.5) as u64)))
}
