//! The same circle as peers know it that know only their fingers (Chord): whom the chosen one knows, and
//! how it finds the owner of the picked key, hop by hop. Each point of the ring is a node of Chord, as the
//! paper's virtual nodes are, so that keys have the same owners.

use crate::algorithm::placement::chord::{Chord, Lookup};
use crate::base::text;
use crate::scene::layout::chips::Chip;
use crate::scene::{
    Anchor, CellStyle, Fill, Font, Glyph, Heads, Mark, Point, Rect, Shape, Slide, Spot, Stroke,
    Tone,
};

use super::super::Act;
use super::super::column::{Bar, Column};
use super::Ring;
use super::circle::{Circle, WIDTH};

/// Points drawn one by one, and places a start can be dragged to, at most.
const POINTS: usize = 64;
/// Rows of the finger table, at most.
const ROWS: usize = 12;

/// All that is drawn.
pub struct View<'a> {
    ring: &'a Ring<'a>,
    chord: Chord,
    /// Of each node of Chord: the ordinal of its member, and its name.
    nodes: Vec<(usize, String)>,
    /// Who wants to know.
    start: usize,
    /// How it finds the owner of the picked key.
    lookup: Lookup,
    /// How many of the keys shown take so many hops, each from another start.
    hops: Vec<usize>,
}

impl Ring<'_> {
    /// Whether peers with fingers are to be shown.
    pub(super) fn is_chord(&self) -> bool {
        self.subject.noted("view").is_some_and(|it| it == "chord")
    }

    /// The two ways to look at it.
    pub(super) fn views(&self, column: &mut Column) {
        let chip = |id: &str, words: &str, label: &str, own: bool| {
            let mut chip = Chip::new(format!("view/{id}"), words);
            chip.label = Some(label.into());
            chip.action = Some(Act::Note("view".into(), id.into()).to_string());
            chip.styled(Tone::Ink, if own { CellStyle::Strong } else { CellStyle::Plain })
        };
        let is_chord = self.is_chord();
        let all = "Every caller knows all nodes";
        let few = "Chord: each node knows a few others, and asks on";
        let chips = [chip("ring", "Ring", all, !is_chord), chip("chord", "Chord", few, is_chord)];
        column.chips("view", &chips, 1);
        column.space(6.0);
    }

    /// Where no circle says who owns a key.
    pub(super) fn no_chord(&self, column: &mut Column) {
        let own = self.params.scheme.0.label();
        let words = format!("Chord looks for keys on a hash ring. By {own} there is none.");
        column.words("chord/none", &words);
        column.space(4.0);
        let mut chip = Chip::new("chord/ring", "Place keys on a hash ring");
        chip.action = Some(Act::Set("scheme".into(), "\"ring\"".into()).to_string());
        column.chips("chord", &[chip.styled(Tone::Ink, CellStyle::Strong)], 1);
    }
}

impl<'a> View<'a> {
    /// None if no circle says who owns a key.
    pub fn new(ring: &'a Ring<'a>) -> Option<Self> {
        let (points, bits) = ring.layout.placed.points()?;
        let chord = Chord::new(points.iter().map(|it| it.at).collect(), bits);
        let owner = |id: &u64| {
            let at = points.partition_point(|it| it.at < *id);
            ring.layout.among[points[at].node as usize]
        };
        let mut counts = vec![0; ring.members()];
        let name = |id: &u64| {
            let member = owner(id);
            counts[member] += 1;
            let (name, count) = (ring.name(member), counts[member]);
            let one = points.len() == ring.layout.among.len();
            (member, if one { name } else { format!("{name}·{count}") })
        };
        let nodes: Vec<_> = chord.ids().iter().map(name).collect();
        let place = |key: &String| ring.layout.placed.position(key.as_bytes()).unwrap_or_default();
        let id = place(&ring.keys.texts[ring.picked]);
        // Unless somebody is chosen: two thirds of the circle before the key, 0.1010… in binary, which
        // takes neither few hops nor many.
        let mask = u64::MAX >> (64 - bits);
        let before = chord.successor(id.wrapping_add(mask / 3) & mask);
        let noted = ring.subject.noted("start");
        let start = noted.and_then(|name| nodes.iter().position(|it| it.1 == name));
        let start = start.unwrap_or(before);
        let lookup = chord.lookup(start, id);
        let mut hops = Vec::new();
        for (at, key) in ring.keys.texts.iter().enumerate() {
            let start = at * chord.ids().len() / ring.keys.len();
            let count = chord.lookup(start, place(key)).hops();
            hops.resize(hops.len().max(count + 1), 0);
            hops[count] += 1;
        }
        Some(Self { ring, chord, nodes, start, lookup, hops })
    }

    fn name(&self, node: usize) -> &str {
        &self.nodes[node].1
    }

    fn turn(&self, node: usize) -> f32 {
        libm::ldexp(self.chord.ids()[node] as f64, -(self.chord.bits() as i32)) as f32
    }

    /// All that are asked, and the owner, in order.
    fn way(&self) -> Vec<usize> {
        let mut way = self.lookup.asked.clone();
        if way != [self.lookup.owner] {
            way.push(self.lookup.owner);
        }
        way
    }

    /// The fingers that lead somewhere else than the one before: how far they look, and whom they know.
    fn fingers(&self) -> Vec<(u32, u32, usize)> {
        let mut rows: Vec<(u32, u32, usize)> = Vec::new();
        for finger in self.chord.fingers(self.start).rev() {
            match rows.last_mut() {
                Some(row) if row.2 == finger.node => row.1 = finger.number,
                _ => rows.push((finger.number, finger.number, finger.node)),
            }
        }
        rows
    }

    /// Draws the circle.
    pub fn circle(&self, column: &mut Column) {
        let circle = Circle::of(column);
        super::arcs::draw(self.ring, &circle, column.marks);
        self.picks(&circle, column.marks);
        self.chords(&circle, column.marks);
        self.path(&circle, column.marks);
        self.letters(&circle, column.marks);
    }

    /// Where a key and a start are picked, beneath the rest.
    fn picks(&self, circle: &Circle, marks: &mut Vec<Mark>) {
        super::circle::pick(self.ring, circle, marks);
        let (inner, outer) = circle.band();
        let count = self.nodes.len().min(POINTS);
        let at = |it: usize| it * self.nodes.len() / count;
        let spot = |it: usize| {
            let node = at(it);
            let Point { x, y } = circle.center.around(self.turn(node), outer);
            let area = Rect::new(x - 24.0, y - 24.0, 48.0, 48.0);
            let action = Act::Note("start".into(), self.name(node).into()).to_string();
            Spot { area, action, label: format!("from {}", self.name(node)) }
        };
        let spots = (0..count).map(spot).collect();
        let nearest = (0..count).rev().find(|it| at(*it) <= self.start);
        let (start, end, fill) = (0.0, 1.0, Fill::Tint);
        let shape = Shape::Arc { center: circle.center, inner, outer, start, end, fill };
        let mark = Mark::new("start", shape, Tone::Line2).labelled("Start: drag around the rim");
        marks.push(mark.sliding(Slide { spots, at: nearest }));
        if self.nodes.len() <= POINTS {
            for node in 0..self.nodes.len() {
                let at = circle.center.around(self.turn(node), inner - 1.0);
                let shape = Shape::Glyph { glyph: Glyph::Dot, at, radius: 3.0 };
                let mark = Mark::new(format!("point/{}", self.name(node)), shape, Tone::Ink3);
                let act = Act::Note("start".into(), self.name(node).into());
                marks.push(
                    mark.labelled(format!("Node {}", self.name(node))).asking(act.to_string()),
                );
            }
        }
    }

    /// From the start to each of its fingers.
    fn chords(&self, circle: &Circle, marks: &mut Vec<Mark>) {
        let radius = circle.band().0 - 1.0;
        let from = circle.center.around(self.turn(self.start), radius);
        for (most, _, node) in self.fingers() {
            let to = circle.center.around(self.turn(node), radius);
            let shape = Shape::Line { from, to, stroke: Stroke::THIN };
            let label = format!("Finger {most} of {}: {}", self.name(self.start), self.name(node));
            marks.push(Mark::new(format!("finger/{most}"), shape, Tone::Ink3).labelled(label));
        }
    }

    /// From the start to the owner, hop by hop; and the key.
    fn path(&self, circle: &Circle, marks: &mut Vec<Mark>) {
        let radius = circle.band().0 - 1.0;
        let (turn, text) =
            (self.ring.turns[self.ring.picked], &self.ring.keys.texts[self.ring.picked]);
        let shape = circle.tick(turn, (radius - 12.0, circle.radius + 3.0), Stroke::BOLD);
        marks
            .push(Mark::new("walk/key", shape, Tone::Selected).labelled(format!("{text}, picked")));
        let at = |node: usize| circle.center.around(self.turn(node), radius);
        let way = self.way();
        for (hop, pair) in way.windows(2).enumerate() {
            let (from, to) = (at(pair[0]), at(pair[1]));
            let stroke = if pair[1] == self.lookup.owner { Stroke::DASHED } else { Stroke::BOLD };
            let shape = Shape::Arrow { from, to, stroke, heads: Heads::End };
            let label = format!("{}: {} to {}", hop + 1, self.name(pair[0]), self.name(pair[1]));
            marks.push(Mark::new(format!("hop/{hop}"), shape, Tone::Selected).labelled(label));
        }
        let start = Shape::Glyph { glyph: Glyph::Dot, at: at(self.start), radius: 5.0 };
        let label = format!("{} wants to know", self.name(self.start));
        marks.push(Mark::new("walk/start", start, Tone::Selected).labelled(label));
        for (hop, pair) in way.windows(2).enumerate() {
            let (from, to) = (at(pair[0]), at(pair[1]));
            let (dx, dy) = (to.x - from.x, to.y - from.y);
            let length = (dx * dx + dy * dy).sqrt();
            // Numbers of hops too short for one are in the list.
            if length < 40.0 {
                continue;
            }
            let (x, y) = (from.x + dx * 0.5, from.y + dy * 0.5);
            let area = Rect::new(x - 8.0, y - 8.0, 16.0, 16.0);
            let disc = Shape::Bar { area, radius: 8.0, fill: Fill::Hollow };
            marks.push(Mark::new(format!("hop/{hop}#disc"), disc, Tone::Selected));
            let words = Mark::text(
                format!("hop/{hop}#number"),
                Point::new(x, y + 4.0),
                (hop + 1).to_string(),
                Font::NUMBER,
            );
            marks.push(words.anchored(Anchor::Middle));
        }
    }

    /// A letter for each member: its first point becomes the start.
    fn letters(&self, circle: &Circle, marks: &mut Vec<Mark>) {
        for member in &self.ring.layout.among {
            let Some(node) = self.nodes.iter().position(|it| it.0 == *member) else { continue };
            let name = self.ring.name(*member);
            let turn = self.ring.handle_turn(*member);
            let at = circle.center.around(turn, circle.radius + 17.0);
            let area = Rect::new(at.x - WIDTH / 2.0, at.y - 10.5, WIDTH, 21.0);
            let chosen = self.nodes[self.start].0 == *member;
            let style = if chosen { CellStyle::Strong } else { CellStyle::Plain };
            let label = format!("{name}: look from {}", self.name(node));
            let shape = Shape::Cell { area, text: name.clone(), style };
            let mark = Mark::new(format!("node/{name}"), shape, Tone::Ink).labelled(label);
            let act = Act::Note("start".into(), self.name(node).into());
            marks.push(mark.asking(act.to_string()));
        }
    }

    /// Draws what stands beside the circle.
    pub fn panels(&self, column: &mut Column) {
        self.hops(column);
        self.table(column);
        self.mean(column);
    }

    /// The lookup, hop by hop.
    fn hops(&self, column: &mut Column) {
        let key = &self.ring.keys.texts[self.ring.picked];
        let hops = self.lookup.hops();
        let (start, owner) = (self.name(self.start), self.name(self.lookup.owner));
        column.caption("lookup", [&format!("{start} looks for {key}"), &in_words(hops)]);
        for (hop, pair) in self.lookup.asked.windows(2).enumerate() {
            let (from, to) = (self.name(pair[0]), self.name(pair[1]));
            let left = self.left(pair[1]);
            let words = format!("{}. {from} → {to}: {} of the circle to go", hop + 1, share(left));
            column.words(&format!("lookup/{hop}"), &words);
        }
        let last = self.name(self.lookup.asked[hops]);
        let words = match self.way().len() {
            1 => format!("{owner} is alone, and owns every key."),
            _ => format!("{last} knows: the node after it, {owner}, owns the key."),
        };
        column.words("lookup/owner", &words);
        let members = |of: &[usize]| {
            of.windows(2).filter(|it| self.nodes[it[0]].0 != self.nodes[it[1]].0).count()
        };
        if self.nodes.len() > self.ring.layout.among.len() && hops > 0 {
            let between = members(&self.lookup.asked);
            let words = format!("Between different machines: {between} of {hops}.");
            column.words("lookup/machines", &words);
        }
        column.space(8.0);
    }

    /// The share of the circle from a node to the key.
    fn left(&self, node: usize) -> f64 {
        let turn = f64::from(self.ring.turns[self.ring.picked]) - f64::from(self.turn(node));
        turn.rem_euclid(1.0)
    }

    /// Whom the start knows.
    fn table(&self, column: &mut Column) {
        let fingers = self.fingers();
        let bits = self.chord.bits();
        let known = format!("{} of {} nodes", self.known(&fingers), self.nodes.len());
        column.caption("fingers", [&format!("Fingers of {}", self.name(self.start)), &known]);
        let chip = |(most, least, node): &(u32, u32, usize)| {
            let far = |number: u32| match bits + 1 - number {
                it if it <= 10 => format!("1/{}", 1_u32 << it),
                it => format!("2^−{it}"),
            };
            let to = if most == least { String::new() } else { " and less".into() };
            let text = format!("{}{to} → {}", far(*most), self.name(*node));
            let mut chip = Chip::new(format!("fingers/{most}"), text);
            let name = self.name(*node);
            chip.label = Some(match most == least {
                true => format!(
                    "Finger {most}: {} of the circle on, the first node is {name}",
                    far(*most)
                ),
                false => format!(
                    "Fingers {least} to {most}: up to {} of the circle on, the first node is {name}",
                    far(*most)
                ),
            });
            chip.action = Some(Act::Note("start".into(), name.into()).to_string());
            let asked = self.lookup.asked.get(1) == Some(node);
            let style = if asked { CellStyle::Strong } else { CellStyle::Plain };
            chip.styled(Tone::Ink, style)
        };
        let chips: Vec<_> = fingers.iter().map(chip).collect();
        column.chips("fingers", &chips, ROWS);
        column.space(8.0);
    }

    /// How many others the fingers are.
    fn known(&self, fingers: &[(u32, u32, usize)]) -> usize {
        let mut others: Vec<_> =
            fingers.iter().map(|it| it.2).filter(|it| *it != self.start).collect();
        others.sort_unstable();
        others.dedup();
        others.len()
    }

    /// How many hops the keys shown take.
    fn mean(&self, column: &mut Column) {
        let keys: usize = self.hops.iter().sum();
        let total: usize = self.hops.iter().enumerate().map(|(hops, count)| hops * count).sum();
        let mean = total as f64 / keys.max(1) as f64;
        let title = format!("Hops of {keys} lookups, from all round");
        column.caption("hops", [&title, &format!("mean {mean:.1}")]);
        let most = self.hops.iter().copied().max().unwrap_or(1).max(1);
        let names: Vec<_> = (0..self.hops.len()).map(|it| it.to_string()).collect();
        let bar = |(hops, count): (usize, &usize)| Bar {
            id: format!("hops/{hops}"),
            name: &names[hops],
            part: *count as f64 / most as f64,
            ghost: None,
            figure: count.to_string(),
            tone: if hops == self.lookup.hops() { Tone::Link } else { Tone::Ink3 },
            label: format!("{count} of {keys} lookups: {}", in_words(hops)),
        };
        let bars: Vec<_> = self.hops.iter().enumerate().map(bar).collect();
        column.bars(&bars, None);
        let nodes = self.nodes.len();
        let half = libm::log2(nodes as f64) / 2.0;
        let words = format!(
            "Half of log₂ {} is {half:.1}: twice as many nodes, half a hop more. The last step, to the \
             owner itself, is not counted.",
            text::count(nodes as u64),
        );
        column.words("hops/theory", &words);
        column.space(8.0);
    }

    /// What it shows, in a sentence.
    pub fn describe(&self) -> String {
        let names: Vec<_> = self.way().into_iter().map(|it| self.name(it)).collect();
        let key = &self.ring.keys.texts[self.ring.picked];
        format!(
            "Chord, {} nodes: {} finds {key} by {}.",
            self.nodes.len(),
            self.name(self.start),
            names.join(" → "),
        )
    }
}

/// A share in a few digits, however small.
fn share(of: f64) -> String {
    if of >= 0.001 { text::percent(of) } else { "under 0.1 %".into() }
}

fn in_words(hops: usize) -> String {
    if hops == 1 { "1 hop".into() } else { format!("{hops} hops") }
}
