//! Names and addresses: what leads callers to a member that has taken another's place, where they do not
//! know all members; and which addresses a name server may answer with.

use crate::base::slab::Handle;
use crate::base::time::Nanos;

use super::blueprint::Switch;
use super::context::{Context, purpose};
use super::{Kinds, Via};

/// Whom the address or the record of a component with a leader leads to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pointer {
    /// Which component's it is.
    pub component: u32,
    /// Who has taken it over, by ordinal.
    pub to: u16,
    /// From when on that is known.
    pub since: Nanos,
    /// Who had it before.
    pub before: u16,
}

crate::stable! { Pointer { component, to, since, before } }

impl Pointer {
    /// Whom it leads to at a moment.
    pub fn at(&self, now: Nanos) -> u16 {
        if self.since <= now { self.to } else { self.before }
    }
}

impl<K: Kinds> Context<'_, K> {
    /// This member takes over its component's address, and has its record changed: known after a while.
    pub fn take_address(&mut self, after: Nanos) {
        let (now, to) = (self.core.now, self.ordinal);
        let component = self.blueprint.members[self.slot as usize].0;
        let since = now.saturating_add(after);
        match self.core.pointers.iter_mut().find(|it| it.component == component) {
            Some(it) => *it = Pointer { before: it.at(now), to, since, component },
            None => self.core.pointers.push(Pointer { before: 0, to, since, component }),
        }
    }

    /// Looks up who leads behind a wire, where that is by an address or a name.
    pub(super) fn look_up(&mut self, slot: u32) {
        let wire = &self.blueprint.wires[slot as usize];
        let to = &self.blueprint.components[wire.to as usize];
        let now = self.core.now;
        let pointer = self.core.pointers.iter().find(|it| it.component == wire.to);
        let pointer = pointer.map_or(0, |it| it.at(now));
        let route = &mut self.desk.routes[wire.out_index as usize];
        match to.switch {
            Switch::Members | Switch::Session => {}
            // Whoever has an address says so to all whom the network carries it to.
            Switch::Address => {
                let member = to.members.get(usize::from(pointer));
                let stops = |it: u32| self.core.cuts.stops(self.slot, it, Via::Forth(slot));
                if member.is_some_and(|it| !stops(*it)) {
                    route.leader = pointer;
                }
            }
            Switch::Name { ttl } if route.until <= now => {
                // The first answer comes from a resolver that has had it for a while.
                let left = match route.until {
                    Nanos::ZERO => {
                        let bits = wire.stream.bits(self.ordinal.into(), purpose::NAME);
                        Nanos((ttl.0 as f64 * crate::base::draw::open_unit(bits)) as u64)
                    }
                    _ => ttl,
                };
                (route.leader, route.until) = (pointer, now.saturating_add(left).max(Nanos(1)));
            }
            Switch::Name { .. } => {}
        }
    }

    /// For a name server: the components behind its wires, by slot, that whoever asks with this ticket can
    /// call; whether each is there by its checks, and how far it is from who asks.
    pub fn addresses(&self, ticket: Handle) -> Vec<(u32, bool, Nanos)> {
        let job = self.desk.strands.get(ticket).and_then(|it| self.desk.jobs.get(it.job));
        let Some(asker) =
            job.and_then(|it| it.from).map(|it| self.blueprint.members[it.slot as usize].0)
        else {
            return Vec::new();
        };
        let ways = &self.blueprint.components[asker as usize].out;
        let ways =
            || ways.iter().map(|it| &self.blueprint.wires[*it as usize]).filter(|it| it.alive);
        let own = self.component.out.iter().map(|it| &self.blueprint.wires[*it as usize]);
        let address = own.filter(|it| it.alive).filter_map(|wire| {
            let way = ways().find(|it| it.to == wire.to)?;
            let health = &self.desk.routes[wire.out_index as usize].health;
            let down = !health.is_empty() && health.iter().all(|it| it.down);
            Some((wire.to, !down, way.distance))
        });
        address.collect()
    }
}
