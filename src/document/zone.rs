//! Where things are: zones hold components, carry distance and fail as one.
//!
//! A component belongs to every zone that holds the middle of its node, drawn at its smallest. What
//! one sees is what is simulated, and yet membership is part of the component's record: whatever
//! changes the picture brings it up to date (`follow`), so that a move over a border is an edit
//! that the running system feels, and a move within it is none. Files do not hold it: it follows
//! from the places they do hold.

use std::sync::Arc;

use crate::base::geometry::Point;
use crate::base::table::Table;
use crate::base::time::Nanos;
use crate::engine::Target;

use super::diff::{Change, Diff};
use super::{ComponentRecord, Design, Id, Place, ZoneRecord};

/// From the corner of a node to what counts as its middle, in document pixels.
const MIDDLE: (f64, f64) = (91.0, 33.0);

/// The zones that hold a node at this place, in id order.
fn zones_at(zones: &Table<ZoneRecord>, corner: Point) -> Vec<Id> {
    let middle = Point::new(corner.x + MIDDLE.0, corner.y + MIDDLE.1);
    zones.iter().filter(|it| it.1.area.contains(middle)).map(|it| it.0.clone()).collect()
}

/// Puts every component into the zones it lies in.
pub fn settle(design: &mut Design) {
    let zones = &design.zones;
    for component in design.components.values_mut() {
        component.zones = zones_at(zones, component.at);
    }
}

/// Adds to a difference what it means for who lies where.
pub(super) fn follow(design: &Design, diff: &mut Diff) {
    if diff.components.is_empty() && diff.zones.is_empty() {
        return;
    }
    let mut after = Design { zones: design.zones.clone(), ..Design::default() };
    Diff { zones: diff.zones.clone(), ..Diff::default() }.apply(&mut after);
    for (id, record) in &design.components {
        let zones = zones_at(&after.zones, record.at);
        if zones != record.zones && !diff.components.contains_key(id) {
            let before = Some(record.clone());
            let after = Some(ComponentRecord { zones, ..record.clone() });
            diff.components.insert(id.clone(), Change { before, after });
        }
    }
    for record in diff.components.values_mut().filter_map(|it| it.after.as_mut()) {
        record.zones = zones_at(&after.zones, record.at);
    }
}

/// Zones in the order of their ids, and who stands in each: components, or members as `store/0`.
pub(super) fn members(design: &Design) -> Vec<(Arc<str>, Vec<Arc<str>>)> {
    let zone = |zone: &Id| {
        let inside = standing(design).into_iter().filter(|it| it.1.contains(zone));
        (zone.as_str().into(), inside.map(|it| it.0.to_string().into()).collect())
    };
    design.zones.keys().map(zone).collect()
}

/// Everybody, and the zones they stand in: components, or their members where these have places of
/// their own.
pub fn standing(design: &Design) -> Vec<(Target, Vec<Id>)> {
    let mut all = Vec::new();
    for (id, record) in &design.components {
        if record.spec.places().is_empty() {
            all.push((Target::component(id), record.zones.clone()));
            continue;
        }
        for (ordinal, zones) in (0..).zip(places(design, record)) {
            all.push((Target::member(id, ordinal), zones));
        }
    }
    all
}

/// The names of places in a component's parameters that no zone has.
pub(super) fn unknown_places(design: &Design, record: &ComponentRecord) -> Vec<String> {
    let known =
        |name: &str| design.zones.iter().any(|(id, it)| id.as_str() == name || it.label == name);
    let names = record.spec.places().split(',').map(str::trim);
    names.filter(|it| !it.is_empty() && !known(it)).map(str::to_owned).collect()
}

/// The zones that each member of a component stands in: where its parameters say, or else where the
/// component lies.
fn places(design: &Design, record: &ComponentRecord) -> Vec<Vec<Id>> {
    let named = |name: &str| {
        let called = |it: &(&Id, &ZoneRecord)| it.0.as_str() == name || it.1.label == name;
        design.zones.iter().find(called).map(|it| around(design, it.0))
    };
    let mut names = record.spec.places().split(',').map(|it| named(it.trim()));
    let place = |_| names.next().flatten().unwrap_or_else(|| record.zones.clone());
    (0..record.spec.members()).map(place).collect()
}

/// How far the members of a component are from each other, row by row; empty if all stand together.
pub(super) fn members_apart(design: &Design, record: &ComponentRecord) -> Vec<Nanos> {
    if record.spec.places().is_empty() {
        return Vec::new();
    }
    let places = places(design, record);
    let row =
        |one: &Vec<Id>| -> Vec<_> { places.iter().map(|it| apart(design, one, it)).collect() };
    places.iter().flat_map(row).collect()
}

/// How far it is from a component to the nearest member of another, and how much farther to each.
pub(super) fn distances(design: &Design, from: &str, to: &str) -> (Nanos, Vec<Nanos>) {
    let Some((from, to)) = design.components.get(from).zip(design.components.get(to)) else {
        return Default::default();
    };
    if to.spec.places().is_empty() {
        return (apart(design, &from.zones, &to.zones), Vec::new());
    }
    let far = places(design, to).into_iter().map(|it| apart(design, &from.zones, &it));
    let mut far: Vec<_> = far.collect();
    let nearest = far.iter().copied().min().unwrap_or_default();
    far.iter_mut().for_each(|it| *it = it.saturating_sub(nearest));
    (nearest, far)
}

/// What lies between two components: what is said of a zone of the one and a zone of the other, the
/// smallest such; else the borders of all zones that hold one and not the other, and the way between
/// their places on earth. To the nearest member, if they have places of their own.
pub fn distance(design: &Design, from: &str, to: &str) -> Nanos {
    distances(design, from, to).0
}

/// What lies between two zones, for what lies in them and in no zone within them.
pub fn between(design: &Design, one: &str, other: &str) -> Nanos {
    apart(design, &around(design, one), &around(design, other))
}

/// A zone, and those that hold it.
fn around(design: &Design, id: &str) -> Vec<Id> {
    let Some(area) = design.zones.get(id).map(|it| it.area) else { return Vec::new() };
    let holds = |it: &(&Id, &ZoneRecord)| it.0 == id || it.1.area.union(area) == it.1.area;
    design.zones.iter().filter(holds).map(|it| it.0.clone()).collect()
}

/// What is said of two zones, at either.
pub fn pair(design: &Design, one: &str, other: &str) -> Option<Nanos> {
    let said = |one: &str, other: &str| {
        let pairs = &design.zones.get(one)?.settings.pairs;
        pairs.iter().find(|it| it.zone == other).map(|it| it.one_way)
    };
    said(one, other).or_else(|| said(other, one))
}

fn apart(design: &Design, from: &[Id], to: &[Id]) -> Nanos {
    let size = |id: &Id| design.zones.get(id).map_or(0.0, |it| it.area.width * it.area.height);
    let mut said: Option<(f64, Nanos)> = None;
    for one in from.iter().filter(|it| !to.contains(it)) {
        for other in to.iter().filter(|it| !from.contains(it)) {
            let together = size(one) + size(other);
            if let Some(one_way) = pair(design, one, other)
                && said.is_none_or(|it| together < it.0)
            {
                said = Some((together, one_way));
            }
        }
    }
    if let Some((_, one_way)) = said {
        return one_way;
    }
    let crossed = design.zones.iter().filter(|it| from.contains(it.0) != to.contains(it.0));
    let borders = crossed.fold(Nanos::ZERO, |sum, it| sum.saturating_add(it.1.settings.distance));
    borders.saturating_add(way(place(design, from), place(design, to)))
}

/// Where on earth something is that lies in these zones: the smallest that says so decides.
fn place(design: &Design, zones: &[Id]) -> Place {
    let known = zones.iter().filter_map(|it| design.zones.get(it));
    let known = known.filter(|it| it.settings.place != Place::Unset);
    let size = |it: &&ZoneRecord| it.area.width * it.area.height;
    let smallest = known.min_by(|a, b| size(a).total_cmp(&size(b)));
    smallest.map_or(Place::Unset, |it| it.settings.place)
}

/// Degrees north and east.
fn coordinates(place: Place) -> Option<(f64, f64)> {
    Some(match place {
        Place::Unset => return None,
        Place::Virginia => (39.04, -77.49),
        Place::Oregon => (45.84, -119.70),
        Place::SaoPaulo => (-23.55, -46.63),
        Place::Ireland => (53.35, -6.26),
        Place::Frankfurt => (50.11, 8.68),
        Place::CapeTown => (-33.92, 18.42),
        Place::Mumbai => (19.08, 72.88),
        Place::Delhi => (28.61, 77.21),
        Place::Singapore => (1.35, 103.82),
        Place::Tokyo => (35.68, 139.69),
        Place::Sydney => (-33.87, 151.21),
    })
}

/// Kilometres from one place to another; none if one of them is nowhere.
pub fn kilometres(one: Place, other: Place) -> Option<f64> {
    Some(great_circle(coordinates(one)?, coordinates(other)?))
}

/// Kilometres along the great circle between two points in degrees north and east: the haversine
/// formula (Sinnott, "Virtues of the Haversine", Sky and Telescope 68(2), 1984) on a sphere of the
/// earth's mean radius.
pub fn great_circle(one: (f64, f64), other: (f64, f64)) -> f64 {
    let radians = |degrees: f64| degrees * std::f64::consts::PI / 180.0;
    let half_sine = |a: f64, b: f64| libm::sin(radians(b - a) / 2.0);
    let (north, east) = (half_sine(one.0, other.0), half_sine(one.1, other.1));
    let cosines = libm::cos(radians(one.0)) * libm::cos(radians(other.0));
    let haversine = north * north + cosines * east * east;
    2.0 * 6_371.0 * libm::asin(libm::sqrt(haversine.min(1.0)))
}

/// How long a message takes one way, rounded to 0.1 ms: light in glass at two thirds of its speed in
/// empty space, 200 km a millisecond, and 40 % more, since cables do not follow great circles.
pub fn way(one: Place, other: Place) -> Nanos {
    let tenths = kilometres(one, other).map_or(0.0, |it| it / 200.0 * 1.4 * 10.0);
    Nanos::micros((tenths + 0.5) as u64 * 100)
}
