//! Between what people type and read and the file form of a parameter: `250 µs` for `250us`,
//! `1 200/s` for `1200/s`, `30 %` for `30%`. What is typed may be either.

use serde_json::Value;

use super::param::Control;
use super::text;

/// A value as people write it: what a form shows.
pub fn written(control: &Control, value: &Value) -> String {
    match (control, value) {
        (Control::Rows(_), Value::Array(rows)) => format!("{} rows", rows.len()),
        (Control::Duration { .. } | Control::Share | Control::Rate { .. }, Value::String(text)) => {
            spaced(text)
        }
        (_, Value::String(text)) => text.clone(),
        (_, other) => other.to_string(),
    }
}

/// A quantity with a space between its number and its unit and thin ones between thousands, as the
/// figures on screen have it; rates go without the first (`1 200/s`).
pub fn spaced(quantity: &str) -> String {
    let end = quantity.find(|it: char| !it.is_ascii_digit() && !matches!(it, '.' | '-'));
    let (number, unit) = quantity.split_at(end.unwrap_or(quantity.len()));
    let number = text::grouped(number);
    match unit.trim() {
        "" => number,
        unit if unit.starts_with('/') => format!("{number}{unit}"),
        "us" => format!("{number} µs"),
        unit => format!("{number} {unit}"),
    }
}

/// What is wrong with a value, with the quantities that files have in quotes as people write them:
/// `a duration from 0 s to 90 s`. Other words in quotes stay as they are.
pub fn said(problem: &str) -> String {
    let is_quantity = |it: &str| {
        let unit = it.trim_start_matches(|it: char| it.is_ascii_digit() || it == '.');
        let known = ["ns", "us", "ms", "s", "min", "h", "/s", "%"];
        unit.len() < it.len() && known.contains(&unit)
    };
    let mut out = String::new();
    for (at, part) in problem.split('"').enumerate() {
        match at % 2 {
            1 if is_quantity(part) => out += &spaced(part),
            1 => out = out + "\"" + part + "\"",
            _ => out += part,
        }
    }
    out
}

/// The file form of what was typed; text stands for itself where the file form is text. A bare
/// number means the unit that is meant anyway.
pub fn read(control: &Control, text: &str) -> Value {
    let text = text.trim();
    let plain: String = text.chars().filter(|it| !it.is_whitespace()).collect();
    match control {
        Control::Number { .. } => match (plain.parse::<u64>(), plain.parse::<f64>()) {
            (Ok(whole), _) => whole.into(),
            (_, Ok(number)) => number.into(),
            _ => text.into(),
        },
        Control::Rate { .. } if plain.parse::<f64>().is_ok() => format!("{plain}/s").into(),
        Control::Duration { .. } if plain.parse::<f64>().is_ok() => format!("{plain}ms").into(),
        Control::Share if plain.parse::<f64>().is_ok() => format!("{plain}%").into(),
        Control::Rate { .. } | Control::Duration { .. } | Control::Share => plain.into(),
        _ => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::param::Param;
    use crate::base::time::Nanos;
    use crate::base::unit::{Rate, Share};

    /// A form for a value of this type.
    fn control<P: Param>(limits: P::Limits) -> Control {
        P::control(&limits, "")
    }

    /// What is shown reads back to the same value, and so do the file form and a bare number.
    #[test]
    fn what_is_shown_reads_back_and_so_does_the_file_form() {
        let limits = Nanos::ZERO..=Nanos::MAX;
        let time = control::<Nanos>(limits.clone());
        let shown = |it: u64| written(&time, &Nanos(it).to_value());
        assert_eq!(
            [250_000, 1_500_000_000, 0, 40_000_000].map(shown),
            ["250 µs", "1.5 s", "0 s", "40 ms"]
        );
        for nanos in [0, 1, 999, 250_000, 1_500_000, 40_000_000, 90_000_000_000] {
            for typed in [shown(nanos), Nanos(nanos).to_string()] {
                let back = Nanos::from_value(&read(&time, &typed), &limits);
                assert_eq!(back, Ok(Nanos(nanos)), "{typed}");
            }
        }
        let back = |it: &str| Nanos::from_value(&read(&time, it), &limits);
        assert_eq!(back("40"), Ok(Nanos::millis(40)));
        assert_eq!(back(" 1.5 min "), Ok(Nanos::seconds(90)));
        assert!(back("soon").is_err());

        let limits = 0.0..=1e6;
        let rate = control::<Rate>(limits.clone());
        assert_eq!(written(&rate, &Rate(1_200.0).to_value()), "1\u{202f}200/s");
        for typed in ["1200/s", "1 200 /s", "1\u{202f}200/s", "1200", "72000/min"] {
            assert_eq!(
                Rate::from_value(&read(&rate, typed), &limits),
                Ok(Rate(1_200.0)),
                "{typed}"
            );
        }

        let share = control::<Share>(());
        assert_eq!(written(&share, &Share(0.3).to_value()), "30 %");
        for typed in ["30\u{a0}%", "30 %", "30%", "30"] {
            assert_eq!(Share::from_value(&read(&share, typed), &()), Ok(Share(0.3)), "{typed}");
        }
    }
    /// Bounds are told as people write them; what is no quantity stays as it is.
    #[test]
    fn bounds_are_told_as_people_write_them() {
        let error = Nanos::from_value(&"soon".into(), &(Nanos::ZERO..=Nanos::seconds(3_600)));
        assert_eq!(said(&error.unwrap_err()), "a duration from 0 s to 3\u{202f}600 s");
        let error = Rate::from_value(&"soon".into(), &(0.0..=1e6));
        assert_eq!(said(&error.unwrap_err()), "a rate from 0/s to 1\u{202f}000\u{202f}000/s");
        let error = Share::from_value(&"120%".into(), &());
        assert_eq!(said(&error.unwrap_err()), "a share from 0 % to 100 %");
        let kept = "whole numbers, such as \"5, 1, 1\"";
        assert_eq!(said(kept), kept);
    }
}
