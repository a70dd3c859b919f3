//! Random designs of every kind there is, with random settings, under random faults and edits.

use ringside::base::param::{Control, Field, Param, Params};
use ringside::base::time::Nanos;
use ringside::component::{ALL, Spec};
use ringside::document::compile::compile;
use ringside::document::validate::may_connect;
use ringside::document::{Design, WireParams};
use ringside::engine::world::Unwatched;
use serde_json::{Value, json};

use super::{Dice, edit_zones, fault, mishap, recording, run_looking, some, zones};
use crate::common::*;

/// Inputs of one run.
const INPUTS: u64 = 12;
/// Requests per second that a client begins with, at most: enough to fill lines, not to drown.
const RATE_MAX: f64 = 200.0;

/// Another value of a setting: near its default, where things happen, and within its bounds.
fn value(dice: &mut Dice, field: &Field) -> Option<Value> {
    let factor = [0.0, 0.25, 0.5, 2.0, 4.0][dice.below(5) as usize];
    match &field.control {
        Control::Toggle => Some((dice.below(2) == 0).into()),
        Control::Number { min, max, whole, .. } => {
            // What is off by default is on at times.
            let usual = field.default.as_f64().filter(|it| *it > 0.0).unwrap_or(4.0);
            let value = (usual * factor).clamp(*min, *max);
            Some(if *whole { json!(value as u64) } else { json!(value) })
        }
        Control::Rate { min, .. } => {
            let value = (RATE_MAX * factor / 4.0).max(*min);
            Some(format!("{value}/s").into())
        }
        Control::Duration { min, max } => {
            let default = Nanos::parse(field.default.as_str()?)?;
            let value = Nanos((default.0.max(1_000_000) as f64 * factor) as u64);
            Some(format!("{}ns", value.clamp(*min, *max).0).into())
        }
        Control::Share => Some(format!("{}%", [0, 2, 20, 90, 100][dice.below(5) as usize]).into()),
        Control::Choice(choices) => Some(choices[dice.below(choices.len() as u64) as usize].into()),
        Control::Text => text(dice, field.name).map(Into::into),
        Control::Lines { .. } => Some(recording(dice).to_value()),
        Control::Rows(_) => rows(dice, field.name),
    }
}

/// What may stand in a text: some of it does not go with the other settings, and is refused.
fn text(dice: &mut Dice, name: &str) -> Option<String> {
    let texts: &[&str] = match name {
        "places" => &["", "north, west, isle", "west", "nowhere, north"],
        "classes" | "range_classes" => &["", "", "browse", "order, other", "nobody"],
        "ranges" => &["", "0=A, 40=B, 41=A, 90=C", "0=C, 3000=A", "0=D, 7=B"],
        "directory" => &["", "7=A, 8=B, 9=A", "1=C"],
        "weights" => &["", "0, 1", "5, 1, 1", "1, 0, 3, 1", "0, 0, 0, 0, 0, 0, 0, 0"],
        "work_times" => &["", "1ms: 9, 80ms: 1", "p0: 0ms, p50: 2ms, p100: 300ms"],
        _ => return None,
    };
    Some(some(dice, texts))
}

/// Classes of requests, rules of a firewall.
fn rows(dice: &mut Dice, name: &str) -> Option<Value> {
    let mut row = |class: &str| {
        let (first, number) = (dice.below(2) == 0, dice.below(8));
        match name {
            "classes" => Some(json!({
                "name": class, "weight": number / 2, "priority": number,
                "does": if first { "read" } else { "write" },
            })),
            "rules" => Some(json!({"class": class, "blocks": if first { "100%" } else { "30%" }})),
            _ => None,
        }
    };
    Some(Value::Array(vec![row("browse")?, row("order")?, row("other")?]))
}

/// Gives some settings other values. Members of a Raft group come and go only with care.
fn settle(dice: &mut Dice, spec: &mut Spec, fresh: bool) {
    let raft = spec.about().id == "raft-group";
    for field in spec.fields() {
        let kept = dice.below(3) > 0 || raft && !fresh && field.name == "members";
        let Some(value) = value(dice, &field).filter(|_| !kept) else { continue };
        spec.set(field.name, &value).unwrap_or_else(|error| {
            panic!("{}: {} within its bounds is refused: {error}", spec.about().id, value)
        });
    }
    // Users who never think, and whom nobody keeps waiting, are without end in one instant: a session's
    // guard stops such a run; here nobody does, and desks are looked at call by call.
    if let Spec::Client(it) = spec {
        (it.users, it.think) = (it.users.min(20), it.think.max(Nanos::millis(20)));
    }
}

fn settle_wire(dice: &mut Dice, settings: &mut WireParams) {
    for field in settings.fields() {
        let Some(value) = value(dice, &field).filter(|_| dice.below(4) == 0) else { continue };
        settings.set(field.name, &value).unwrap_or_else(|error| {
            panic!("wire: {value} within its bounds is refused: {error}");
        });
    }
}

/// A design of any kinds, each called by one before it.
pub fn random(dice: &mut Dice) -> Design {
    let mut it = Design::default();
    let mut ids = Vec::new();
    for index in 0..3 + dice.below(7) {
        let mut spec = match index {
            0 => Spec::Client(client(100.0, 3, 1)),
            1 => Spec::Service(Default::default()),
            _ => (ALL[dice.below(ALL.len() as u64) as usize].spec)(),
        };
        settle(dice, &mut spec, true);
        let id = format!("{}-{index}", spec.about().id);
        add(&mut it, &id, spec);
        connect(dice, &mut it, &ids, &id);
        ids.push(id);
    }
    if dice.below(2) == 0 {
        zones(&mut it);
    }
    // Not every choice goes with every other.
    if compile(&it, 1).is_ok() { it } else { random(dice) }
}

/// Lets one or two of those there are call the new one, and sometimes be called by it.
fn connect(dice: &mut Dice, design: &mut Design, ids: &[String], id: &str) {
    for _ in 0..1 + dice.below(2) {
        let Some(other) = ids.get(dice.below(ids.len().max(1) as u64) as usize) else { return };
        // Against the stream now and then: circles end by the limit of hops.
        let (from, to) = if dice.below(8) == 0 { (id, &**other) } else { (&**other, id) };
        if may_connect(design, from, to).is_ok() {
            let mut settings = WireParams::default();
            settle_wire(dice, &mut settings);
            wire(design, from, to, settings);
        }
    }
}

fn edit(dice: &mut Dice, design: &mut Design) {
    let ids: Vec<String> = design.components.keys().cloned().collect();
    match dice.below(6) {
        5 => edit_zones(dice, design),
        0 if ids.len() > 3 => {
            let id = dice.id(design);
            design.components.remove(&id);
            design.wires.retain(|_, it| it.from != id && it.to != id);
        }
        1 => {
            let mut spec = (ALL[dice.below(ALL.len() as u64) as usize].spec)();
            settle(dice, &mut spec, true);
            // Names of those that are gone may come back.
            let id = format!("{}-{}", spec.about().id, dice.below(12));
            if !ids.contains(&id) {
                add(design, &id, spec);
                connect(dice, design, &ids, &id);
            }
        }
        2 if !design.wires.is_empty() => {
            let id = super::some_wire(dice, design);
            let record = design.wires.get_mut(&id).expect("it is there");
            settle_wire(dice, &mut record.settings);
        }
        _ => {
            let id = dice.id(design);
            settle(dice, &mut design.components.get_mut(&id).expect("it is there").spec, false);
        }
    }
}

/// One run: books balance and desks are sound as often as looked, a snapshot goes on as the run did
/// and a fork that changes nothing too, and the whole is replayed from its inputs.
pub fn schedule(seed: u64) {
    let mut dice = Dice::new(seed, "designs");
    let design = random(&mut dice);
    // The books of some are looked at after every single event.
    let every = if seed.is_multiple_of(12) { 1 } else { 300 };
    let mut live = Live::new(&design, seed);
    for _ in 0..INPUTS {
        let snapshot = live.world.clone();
        let span = Nanos(1 + dice.below(300_000_000));
        run_looking(&mut live, span, every);
        let mut fork = snapshot;
        reach(&mut fork, live.world.ordinal(), live.world.now(), &mut Unwatched);
        assert_eq!(fork.state_hash(), live.world.state_hash(), "a fork that changes nothing");
        match dice.below(9) {
            0..4 if !live.design.wires.is_empty() => {
                let fault = fault(&mut dice, &live.design);
                live.fault(fault);
            }
            4 => (0..3).for_each(|_| {
                mishap(&mut dice, &live).into_iter().for_each(|it| live.fault(it));
            }),
            5 => live.input(Input::Seed(dice.below(3))),
            _ => {
                let mut next = live.design.clone();
                edit(&mut dice, &mut next);
                // What does not compile changes nothing.
                if compile(&next, 1).is_ok() {
                    live.edit(|it| *it = next);
                }
            }
        }
        live.audit.check_conservation(&live.world);
        check_desks(&live.world, true);
    }
    run_looking(&mut live, Nanos::millis(500), every);
    live.audit.check_little(live.world.now());
    live.check_replay();
}
