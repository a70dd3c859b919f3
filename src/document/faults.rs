//! Faults as forms and files have them: their numbers, with the bounds that are kept wherever one comes
//! from, and whether what they name is there.

use std::ops::RangeInclusive;

use serde_json::Value;

use crate::base::param::{Control, Param, ParamError};
use crate::base::time::{Nanos, Offset};
use crate::base::unit::Share;
use crate::component::Commands;
use crate::engine::fault::{COMMAND_MAX, Fault, Scope, Target};

use super::Design;

/// How many times as long work may take.
const SLOWER: RangeInclusive<f64> = 0.001..=1e6;
/// How many times as many requests may come in.
const MORE: RangeInclusive<f64> = 0.0..=1e4;
/// How much longer a message may take.
const LATER: RangeInclusive<Nanos> = Nanos::ZERO..=Nanos::seconds(3_600);
/// How far a clock may be wrong, either way: a year.
const WRONG: RangeInclusive<Nanos> = Nanos::ZERO..=Nanos::seconds(365 * 86_400);

/// One number of a fault.
enum Number<'a> {
    /// So many times, within bounds.
    Times(&'a mut f64, RangeInclusive<f64>),
    /// A part, 0 to 1.
    Part(&'a mut f64),
    /// A stretch of time.
    Span(&'a mut Nanos),
    /// How far a clock is ahead; negative for behind.
    Offset(&'a mut Offset),
    /// A key.
    Key(&'a mut u32),
}

/// Its numbers under their names in files, the one that people think of first first.
fn numbers(fault: &mut Fault) -> Vec<(&'static str, Number<'_>)> {
    match fault {
        Fault::Slow { factor, .. } => vec![("factor", Number::Times(factor, SLOWER))],
        Fault::Gray { share, factor, .. } => {
            vec![("share", Number::Part(share)), ("factor", Number::Times(factor, SLOWER))]
        }
        Fault::Skew { offset, .. } => vec![("offset", Number::Offset(offset))],
        Fault::Loss { share, .. } => vec![("share", Number::Part(share))],
        Fault::Delay { by, .. } | Fault::DelayMessage { by, .. } | Fault::DelayNext { by, .. } => {
            vec![("by", Number::Span(by))]
        }
        Fault::Spike { factor, .. } => vec![("factor", Number::Times(factor, MORE))],
        Fault::HotKey { share, key, .. } => {
            vec![("share", Number::Part(share)), ("key", Number::Key(key))]
        }
        Fault::Crash(_)
        | Fault::Restart(_)
        | Fault::Flush(_)
        | Fault::Promote(_)
        | Fault::Command { .. }
        | Fault::DropMessage { .. }
        | Fault::DropNext { .. }
        | Fault::CutWire { .. }
        | Fault::MendWire { .. }
        | Fault::Partition { .. }
        | Fault::Heal { .. }
        | Fault::ZoneOutage { .. }
        | Fault::ZoneRestart { .. } => Vec::new(),
    }
}

/// The same bounds for a clock that is wrong, ahead or behind.
fn wrong(offset: Offset) -> Result<(), String> {
    match offset.0.unsigned_abs() <= WRONG.end().0 {
        true => Ok(()),
        false => Err(format!("at most \"{}\" ahead or behind, 0s to end it", WRONG.end())),
    }
}

/// What is wrong with a number as it stands.
fn check_number(number: &Number<'_>) -> Result<(), String> {
    match number {
        Number::Times(it, bounds) if bounds.contains(&**it) => Ok(()),
        Number::Times(it, bounds) => {
            let (low, high) = (bounds.start(), bounds.end());
            Err(format!("{it} is no factor; use a number from {low} to {high}, 1 to end it"))
        }
        Number::Part(it) if (0.0..=1.0).contains(&**it) => Ok(()),
        Number::Part(it) => Err(format!("{it} is no share; use a number from 0 to 1, 0 to end it")),
        Number::Span(it) if LATER.contains(*it) => Ok(()),
        Number::Span(it) => Err(format!("{it} is too long; at most \"{}\"", LATER.end())),
        Number::Offset(it) => wrong(**it).map_err(|problem| format!("{it} is too far; {problem}")),
        Number::Key(_) => Ok(()),
    }
}

/// A number of a fault as a form shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Amount {
    /// Its name in files.
    pub name: &'static str,
    /// Editor and bounds.
    pub control: Control,
    /// Its value in the form that parameters have in files: `"5%"`, `"100ms"`, `20`.
    pub value: Value,
}

/// How much of a fault: its numbers, the one that people think of first first.
pub fn amounts(fault: &Fault) -> Vec<Amount> {
    let mut fault = fault.clone();
    let amount = |(name, number): (&'static str, Number<'_>)| {
        let (control, value) = match number {
            Number::Times(it, bounds) => {
                // Whole ones as people write them: 10, not 10.0.
                let whole = it.fract() == 0.0 && bounds.contains(it);
                let value = if whole { Value::from(*it as u64) } else { it.to_value() };
                (f64::control(&bounds, "×"), value)
            }
            Number::Part(it) => (Share::control(&(), ""), Share(*it).to_value()),
            Number::Span(it) => (Nanos::control(&LATER, ""), it.to_value()),
            Number::Offset(it) => (Nanos::control(&WRONG, ""), it.to_string().into()),
            Number::Key(it) => (u32::control(&(0..=u32::MAX), ""), it.to_value()),
        };
        Amount { name, control, value }
    };
    numbers(&mut fault).into_iter().map(amount).collect()
}

/// The fault with another of its numbers, by its name and in the form of [`Amount::value`].
pub fn with_amount(fault: &Fault, name: &str, value: &Value) -> Result<Fault, ParamError> {
    let mut fault = fault.clone();
    let found = numbers(&mut fault).into_iter().find(|it| it.0 == name);
    let set = |number: Number<'_>| -> Result<(), String> {
        match number {
            Number::Times(it, bounds) => *it = f64::from_value(value, &bounds)?,
            Number::Part(it) => *it = Share::from_value(value, &())?.0,
            Number::Span(it) => *it = Nanos::from_value(value, &LATER)?,
            Number::Offset(it) => {
                let wanted = || "a duration such as \"10s\"; negative for behind".to_owned();
                let offset = value.as_str().and_then(Offset::parse).ok_or_else(wanted)?;
                wrong(offset)?;
                *it = offset;
            }
            Number::Key(it) => *it = u32::from_value(value, &(0..=u32::MAX))?,
        }
        Ok(())
    };
    let error = |problem: String| ParamError { field: name.to_owned(), problem };
    let number = found.ok_or_else(|| error("this fault has no such number".to_owned()))?.1;
    set(number).map_err(error)?;
    Ok(fault)
}

/// What is wrong with a command as it is typed: whether it is one that is known, whoever gets it says.
pub fn command(words: &str) -> Result<(), String> {
    let count = words.chars().count();
    if words.trim().is_empty() {
        return Err("there is nothing in it; type a command such as \"GET k\"".into());
    }
    if count > COMMAND_MAX {
        return Err(format!("it has {count} characters; at most {COMMAND_MAX}"));
    }
    match words.chars().any(char::is_control) {
        true => Err("it has more than one line, or characters that cannot be typed".into()),
        false => Ok(()),
    }
}

/// Field of what [`check`] says of a fault that names what is not there: it has no effect as long as that
/// is so.
pub const MISSING: &str = "fault";

/// Whether a fault fits a design: what it names is there, and its numbers are within bounds.
pub fn check(design: &Design, fault: &Fault) -> Result<(), ParamError> {
    let error = |field: &str, problem| Err(ParamError { field: field.to_owned(), problem });
    for (name, number) in numbers(&mut fault.clone()) {
        check_number(&number).or_else(|problem| error(name, problem))?;
    }
    let target = |it: &Target| {
        let record = design.components.get(&it.component);
        let there = record
            .is_some_and(|record| it.member.is_none_or(|at| u32::from(at) < record.spec.members()));
        let problem = format!("there is no {it}; a target is a component's id or id/ordinal");
        if there { Ok(()) } else { error(MISSING, problem) }
    };
    let wire = |id: &str| {
        let there = design.wires.contains_key(id);
        if there { Ok(()) } else { error(MISSING, format!("there is no wire {id:?}")) }
    };
    match fault {
        Fault::Promote(it) if it.member.is_none() => {
            error("promote", format!("{it} is not one member; promote one, such as {it}/1"))
        }
        Fault::Crash(it) | Fault::Restart(it) | Fault::Flush(it) | Fault::Promote(it) => target(it),
        Fault::Command { target: it, words } => {
            command(words).or_else(|problem| error("words", problem))?;
            target(it)?;
            let takes = design.components.get(&it.component);
            if !takes.is_some_and(|it| it.spec.about().commands != Commands::None) {
                // Another kind may stand there one day.
                return error(MISSING, format!("{} takes no commands", it.component));
            }
            let Some(member) = it.member else {
                let problem = format!("{it} is not one member; name one, such as {it}/0");
                return error("command", problem);
            };
            let spec = takes.map(|it| &it.spec);
            let servers = spec.map_or(0, |it| it.members() - u32::from(it.watchers()));
            if u32::from(member) >= servers {
                let problem = format!("{it} watches the others, and takes no commands");
                return error(MISSING, problem);
            }
            Ok(())
        }
        Fault::Slow { target: it, .. }
        | Fault::Gray { target: it, .. }
        | Fault::Skew { target: it, .. }
        | Fault::Spike { target: it, .. }
        | Fault::HotKey { target: it, .. }
        | Fault::Loss { on: Scope::Target(it), .. }
        | Fault::Delay { on: Scope::Target(it), .. }
        | Fault::DropNext { on: Scope::Target(it) }
        | Fault::DelayNext { on: Scope::Target(it), .. } => target(it),
        Fault::Loss { on: Scope::Wire(id), .. }
        | Fault::Delay { on: Scope::Wire(id), .. }
        | Fault::DropNext { on: Scope::Wire(id) }
        | Fault::DelayNext { on: Scope::Wire(id), .. }
        | Fault::CutWire { wire: id, .. }
        | Fault::MendWire { wire: id } => wire(id),
        Fault::Partition { one, other, .. } => one.iter().chain(other).try_for_each(target),
        Fault::DropMessage { .. } | Fault::DelayMessage { .. } | Fault::Heal { .. } => Ok(()),
        Fault::ZoneOutage { zone } | Fault::ZoneRestart { zone } => {
            let there = design.zones.contains_key(zone);
            if there { Ok(()) } else { error(MISSING, format!("there is no zone {zone:?}")) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::typed;
    use crate::document::file;

    fn on() -> Scope {
        Scope::Target(target())
    }

    fn target() -> Target {
        Target::component("cache")
    }

    fn by(by: Nanos) -> Fault {
        Fault::Delay { on: on(), by }
    }

    fn skew(offset: i64) -> Fault {
        Fault::Skew { target: target(), offset: Offset(offset) }
    }

    /// What a form shows of a fault, what somebody types into its first field, and what that is then.
    #[test]
    fn every_number_of_a_fault_is_shown_and_typed_with_its_unit() {
        let slow = |factor| Fault::Slow { target: target(), factor };
        let gray = |share| Fault::Gray { target: target(), share, factor: 20.0 };
        let loss = |share| Fault::Loss { on: on(), share };
        let spike = |factor| Fault::Spike { target: target(), factor };
        let hot = |share| Fault::HotKey { target: target(), key: 3, share };
        let second = 1_000_000_000;
        let cases = [
            (slow(10.0), "10", "2.5", slow(2.5)),
            (gray(0.3), "30 %", "7", gray(0.07)),
            (loss(0.05), "5 %", "12.5 %", loss(0.125)),
            (by(Nanos::millis(100)), "100 ms", "2 s", by(Nanos::seconds(2))),
            (by(Nanos::millis(100)), "100 ms", "40", by(Nanos::millis(40))),
            (skew(10 * second), "10 s", "-3 s", skew(-3 * second)),
            (skew(-10 * second), "-10 s", "0s", skew(0)),
            (spike(5.0), "5", "1", spike(1.0)),
            (hot(0.5), "50 %", "90%", hot(0.9)),
        ];
        for (before, shown, typed, after) in cases {
            let amount = amounts(&before).remove(0);
            assert_eq!(typed::written(&amount.control, &amount.value), shown, "{before:?}");
            let value = typed::read(&amount.control, typed);
            assert_eq!(with_amount(&before, amount.name, &value), Ok(after), "{typed}");
        }
        let key = with_amount(&hot(0.5), "key", &7.into());
        assert_eq!(key, Ok(Fault::HotKey { target: target(), key: 7, share: 0.5 }));
        assert_eq!(amounts(&Fault::Crash(target())), []);
    }

    #[test]
    fn what_is_no_amount_is_refused_by_name() {
        let no = |fault: &Fault, name: &str, value: Value| {
            with_amount(fault, name, &value).unwrap_err().to_string()
        };
        let slow = Fault::Slow { target: target(), factor: 10.0 };
        assert_eq!(no(&slow, "factor", 0.into()), "factor: a number from 0.001 to 1000000");
        assert_eq!(no(&slow, "share", "5%".into()), "share: this fault has no such number");
        let loss = Fault::Loss { on: on(), share: 0.05 };
        assert_eq!(no(&loss, "share", "120%".into()), r#"share: a share from "0%" to "100%""#);
        let delay = by(Nanos::MILLISECOND);
        assert_eq!(no(&delay, "by", "2h".into()), r#"by: a duration from "0s" to "3600s""#);
        assert!(no(&skew(1), "offset", "99999h".into()).contains("ahead or behind"));
        assert!(no(&skew(1), "offset", "soon".into()).contains("negative for behind"));
    }

    #[test]
    fn a_fault_must_be_about_what_is_there_and_within_bounds() {
        let text = include_str!("../../static/designs/bookstore.json");
        let design = file::read(text).unwrap().0.design;
        let on_wire = |id: &str| Scope::Wire(id.into());
        for fault in [
            Fault::Crash(target()),
            Fault::Promote("database/1".parse().unwrap()),
            Fault::Loss { on: on_wire("gateway-balancer"), share: 1.0 },
            Fault::Spike { target: Target::component("readers"), factor: 0.0 },
            Fault::Heal { name: "whatever".into() },
            by(Nanos::seconds(3_600)),
        ] {
            assert_eq!(check(&design, &fault), Ok(()), "{fault:?}");
        }
        let typed = |words: &str| Fault::Command { target: target(), words: words.into() };
        let both = |it: &str| vec![it.parse().unwrap()];
        let partition = Fault::Partition {
            name: "x".into(),
            one: both("cache"),
            other: both("moon"),
            ways: Default::default(),
        };
        for (fault, problem) in [
            (Fault::Flush(Target::component("moon")), "fault: there is no moon; a target is"),
            (Fault::Crash("database/3".parse().unwrap()), "fault: there is no database/3"),
            (Fault::Promote(Target::component("database")), "promote: database is not one member"),
            (Fault::Delay { on: on_wire("moon"), by: Nanos::ZERO }, "fault: there is no wire"),
            (Fault::MendWire { wire: "moon".into() }, "fault: there is no wire \"moon\""),
            (Fault::ZoneRestart { zone: "moon".into() }, "fault: there is no zone \"moon\""),
            (partition, "fault: there is no moon"),
            (typed("GET k"), "fault: cache takes no commands"),
            (typed(" "), "words: there is nothing in it"),
            (typed(&"x".repeat(201)), "words: it has 201 characters; at most 200"),
            (typed("GET\nk"), "words: it has more than one line"),
            (Fault::Slow { target: target(), factor: f64::NAN }, "factor: NaN is no factor"),
            (Fault::Slow { target: target(), factor: 1e30 }, "factor: "),
            (Fault::Spike { target: target(), factor: -1.0 }, "factor: -1 is no factor"),
            (Fault::Loss { on: on(), share: 1.5 }, "share: 1.5 is no share"),
            (by(Nanos::seconds(3_601)), "by: 3601s is too long"),
            (skew(i64::MIN), "offset: "),
        ] {
            let error = check(&design, &fault).unwrap_err().to_string();
            assert!(error.starts_with(problem), "{fault:?}: {error}");
        }
    }
}
