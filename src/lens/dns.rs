//! The inside of a domain name's servers: which addresses are there by their checks, and which answer each
//! client has, and for how long.

use crate::base::text;
use crate::base::time::Nanos;
use crate::component::dns::Answer;
use crate::component::{Spec, State};
use crate::scene::layout::figures::Figure;
use crate::scene::layout::measure;
use crate::scene::layout::sheet::Sheet;
use crate::scene::{Anchor, Fill, Font, Mark, Point, Rect, Scene, Shape, Tone};

use super::Subject;
use super::load_balancer::health;

/// Height of a row.
const ROW: f32 = 22.0;
/// Clients with a row of their own, at most.
const ROWS: usize = 12;

/// Draws it.
pub fn draw(subject: &Subject) -> Scene {
    let title = format!("Inside {}", subject.label);
    let blueprint = subject.world.blueprint();
    let component = &blueprint.components[subject.component as usize];
    let own = component.members.first().copied();
    let (Some(Spec::Dns(params)), Some(own)) = (&component.spec, own) else {
        return Sheet::new(subject.width, title, "Nothing is inside yet.").finish();
    };
    let (answer, help) = match params.answer {
        Answer::Nearest => ("nearest", "Of those that are there, the one nearest to who asks."),
        Answer::InTurn => ("in turn", "Those that are there, one after the other."),
        Answer::First => ("first", "The first in the order of its wires that is there."),
    };
    let routes = &subject.world.member(own).desk.routes;
    let wires = component.out.iter().map(|it| &blueprint.wires[*it as usize]).zip(routes);
    let addresses: Vec<_> = wires.filter(|it| it.0.alive).collect();
    let name = |slot: u32| (subject.name)(&blueprint.components[slot as usize].id);
    let gone = addresses
        .iter()
        .filter(|it| !it.1.health.is_empty() && it.1.health.iter().all(|it| it.down));
    let (down, count) = (gone.count(), addresses.len());
    let ttl = text::duration(params.ttl.0 as f64);
    let description = format!(
        "Answer: {answer}; {down} of {count} addresses down by its checks; kept for {ttl}."
    );
    let mut sheet = Sheet::new(subject.width, title, description);
    let (live, unit) = text::duration_parts(params.ttl.0 as f64);
    let figures = [
        Figure::new("answer", "Answer", answer, ""),
        Figure::new("ttl", "Kept for", live, unit),
        Figure::new("down", "Down", down.to_string(), &format!("of {count}")),
    ];
    sheet.figures("figures", &figures);
    if !subject.world.is_up(own) {
        sheet.words("down", "It is down: clients have the answers that they have kept.");
    }
    sheet.space(4.0);
    sheet.words("help", help);
    sheet.space(8.0);
    sheet.caption("addresses", ["Addresses", "by its checks"]);
    for (wire, route) in &addresses {
        let id = format!("address/{}", wire.id);
        let row = sheet.block(ROW);
        let (left, base) = (row.width * 0.45, row.y + 15.0);
        let label = measure::fit(&name(wire.to), Font::SMALL, left);
        sheet.draw(Mark::text(format!("{id}/name"), Point::new(0.0, base), label, Font::SMALL));
        let worst = (0..route.health.len()).find_map(|it| health(wire, route, it));
        let (words, tone) = worst.unwrap_or_else(|| match route.health.is_empty() {
            true => ("not checked".into(), Tone::Ink2),
            false => ("there".into(), Tone::Hit),
        });
        if tone != Tone::Ink2 {
            sheet.draw(Mark::sign(
                format!("{id}/sign"),
                Point::new(left + 14.0, row.y + ROW / 2.0),
                tone,
            ));
        }
        let words = measure::fit(&words, Font::SMALL, row.width - left - 24.0);
        let at = Point::new(left + 24.0, base);
        sheet.draw(Mark::text(format!("{id}/health"), at, words, Font::SMALL).toned(tone));
    }
    answers(subject, params.ttl, &mut sheet);
    sheet.finish()
}

/// Which answer each client has, and how long it keeps it.
fn answers(subject: &Subject, ttl: Nanos, sheet: &mut Sheet) {
    let blueprint = subject.world.blueprint();
    let name = |slot: u32| (subject.name)(&blueprint.components[slot as usize].id);
    let askers = blueprint.wires.iter().filter(|it| it.alive && it.to == subject.component);
    let clients: Vec<_> = askers.map(|it| it.from).collect();
    sheet.space(8.0);
    sheet.caption("answers", ["Who goes where", "answer kept for"]);
    for client in clients.iter().copied().take(ROWS) {
        let members = &blueprint.components[client as usize].members;
        let state = members.first().and_then(|it| subject.world.member(*it).state.as_ref());
        let Some(State::Client(state)) = state else { continue };
        let id = format!("answer/{}", blueprint.components[client as usize].id);
        let row = sheet.block(ROW);
        let base = row.y + 15.0;
        let now = subject.now();
        let answer = state.name().filter(|it| it.1 > now);
        let (words, left) = match answer {
            // An address is a slot, and one.
            Some((address, until))
                if address > 0 && (address as usize) <= blueprint.components.len() =>
            {
                (format!("{} → {}", name(client), name(address - 1)), until.saturating_sub(now))
            }
            _ => (format!("{} asks anew", name(client)), Nanos::ZERO),
        };
        let room = row.width * 0.62;
        let words = measure::fit(&words, Font::SMALL, room);
        sheet.draw(Mark::text(format!("{id}/words"), Point::new(0.0, base), words, Font::SMALL));
        let figure = text::duration(left.0 as f64);
        let right = measure::width(&figure, Font::NUMBER);
        let number =
            Mark::text(format!("{id}/left"), Point::new(row.width, base), figure, Font::NUMBER);
        sheet.draw(number.anchored(Anchor::End));
        let bar = Rect::new(room + 8.0, row.y + 6.0, row.width - room - right - 16.0, ROW - 12.0);
        let part = (left.0 as f64 / ttl.0.max(1) as f64).min(1.0) as f32;
        if bar.width > 4.0 && part > 0.0 {
            let area = Rect { width: (bar.width * part).max(1.0), ..bar };
            let shape = Shape::Bar { area, radius: 2.0, fill: Fill::Soft };
            sheet.draw(Mark::new(format!("{id}/bar"), shape, Tone::Ink3));
        }
    }
    if clients.len() > ROWS {
        sheet.words("answers/more", &format!("and {} more", clients.len() - ROWS));
    }
}
