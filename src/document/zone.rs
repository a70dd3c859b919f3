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

use super::diff::{Change, Diff};
use super::{ComponentRecord, Design, Id, ZoneRecord};

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

/// Zones in the order of their ids, and who lies in each.
pub(super) fn members(design: &Design) -> Vec<(Arc<str>, Vec<Arc<str>>)> {
    let zone = |zone: &Id| {
        let inside = design.components.iter().filter(|it| it.1.zones.contains(zone));
        (zone.as_str().into(), inside.map(|it| it.0.as_str().into()).collect())
    };
    design.zones.keys().map(zone).collect()
}

/// The borders between two components together: of all zones that hold one and not the other.
pub fn distance(design: &Design, from: &str, to: &str) -> Nanos {
    let zones = |id: &str| design.components.get(id).map_or(&[][..], |it| &it.zones);
    let (from, to) = (zones(from), zones(to));
    let crossed = design.zones.iter().filter(|it| from.contains(it.0) != to.contains(it.0));
    crossed.fold(Nanos::ZERO, |sum, it| sum.saturating_add(it.1.settings.distance))
}
