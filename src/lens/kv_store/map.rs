//! Who can reach whom: members and clients where they stand, with what they believe, and a matrix.

use crate::engine::Via;
use crate::engine::fault::Target;
use crate::engine::history::Operation;
use crate::lens::history::Voice;
use crate::scene::layout::measure;
use crate::scene::layout::sheet::Sheet;
use crate::scene::{
    Anchor, Fill, Font, Glyph, Heads, Mark, Point, Rect, Shape, Slide, Stroke, Tone,
};

use super::Store;
use crate::lens::mesh::Sides;

/// From the middle of a member to its edge, and from one member of a place to the next.
const MEMBER: [f32; 2] = [14.0, 58.0];
/// Height of the row of clients.
const CLIENTS: f32 = 60.0;
/// Clients drawn below one place.
const CLIENTS_MAX: usize = 2;

/// Members and clients that stand together.
struct Group {
    /// What people call the place; empty if it has no name.
    name: String,
    members: Vec<usize>,
    /// Clients by component slot.
    clients: Vec<u32>,
}

impl Store<'_> {
    /// The zones that somebody stands in, given as component or as `store/0`.
    fn zones(&self, who: &str) -> Vec<&str> {
        let zones = &self.subject.world.blueprint().zones;
        let holds = |it: &&(std::sync::Arc<str>, Vec<std::sync::Arc<str>>)| {
            it.1.iter().any(|it| **it == *who)
        };
        zones.iter().filter(holds).map(|it| &*it.0).collect()
    }

    fn groups(&self) -> Vec<Group> {
        let blueprint = self.subject.world.blueprint();
        let own = &blueprint.components[self.subject.component as usize];
        let mut groups: Vec<(Vec<&str>, Group)> = Vec::new();
        for member in 0..self.members.len() {
            let zones = self.zones(&format!("{}/{member}", own.id));
            match groups.iter_mut().find(|it| it.0 == zones) {
                Some(it) => it.1.members.push(member),
                None => {
                    let name = zones.iter().map(|it| (self.subject.name)(it)).collect::<Vec<_>>();
                    let (name, members, clients) = (name.join(", "), vec![member], Vec::new());
                    groups.push((zones, Group { name, members, clients }));
                }
            }
        }
        for wire in blueprint.wires.iter().filter(|it| it.alive && it.to == self.subject.component)
        {
            let caller = &blueprint.components[wire.from as usize];
            let zones = self.zones(&caller.id);
            let at = groups.iter().position(|it| it.0 == zones).unwrap_or(0);
            if let Some(group) = groups.get_mut(at)
                && !group.1.clients.contains(&wire.from)
            {
                group.1.clients.push(wire.from);
            }
        }
        groups.into_iter().map(|it| it.1).collect()
    }

    /// The map and the matrix.
    pub(super) fn reach(&self, sheet: &mut Sheet) {
        sheet.space(8.0);
        sheet.caption("reach", ["Who can reach whom", &self.mesh.state_of_network()]);
        let sides = self.mesh.across(sheet);
        let sides = sides.as_ref();
        let (wide, side) = self.mesh.matrix_size();
        let beside = sheet.width() >= 300.0 + wide;
        let groups = self.groups();
        let most = groups.iter().map(|it| it.members.len()).max().unwrap_or(1);
        let height = 22.0 + MEMBER[1] * most as f32 + CLIENTS;
        if beside {
            let [map, matrix] =
                sheet.columns(height.max(side + 8.0), [sheet.width() - wide - 24.0, wide], 24.0);
            self.map(&groups, map, sides, sheet);
            self.mesh.matrix(Point::new(matrix.x, matrix.y + 6.0), sheet);
        } else {
            let map = sheet.block(height);
            self.map(&groups, map, sides, sheet);
            sheet.space(4.0);
            let block = sheet.block(side + 8.0);
            self.mesh.matrix(Point::new(block.x, block.y + 4.0), sheet);
        }
    }

    fn map(&self, groups: &[Group], area: Rect, sides: Option<&Sides>, sheet: &mut Sheet) {
        let count = groups.len().max(1) as f32;
        let column = area.width / count;
        let mut places = vec![Point::default(); self.members.len()];
        let most = groups.iter().map(|it| it.members.len()).max().unwrap_or(1) as f32;
        for (index, group) in groups.iter().enumerate() {
            let x = area.x + column * (index as f32 + 0.5);
            if !group.name.is_empty() {
                let name = measure::fit(&group.name, Font::SMALL, column - 8.0);
                let mark = Mark::text(
                    format!("place/{index}"),
                    Point::new(x, area.y + 12.0),
                    name,
                    Font::SMALL,
                );
                sheet.draw(mark.anchored(Anchor::Middle).toned(Tone::Ink2));
            }
            let room = MEMBER[1] * most;
            let step = room / group.members.len() as f32;
            for (at, member) in group.members.iter().enumerate() {
                // One column of many would hide which line leads where.
                let aside = if groups.len() == 1 && at % 2 == 1 { column * 0.25 } else { 0.0 };
                let y = area.y + 22.0 + step * (at as f32 + 0.5) - 8.0;
                places[*member] = Point::new(
                    x - aside / 2.0
                        + if aside == 0.0 && groups.len() == 1 {
                            column * 0.125
                        } else {
                            -aside / 2.0
                        },
                    y,
                );
            }
        }
        for one in 0..places.len() {
            for other in one + 1..places.len() {
                self.pair([one, other], &places, sheet);
            }
        }
        let middle = area.x + area.width / 2.0;
        let own = &self.subject.world.blueprint().components[self.subject.component as usize].id;
        let target = |member: usize| Target::member(own, member as u16);
        let of: Vec<_> = places.iter().enumerate().map(|it| (target(it.0), *it.1)).collect();
        for (member, at) in places.iter().enumerate() {
            let slide = sides.and_then(|it| it.slide(&of[member].0, &of));
            // Away from the lines, and not into what stands beside the map, or on both sides.
            let own = Rect::new(at.x - column / 2.0, area.y, column, area.height);
            let room = if groups.len() > 2 { own } else { area };
            self.member(member, (*at, at.x < middle - 1.0, room), slide, sheet);
        }
        let y = area.bottom() - CLIENTS;
        for (index, group) in groups.iter().enumerate() {
            let shown = group.clients.len().min(CLIENTS_MAX);
            let width = (column - 8.0) / shown.max(1) as f32;
            for (at, client) in group.clients.iter().take(CLIENTS_MAX).enumerate() {
                let x = area.x + column * index as f32 + 4.0 + width * at as f32;
                let area = Rect::new(x + 2.0, y + 4.0, width - 4.0, CLIENTS - 8.0);
                let id = &self.subject.world.blueprint().components[*client as usize].id;
                let slide = sides.and_then(|it| it.slide(&Target::component(id), &of));
                self.client_box(*client, area, slide, sheet);
            }
        }
    }

    fn pair(&self, [one, other]: [usize; 2], places: &[Point], sheet: &mut Sheet) {
        let (forth, back) = (self.mesh.reaches(one, other), self.mesh.reaches(other, one));
        let [a, b] = [places[one], places[other]];
        let (dx, dy) = (b.x - a.x, b.y - a.y);
        let length = (dx * dx + dy * dy).sqrt().max(1.0);
        let gap = (MEMBER[0] + 3.0) / length;
        let near =
            |from: Point, sign: f32| Point::new(from.x + sign * dx * gap, from.y + sign * dy * gap);
        let (from, to) = (near(a, 1.0), near(b, -1.0));
        let (x, y) = (self.name(one), self.name(other));
        let id = format!("pair/{one}-{other}");
        let down = [one, other].into_iter().find(|it| !self.is_up(*it));
        let (label, tone) = match (forth, back) {
            _ if down.is_some() => {
                let name = down.map_or_else(String::new, |it| self.name(it));
                (format!("{name} is down"), Tone::Line)
            }
            (true, true) => (format!("{x} and {y} reach each other"), Tone::Ink3),
            (true, false) => (format!("{x} reaches {y}, but does not hear it"), Tone::Fail),
            (false, true) => (format!("{y} reaches {x}, but does not hear it"), Tone::Fail),
            (false, false) => (format!("{x} and {y} cannot reach each other"), Tone::Fail),
        };
        let shape = match (forth, back) {
            (true, true) => Shape::Line { from, to, stroke: Stroke::BOLD },
            (false, false) => Shape::Line { from, to, stroke: Stroke::DASHED },
            (true, false) => Shape::Arrow { from, to, stroke: Stroke::DASHED, heads: Heads::End },
            (false, true) => {
                let (from, to) = (to, from);
                Shape::Arrow { from, to, stroke: Stroke::DASHED, heads: Heads::End }
            }
        };
        sheet.draw(Mark::new(&id, shape, tone).labelled(label.clone()));
        if (!forth || !back) && down.is_none() {
            let at = Point::new((a.x + b.x) / 2.0, (a.y + b.y) / 2.0);
            let shape = Shape::Glyph { glyph: Glyph::Cross, at, radius: 5.0 };
            sheet.draw(Mark::new(format!("{id}/cross"), shape, Tone::Fail).labelled(label));
        }
    }

    fn member(
        &self,
        member: usize,
        (at, left, area): (Point, bool, Rect),
        slide: Option<Slide>,
        sheet: &mut Sheet,
    ) {
        let (slot, _) = self.members[member];
        let up = self.subject.world.is_up(slot);
        let name = self.name(member);
        let key = self.key_name(self.key);
        let held = self.belief(member);
        let company = self.mesh.company(member);
        let of = self.members.len();
        let id = format!("member/{member}");
        let label = match up {
            true if !self.holds(member) => {
                format!("{name} is {held} of {key}; it reaches {company} of {of}, itself included")
            }
            true => format!(
                "{name} believes {key} = {held}; it reaches {company} of {of}, itself included"
            ),
            false => format!("{name} is down; it holds {key} = {held}"),
        };
        let [radius, _] = MEMBER;
        let ring = Shape::Arc {
            center: at,
            inner: radius - 2.0,
            outer: radius,
            start: 0.0,
            end: 1.0,
            fill: Fill::Solid,
        };
        let inside = Shape::Arc {
            center: at,
            inner: 0.0,
            outer: radius - 2.0,
            start: 0.0,
            end: 1.0,
            fill: Fill::Solid,
        };
        let own = &self.subject.world.blueprint().components[self.subject.component as usize].id;
        sheet.draw(Mark::new(format!("{id}/inside"), inside, Tone::Surface));
        let tone = match (up, self.is_home(member)) {
            (false, _) => Tone::Fail,
            (true, true) => Tone::Ink,
            (true, false) => Tone::Ink3,
        };
        let mut mark = Mark::new(format!("side/{own}/{member}"), ring, tone).labelled(label);
        mark.slide = slide;
        let letter =
            Mark::text(format!("{id}/name"), Point::new(at.x, at.y + 4.5), name, Font::HEADING);
        sheet.draw(letter.anchored(Anchor::Middle).toned(tone));
        // Above its letter, so that all of it can be taken.
        sheet.draw(mark);
        let words = match self.is_home(member) {
            true => format!("{key} = {held}"),
            false => held,
        };
        let words = measure::fit(&words, Font::NUMBER, area.width - 4.0);
        let wide = measure::width(&words, Font::NUMBER);
        let room = if left { at.x - area.x } else { area.right() - at.x };
        let (x, y, side) = match (wide + radius + 6.0 <= room, left) {
            (true, true) => (at.x - radius - 6.0, at.y + 4.5, Anchor::End),
            (true, false) => (at.x + radius + 6.0, at.y + 4.5, Anchor::Start),
            (false, _) => {
                let half = wide / 2.0 + 2.0;
                let x = at.x.clamp(area.x + half, (area.right() - half).max(area.x + half));
                (x, at.y + radius + 13.0, Anchor::Middle)
            }
        };
        // Wires behind it end at it, as they do at the member.
        let start = match side {
            Anchor::Start => x,
            Anchor::Middle => x - wide / 2.0,
            Anchor::End => x - wide,
        };
        let plate = Rect::new(start - 2.0, y - 11.0, wide + 4.0, 14.0);
        let plate = Shape::Bar { area: plate, radius: 2.0, fill: Fill::Solid };
        sheet.draw(Mark::new(format!("{id}/plate"), plate, Tone::Surface));
        let mark = Mark::text(format!("{id}/value"), Point::new(x, y), words, Font::NUMBER);
        let tone = if self.is_home(member) { Tone::Ink } else { Tone::Warn };
        let tone = if self.holds(member) { tone } else { Tone::Ink3 };
        sheet.draw(mark.anchored(side).toned(tone));
    }

    /// What a client believes: what it was last told of the key.
    fn client_box(&self, component: u32, area: Rect, slide: Option<Slide>, sheet: &mut Sheet) {
        let blueprint = self.subject.world.blueprint();
        let it = &blueprint.components[component as usize];
        let name = (self.subject.name)(&it.id);
        let own = |op: &&Operation| {
            let ended = op.ended.is_some_and(|it| it.1 <= self.now());
            it.members.contains(&op.client) && op.key == self.key && ended
        };
        let last = self.log.operations.iter().rev().find(own);
        let (words, tone) = match last {
            None => (String::from("knows nothing yet"), Tone::Ink2),
            Some(op) => match op.ended {
                Some((outcome, _)) if outcome.is_failure() => {
                    let reached = op.reached.map_or_else(String::new, |it| {
                        let of = self.params.homes();
                        let why = if it * 2 <= of { ", no majority" } else { "" };
                        format!(": {it} of {of}{why}")
                    });
                    (format!("refused{reached}"), Tone::Fail)
                }
                _ if op.writes => (format!("wrote {}", op.value), Tone::Ink),
                _ => (self.words(op), Tone::Ink),
            },
        };
        let cut = self.members.iter().all(|(slot, _)| {
            let wires = blueprint.wires.iter().enumerate();
            let mut wires =
                wires.filter(|it| it.1.from == component && it.1.to == self.subject.component);
            let stops = |wire: usize| {
                let world = self.subject.world;
                it.members.iter().all(|client| world.stops(*client, *slot, Via::Forth(wire as u32)))
            };
            wires.all(|it| stops(it.0))
        });
        let label = match cut {
            true => format!("{name}: {words}; it reaches no member"),
            false => format!("{name}: {words}"),
        };
        let frame =
            Shape::Bar { area, radius: 5.0, fill: if cut { Fill::Dashed } else { Fill::Hollow } };
        let mut mark = Mark::new(format!("side/{}", it.id), frame, Tone::Line).labelled(label);
        mark.slide = slide;
        sheet.draw(mark);
        let width = area.width - 12.0;
        let id = format!("client/{}", it.id);
        let at = |line: usize| Point::new(area.x + 6.0, area.y + 15.0 + 16.0 * line as f32);
        let name = measure::fit(&name, Font::SMALL, width);
        sheet.draw(Mark::text(format!("{id}/name"), at(0), name, Font::SMALL).toned(Tone::Ink2));
        let lines = measure::wrap(&words, Font::SMALL, width);
        for (index, line) in lines.into_iter().take(2).enumerate() {
            let mark = Mark::text(format!("{id}/belief/{index}"), at(index + 1), line, Font::SMALL);
            sheet.draw(mark.toned(tone));
        }
    }
}
