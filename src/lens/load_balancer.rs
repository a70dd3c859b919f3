//! The inside of a balancer: what it knows of those it may choose, whom it chose, and who is next.

use crate::algorithm::balancing::Rule;
use crate::base::order::sort_few;
use crate::base::text;
use crate::component::{Picker, Registry, Spec};
use crate::engine::desk::{OutCall, Route};
use crate::engine::{Component, Picker as _, Wire};
use crate::scene::layout::chips::Chip;
use crate::scene::layout::figures::Figure;
use crate::scene::layout::measure;
use crate::scene::layout::sheet::Sheet;
use crate::scene::{Anchor, CellStyle, Fill, Font, Mark, Point, Rect, Scene, Shape, Tone};

use super::Subject;

/// Height of a member's row.
const ROW: f32 = 22.0;
/// Members with a row of their own behind each wire, at most.
const ROWS: usize = 8;
/// Choices listed.
const CHOICES: usize = 14;
/// Next choices told, where the rule knows them.
const NEXT: usize = 6;

/// Everything about one wire of the balancer.
struct Behind<'a> {
    wire: &'a Wire<Registry>,
    to: &'a Component<Registry>,
    /// What people call it.
    label: String,
    route: &'a Route<Picker>,
}

impl Behind<'_> {
    fn name(&self, ordinal: usize) -> String {
        let spec = self.to.spec.as_ref();
        spec.map_or_else(String::new, |it| it.member_name(ordinal as u16))
    }
}

/// Draws it.
pub fn draw(subject: &Subject) -> Scene {
    let title = format!("Inside {}", subject.label);
    let blueprint = subject.world.blueprint();
    let component = &blueprint.components[subject.component as usize];
    let own = component.members.first().copied();
    let (Some(Spec::LoadBalancer(params)), Some(own)) = (&component.spec, own) else {
        return Sheet::new(subject.width, title, "Nothing is inside yet.").finish();
    };
    let desk = &subject.world.member(own).desk;
    let wire = |(slot, route): (&u32, _)| {
        let wire = &blueprint.wires[*slot as usize];
        let to = &blueprint.components[wire.to as usize];
        Behind { wire, to, label: (subject.name)(&to.id), route }
    };
    let all = component.out.iter().zip(&desk.routes).map(wire);
    let behind: Vec<_> = all.filter(|it| it.wire.alive).collect();
    let members: usize = behind.iter().map(|it| it.route.candidates.len()).sum();
    let down = behind.iter().flat_map(|it| &it.route.health).filter(|it| it.down).count();
    let out = desk.calls.len();
    let description = format!(
        "{}: {} calls out to {members} members, {down} of them down by its health checks.",
        params.rule.label(),
        text::count(out as u64),
    );
    let mut sheet = Sheet::new(subject.width, title, description);
    let checked = behind.iter().any(|it| !it.route.health.is_empty());
    sheet.figures(
        "figures",
        &[
            Figure::new("rule", "Rule", params.rule.label(), ""),
            Figure::new("out", "Calls out", text::count(out as u64), ""),
            Figure::new(
                "down",
                "Down, by checks",
                if checked { down.to_string() } else { "–".into() },
                &format!("of {members}"),
            ),
        ],
    );
    if !subject.world.is_up(own) {
        sheet.words("down", "It is down: nobody is chosen.");
        return sheet.finish();
    }
    sheet.words("help", params.rule.help());
    let most = behind.iter().flat_map(|it| &it.route.candidates).map(|it| it.outstanding).max();
    let weighted = params.rule == Rule::WeightedRoundRobin;
    for it in &behind {
        targets(it, most.unwrap_or(0).max(4), weighted, &mut sheet);
        next(it, params.rule, &mut sheet);
    }
    choices(subject, own, &behind, params.rule, &mut sheet);
    sheet.finish()
}

/// What it knows of each member behind a wire: calls out, weight, health.
fn targets(behind: &Behind, most: u32, weighted: bool, sheet: &mut Sheet) {
    let id = &behind.wire.id;
    sheet.space(10.0);
    let right = if weighted { "weight, calls out" } else { "calls out" };
    sheet.caption(&format!("to/{id}"), [&behind.label, right]);
    let candidates = &behind.route.candidates;
    let names: Vec<_> = (0..candidates.len()).map(|it| behind.name(it)).collect();
    let widest = names.iter().map(|it| measure::width(it, Font::SMALL)).fold(0.0, f32::max);
    for (candidate, name) in candidates.iter().zip(names).take(ROWS) {
        let id = format!("to/{id}/{}", candidate.index);
        let row = sheet.block(ROW);
        let base = row.y + 15.0;
        let left = widest.min(row.width * 0.4);
        let name = measure::fit(&name, Font::SMALL, left + 0.01);
        sheet.draw(Mark::text(format!("{id}/name"), Point::new(0.0, base), name, Font::SMALL));
        let figures = match weighted {
            true => format!("×{}  {:>3}", candidate.weight, candidate.outstanding),
            false => format!("{:>3}", candidate.outstanding),
        };
        let right = measure::width(&figures, Font::NUMBER);
        let at = Point::new(row.width, base);
        let number = Mark::text(format!("{id}/figures"), at, figures, Font::NUMBER);
        sheet.draw(number.anchored(Anchor::End));
        let start = left + 10.0;
        let bar = Rect::new(start, row.y + 5.0, row.width - start - right - 8.0, ROW - 10.0);
        if let Some((words, tone)) = health(behind.wire, behind.route, candidate.index) {
            let sign = Point::new(start + 6.0, row.y + ROW / 2.0);
            sheet.draw(Mark::sign(format!("{id}/sign"), sign, tone));
            let room = bar.width - 16.0;
            let words = measure::fit(&words, Font::SMALL, room);
            let at = Point::new(start + 16.0, base);
            sheet.draw(Mark::text(format!("{id}/health"), at, words, Font::SMALL).toned(tone));
            continue;
        }
        let part = candidate.outstanding as f32 / most as f32;
        let full = Rect { width: (bar.width * part).max(1.0), ..bar };
        let shape = Shape::Bar { area: full, radius: 2.0, fill: Fill::Soft };
        sheet.draw(Mark::new(format!("{id}/out"), shape, Tone::Ink3));
    }
    if candidates.len() > ROWS {
        sheet.words(&format!("to/{id}/more"), &format!("and {} more", candidates.len() - ROWS));
    }
}

/// What is worth saying of a member's health; nothing of one that is well.
pub(super) fn health(
    wire: &Wire<Registry>,
    route: &Route<Picker>,
    ordinal: usize,
) -> Option<(String, Tone)> {
    let (known, check) = (route.health.get(ordinal)?, wire.health?);
    match (known.down, known.streak) {
        (true, 0) if route.is_offered(ordinal) => {
            Some(("down, asked all the same: all are".into(), Tone::Fail))
        }
        (true, 0) => Some(("down: passed over".into(), Tone::Fail)),
        (true, good) => Some((format!("down: {good} of {} good checks", check.rise), Tone::Fail)),
        (false, 0) => None,
        (false, bad) => Some((format!("{bad} of {} failed checks", check.fall), Tone::Warn)),
    }
}

/// Whom the rule would choose now, one after the other, if nothing came back meanwhile. Rules that
/// go by the key or by a draw cannot say.
fn next(behind: &Behind, rule: Rule, sheet: &mut Sheet) {
    if matches!(rule, Rule::KeyHash | Rule::Random | Rule::TwoChoices) {
        return;
    }
    let mut picker = behind.route.picker.clone();
    let first = behind.to.first_in_reserve();
    let mut known: Vec<_> = behind.route.offered(first).copied().collect();
    let mut turns = Vec::new();
    for _ in 0..NEXT {
        let Some(chosen) = picker.pick(&known, 0, 0) else { break };
        known.iter_mut().filter(|it| it.index == chosen).for_each(|it| it.outstanding += 1);
        turns.push((chosen + 1).to_string());
    }
    if !turns.is_empty() {
        let words = format!("Next: {}", turns.join(", "));
        sheet.words(&format!("next/{}", behind.wire.id), &words);
    }
}

/// Calls that are out, the newest first: the last choices whose answers are still to come.
fn choices(subject: &Subject, own: u32, behind: &[Behind], rule: Rule, sheet: &mut Sheet) {
    let desk = &subject.world.member(own).desk;
    let mut calls: Vec<_> = desk.calls.iter().map(|it| it.1).collect();
    sort_few(&mut calls, |a, b| a.sent > b.sent);
    sheet.space(6.0);
    sheet.caption("choices", ["Last choices, answers to come", "newest left"]);
    let chip = |(index, call): (usize, &&OutCall)| {
        let of = |it: &&Behind| {
            subject
                .world
                .blueprint()
                .wires
                .get(call.wire as usize)
                .is_some_and(|w| w.id == it.wire.id)
        };
        let behind = behind.iter().find(of)?;
        let member = usize::from(call.target?);
        let key = subject.key(call.request.key);
        let mut chip = Chip::new(
            format!("choices/{index}"),
            format!("{key} → {} {}", behind.label, member + 1),
        );
        let out = behind.route.candidates.get(member)?.outstanding;
        let why = match rule {
            Rule::KeyHash => format!("The hash of {key} leads there."),
            Rule::LeastOutstanding => format!("It had the fewest calls out; it has {out} now."),
            Rule::TwoChoices => format!("Of two drawn it had fewer calls out; it has {out} now."),
            _ => rule.help().to_owned(),
        };
        chip.label = Some(format!("{key} to {}, {}: {why}", behind.to.id, behind.name(member)));
        Some(chip.styled(Tone::Ink, CellStyle::Plain))
    };
    let chips: Vec<_> = calls.iter().take(CHOICES).enumerate().filter_map(chip).collect();
    if chips.is_empty() {
        return sheet.words("choices/none", "No call is out.");
    }
    sheet.chips("choices", &chips, 4, chips.len());
}
