//! New things from the library, and what is done to several at once.

use crate::base::geometry::{Point, Rect};
use crate::component;
use crate::document::edit::{Edit, Item};

use super::align::Side;
use super::geometry::{NODE_HEIGHT, NODE_WIDTH, NOTE_LINE, NOTE_WIDTH, node_width};
use super::gesture::Gesture;
use super::{Editor, Effect, Preview, Thing};

/// Size of a new zone, in document pixels: two components beside each other have room in it.
const ZONE: (f64, f64) = (480.0, 240.0);
/// From what is put into a zone to its border; at the top its label takes more.
const ROOM: (f64, f64) = (20.0, 36.0);
/// From a component to one that goes on from it: room for a wire.
const BESIDE: f64 = 58.0;
/// Room around something new, and the step in which a free place is looked for.
const GAP: f64 = 24.0;
const STEP: f64 = 40.0;
/// Rings of places around the middle that are tried.
const RINGS: i32 = 24;

impl Thing {
    /// Its size when it is new, in document pixels.
    pub(super) fn size(&self) -> (f64, f64) {
        match self {
            Self::Component(kind) => {
                let about = component::about(kind);
                let members = about.map_or(1, |it| (it.spec)().members());
                (about.map_or(NODE_WIDTH, |it| node_width(it.name, members)), NODE_HEIGHT)
            }
            Self::Zone => ZONE,
            Self::Note => (NOTE_WIDTH, NOTE_LINE),
        }
    }

    fn edit(&self, at: Point) -> Edit {
        match self {
            Self::Component(kind) => Edit::AddComponent { kind: kind.clone(), at },
            Self::Zone => {
                let area = Rect { x: at.x, y: at.y, width: ZONE.0, height: ZONE.1 };
                Edit::AddZone { label: "Zone".into(), area }
            }
            Self::Note => Edit::AddNote { text: "Note".into(), at },
        }
    }
}

impl Editor {
    /// Lets go of what is carried.
    pub(super) fn drop_thing(&mut self, out: &mut Vec<Effect>) {
        if let Gesture::Carrying { thing, at } = std::mem::take(&mut self.gesture) {
            out.push(Effect::Preview(Preview::Nothing));
            // Where places follow from wires, any will do.
            let at = at.unwrap_or_else(|| self.free_place(&thing, Rect::default()));
            self.add_at(&thing, at, out);
        }
    }

    pub(super) fn add(&mut self, thing: &Thing, window: Rect, out: &mut Vec<Effect>) {
        self.finish(out);
        let at = self.free_place(thing, window);
        self.add_at(thing, at, out);
    }

    /// Adds something; a zone or a note is named at once.
    fn add_at(&mut self, thing: &Thing, at: Point, out: &mut Vec<Effect>) {
        if self.edit(&thing.edit(at), out) && !matches!(thing, Thing::Component(_)) {
            out.extend(self.selection.first().cloned().map(Effect::Rename));
        }
    }

    /// A free place near the middle of what is on screen.
    fn free_place(&self, thing: &Thing, window: Rect) -> Point {
        let middle = self.camera.document_from_screen(window.centre());
        let content = || self.picture().design.components.values().map(|it| it.at).next_back();
        let middle = self.place.document_from_spot(middle).or_else(content).unwrap_or_default();
        let (width, height) = thing.size();
        let middle = self
            .beside(thing)
            .map_or(middle, |it| Point::new(it.x + it.width + BESIDE + width / 2.0, it.centre().y));
        let notes = self.design.notes.values();
        let nodes = self.design.components.values().map(super::geometry::node_rect);
        let notes = notes.map(|it| super::geometry::note_rect(it.at, &it.text));
        let taken: Vec<Rect> = nodes.chain(notes).collect();
        let corner = |middle: f64, size: f64, step: i32| {
            libm::round((middle - size / 2.0) / STEP) * STEP + f64::from(step) * STEP
        };
        let at = |x, y| Point::new(corner(middle.x, width, x), corner(middle.y, height, y));
        let is_free = |it: &Point| {
            taken.iter().all(|other| {
                it.x >= other.x + other.width + GAP
                    || it.x + width + GAP <= other.x
                    || it.y >= other.y + other.height + GAP
                    || it.y + height + GAP <= other.y
            })
        };
        let ring = |ring: i32| {
            let all = (-ring..=ring).flat_map(move |x| (-ring..=ring).map(move |y| (x, y)));
            all.filter(move |(x, y)| x.abs() == ring || y.abs() == ring)
        };
        let mut spots = (0..RINGS).flat_map(ring).map(|(x, y)| at(x, y));
        spots.find(is_free).unwrap_or_else(|| at(RINGS, RINGS))
    }

    /// The component that a new one goes on from: the one that is selected.
    fn beside(&self, thing: &Thing) -> Option<Rect> {
        let (Some(Item::Component(id)), 1) = (self.selection.first(), self.selection.len()) else {
            return None;
        };
        let record = self.design.components.get(id)?;
        matches!(thing, Thing::Component(_)).then(|| super::geometry::node_rect(record))
    }

    /// Lines up what is selected; what lies in a selected zone goes with it.
    pub(super) fn align(&mut self, side: Side, out: &mut Vec<Effect>) {
        self.finish(out);
        let picture = self.picture();
        let selected = self.selection.iter();
        let zones = selected.clone().filter_map(|it| match it {
            Item::Zone(id) => Some((it, picture.inside(id))),
            _ => None,
        });
        let zones: Vec<(&Item, Vec<Item>)> = zones.collect();
        let carried = |it: &&Item| !zones.iter().any(|zone| zone.1.contains(it));
        let items: Vec<&Item> =
            selected.filter(carried).filter(|it| picture.rect(it).is_some()).collect();
        let rects: Vec<Rect> = items.iter().filter_map(|it| picture.rect(it)).collect();
        let mut to = Vec::new();
        let start = self.movable();
        for (item, by) in items.iter().zip(side.shifts(&rects)) {
            let with = zones.iter().find(|it| it.0 == *item).map_or(&[][..], |it| &it.1);
            let moves = start.iter().filter(|it| it.0 == **item || with.contains(&it.0));
            let moves: Vec<_> = moves.cloned().collect();
            let corner = picture.rect(item).unwrap_or_default();
            to.extend(self.moved_by(&moves, corner, by));
        }
        self.edit(&Edit::Move { to }, out);
    }

    /// Puts a zone around what is selected, and asks for its name.
    pub(super) fn enclose(&mut self, out: &mut Vec<Effect>) {
        self.finish(out);
        let design = &self.design;
        let rects = self.selection.iter().filter_map(|it| match it {
            Item::Component(id) => design.components.get(id).map(super::geometry::node_rect),
            Item::Zone(id) => design.zones.get(id).map(|it| it.area),
            Item::Note(id) => {
                design.notes.get(id).map(|it| super::geometry::note_rect(it.at, &it.text))
            }
            Item::Wire(_) | Item::Fault(_) => None,
        });
        let Some(all) = rects.reduce(Rect::union) else { return };
        let area = Rect {
            x: all.x - ROOM.0,
            y: all.y - ROOM.1,
            width: all.width + 2.0 * ROOM.0,
            height: all.height + ROOM.1 + ROOM.0,
        };
        if self.edit(&Edit::AddZone { label: "Zone".into(), area }, out) {
            out.extend(self.selection.first().cloned().map(Effect::Rename));
        }
    }
}
