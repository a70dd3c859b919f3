//! Between what people type and the file form of a parameter.

use serde_json::Value;

use crate::app::figures::decade;
use crate::base::param::{Control, Field};
use crate::base::time::Nanos;
use crate::base::unit::{Rate, Share};

/// The field's control, without a unit that its label says already.
pub fn plain(field: &Field) -> Control {
    match field.control.clone() {
        Control::Number { min, max, unit, whole } if field.label().to_lowercase() == unit => {
            Control::Number { min, max, unit: "", whole }
        }
        control => control,
    }
}

/// The next value up or down that people would choose.
pub fn nudged(control: &Control, value: &Value, up: bool) -> Option<Value> {
    match control {
        Control::Number { min, max, whole, .. } => {
            let now = value.as_f64()?;
            let next = if *whole && now < 10.0 {
                now + if up { 1.0 } else { -1.0 }
            } else {
                next_nice(now, up)
            };
            let next = next.clamp(*min, *max);
            Some(if *whole { Value::from(next.round() as u64) } else { Value::from(next) })
        }
        Control::Duration { min, max } => {
            let now = Nanos::parse(value.as_str()?)?;
            let next = next_nice(now.0 as f64, up);
            let next = Nanos(if next < 1_000.0 { 0 } else { next.round() as u64 });
            let next = if now.0 == 0 && up { Nanos::MILLISECOND } else { next };
            Some(Value::from(next.clamp(*min, *max).to_string()))
        }
        Control::Rate { min, max } => {
            let now = Rate::parse(value.as_str()?)?.0;
            let next = if now < 1.0 && up { 1.0 } else { next_nice(now, up) };
            Some(Value::from(Rate(next.clamp(*min, *max)).to_string()))
        }
        Control::Share => {
            let now = Share::parse(value.as_str()?)?.0;
            let next = (now + if up { 0.1 } else { -0.1 }).clamp(0.0, 1.0);
            Some(Value::from(Share((next * 100.0).round() / 100.0).to_string()))
        }
        _ => None,
    }
}

/// The next of 1, 1.5, 2, 3, 5, 7 … in this direction.
fn next_nice(value: f64, up: bool) -> f64 {
    if value <= 0.0 {
        return if up { 0.1 } else { 0.0 };
    }
    let power = decade(value);
    let steps = [0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 7.0, 10.0, 15.0].map(|it| it * power);
    let round = |it: f64| (it * 1e6 / power).round() * power / 1e6;
    if up {
        steps.into_iter().find(|it| *it > value * 1.001).map_or(value, round)
    } else {
        steps.into_iter().rev().find(|it| *it < value * 0.999).map_or(value, round)
    }
}
