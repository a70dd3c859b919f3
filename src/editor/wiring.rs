//! Drawing wires and leading them elsewhere: by a drag, or aimed (by keys, or with a press at each
//! end).

use crate::base::geometry::{Point, Rect};
use crate::document::Id;
use crate::document::edit::{Edit, Item};
use crate::document::validate::{Refusal, may_reconnect};

use super::geometry::route;
use super::gesture::{Gesture, THRESHOLD};
use super::hit::{apart, ends};
use super::input::Drawing;
use super::{Editor, Effect, Preview, Tool};

/// A wire with one end loose.
#[derive(Clone, Debug)]
pub(super) struct Loose {
    /// The component at its other end.
    pub fixed: Id,
    /// Whether that one is the caller.
    pub calls: bool,
    /// The wire that is led elsewhere, and where its loose end was; none for a new one.
    pub wire: Option<(Id, Id)>,
}

impl Loose {
    fn ends<'a>(&'a self, other: &'a Id) -> (&'a Id, &'a Id) {
        if self.calls { (&self.fixed, other) } else { (other, &self.fixed) }
    }

    /// Whether this end would leave everything as it was.
    fn is_home(&self, to: &str) -> bool {
        self.wire.as_ref().is_some_and(|it| it.1 == to)
    }
}

impl Editor {
    /// Begins a wire from a component: held by a pointer, or aimed.
    pub(super) fn connect_from(&mut self, from: Id, held: Option<Point>, out: &mut Vec<Effect>) {
        let Some(rect) = self.picture().node(&from) else { return };
        let loose = Loose { fixed: from, calls: true, wire: None };
        let here = self.place.handle(rect);
        self.point_wire(loose, held, None, here, out);
    }

    /// The end of the one selected wire that is gripped at a point.
    pub(super) fn loose_at(&self, here: Point, near: f64) -> Option<Loose> {
        let Some(Item::Wire(id)) = self.selection.first() else { return None };
        if self.selection.len() > 1 {
            return None;
        }
        let curve = self.picture().curve(id)?;
        let ends = ends(&curve, self.camera.zoom).map(|it| apart(it, here));
        let gripped = ends[0].min(ends[1]) <= near;
        gripped.then(|| self.loose(id, ends[1] < ends[0])).flatten()
    }

    /// A wire with the end loose that is nearer to a point.
    pub(super) fn loose_end(&self, id: &Id, here: Point) -> Option<Loose> {
        let (_, share) = self.picture().curve(id)?.nearest(here);
        self.loose(id, share > 0.5)
    }

    /// A wire with its end loose, or its start.
    fn loose(&self, id: &Id, end: bool) -> Option<Loose> {
        let record = self.design.wires.get(id)?;
        let (from, to) = (record.from.clone(), record.to.clone());
        Some(match end {
            true => Loose { fixed: from, calls: true, wire: Some((id.clone(), to)) },
            false => Loose { fixed: to, calls: false, wire: Some((id.clone(), from)) },
        })
    }

    /// Lets the loose end point somewhere.
    pub(super) fn point_wire(
        &mut self,
        loose: Loose,
        held: Option<Point>,
        to: Option<Id>,
        here: Point,
        out: &mut Vec<Effect>,
    ) {
        if let Some(mut drawing) = self.drawing(&loose, to.as_ref(), here) {
            drawing.aimed = held.is_none();
            out.push(Effect::Preview(Preview::Wire(Box::new(drawing))));
            self.gesture = Gesture::Connecting { loose, held, to, finger: None };
        }
    }

    fn verdict(&self, loose: &Loose, to: &Id) -> Result<(), Refusal> {
        let (from, to) = loose.ends(to);
        let wire = loose.wire.as_ref().map(|it| it.0.as_str());
        may_reconnect(&self.design, wire, from, to)
    }

    fn drawing(&self, loose: &Loose, to: Option<&Id>, here: Point) -> Option<Drawing> {
        let picture = self.picture();
        let fixed = picture.node(&loose.fixed)?;
        let free = Rect { x: here.x, y: here.y, width: 0.0, height: 0.0 };
        let end = to.and_then(|it| picture.node(it)).unwrap_or(free);
        let curve = if loose.calls { route(fixed, end) } else { route(end, fixed) };
        let others = self.design.components.keys().filter(|it| **it != loose.fixed);
        let targets = others.map(|it| (it.clone(), self.verdict(loose, it).is_ok())).collect();
        let target = to.map(|it| (it.clone(), self.verdict(loose, it)));
        let wire = loose.wire.as_ref().map(|it| it.0.clone());
        Some(Drawing { curve, target, targets, wire, aimed: true })
    }

    /// The pointer is let go.
    pub(super) fn drop_wire(
        &mut self,
        loose: Loose,
        held: Option<Point>,
        (at, here): (Point, Point),
        out: &mut Vec<Effect>,
    ) {
        let to = self.picture().component_at(here).filter(|it| *it != loose.fixed);
        let stayed = held.is_some_and(|it| apart(it, at) < THRESHOLD);
        match to {
            Some(to) => {
                out.push(Effect::Preview(Preview::Nothing));
                self.join(&loose, to, out);
            }
            // With the tool at hand, a click at each end does as well as a drag.
            None if stayed && self.tool == Tool::Connect => {
                self.point_wire(loose, None, None, here, out);
            }
            None => {
                out.push(Effect::Preview(Preview::Nothing));
                // A press on the handle that went nowhere means the node itself.
                if stayed && loose.wire.is_none() {
                    self.select([Item::Component(loose.fixed)].into(), out);
                }
            }
        }
    }

    /// Whether it could be joined.
    fn join(&mut self, loose: &Loose, to: Id, out: &mut Vec<Effect>) -> bool {
        if loose.is_home(&to) {
            return true;
        }
        let (from, to) = loose.ends(&to);
        let (from, to) = (from.clone(), to.clone());
        let edit = match &loose.wire {
            Some((wire, _)) => Edit::Reconnect { wire: wire.clone(), from, to },
            None => Edit::Connect { from, to },
        };
        self.edit(&edit, out)
    }

    /// Keys while a wire is drawn: arrows and Tab point it, Enter joins it.
    pub(super) fn aim(&mut self, key: super::Key, out: &mut Vec<Effect>) -> bool {
        let Gesture::Connecting { loose, to, .. } = &self.gesture else { return false };
        let (loose, to) = (loose.clone(), to.clone());
        let picture = self.picture();
        let others: Vec<Id> =
            picture.in_order().into_iter().filter(|it| *it != loose.fixed).collect();
        let next = match key {
            super::Key::Enter => {
                if let Some(to) = to
                    && self.join(&loose, to, out)
                {
                    self.gesture = Gesture::Idle;
                    out.push(Effect::Preview(Preview::Nothing));
                }
                return true;
            }
            super::Key::Tab(back) => {
                let at = to.and_then(|to| others.iter().position(|it| *it == to));
                let count = others.len().max(1);
                let next = match (at, back) {
                    (None, false) => 0,
                    (None, true) => count - 1,
                    (Some(at), false) => (at + 1) % count,
                    (Some(at), true) => (at + count - 1) % count,
                };
                others.get(next).cloned()
            }
            super::Key::Arrow(x, y) => {
                let from = picture.node(to.as_ref().unwrap_or(&loose.fixed)).map(Rect::centre);
                let found = from.and_then(|it| picture.toward(it, (x, y), &others));
                found.cloned().or(to)
            }
            _ => return false,
        };
        let here = next.as_ref().and_then(|it| picture.node(it)).map(Rect::centre);
        if let Some(here) = here {
            self.point_wire(loose, None, next, here, out);
        }
        true
    }
}
