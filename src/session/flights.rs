//! Messages on their way, as dots: at most so many, whole requests at a time, so that a dot never
//! vanishes at a node.

use serde::{Deserialize, Serialize};

use crate::base::draw::mix;
use crate::base::order::sort_many;
use crate::base::time::Nanos;
use crate::component::Registry;
use crate::engine::event::{Deed, Event};
use crate::engine::{Via, World};

use super::protocol::{Flight, Path};

/// Messages shown at most.
pub const FLIGHTS_MAX: usize = 300;
/// A sample is made denser again when it would come to this many at most, so that it does not
/// flicker between two densities.
const SPARSE: usize = 200;
/// No sample is thinner: one request in so many.
const THINNEST: u32 = 1 << 20;

/// Which requests are shown: by a hash of their ids, so that those of a thin sample are in every
/// denser one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// One request in so many: a power of two.
    pub one_in: u32,
    /// Whether every failure is shown all the same.
    pub all_failures: bool,
}

impl Default for Sample {
    fn default() -> Self {
        Self { one_in: 1, all_failures: true }
    }
}

impl Sample {
    /// Whether it shows a message.
    fn shows(self, flight: &Flight, followed: u64) -> bool {
        let failed = self.all_failures && flight.outcome.is_some_and(|it| it.is_failure());
        failed || flight.request == followed && followed != 0 || chosen(flight, self.one_in)
    }

    /// Leaves messages out until there are few enough, and remembers how thin that made it.
    pub fn thin(&mut self, flights: &mut Vec<Flight>, followed: u64) {
        let count = |it: Self| flights.iter().filter(|flight| it.shows(flight, followed)).count();
        let all = Self { all_failures: true, ..*self };
        if count(all) <= SPARSE {
            *self = all;
        }
        while self.one_in > 1 && count(Self { one_in: self.one_in / 2, ..*self }) <= SPARSE {
            self.one_in /= 2;
        }
        while self.one_in < THINNEST && count(*self) > FLIGHTS_MAX {
            // When failures alone are too many, they are sampled too.
            let thinnest = Self { one_in: THINNEST, ..*self };
            if self.all_failures && count(thinnest) > FLIGHTS_MAX {
                self.all_failures = false;
            } else {
                self.one_in *= 2;
            }
        }
        let sample = *self;
        flights.retain(|it| sample.shows(it, followed));
        flights.truncate(FLIGHTS_MAX);
    }
}

/// Whether the hash of a message's request, or of itself if it has none, falls into the sample.
fn chosen(flight: &Flight, one_in: u32) -> bool {
    let own = || mix(flight.sent.0 ^ flight.due.0.rotate_left(32));
    let hash = if flight.request == 0 { own() } else { mix(flight.request) };
    hash % u64::from(one_in) == 0
}

/// All messages on their way, in the order of sending.
pub fn flights(world: &World<Registry>) -> Vec<Flight> {
    let messages = world.messages();
    let mut flights: Vec<_> =
        messages.filter_map(|(number, due, event)| flight(world, number, due, event)).collect();
    let place = |it: &Flight| (it.sent, it.due, it.request);
    sort_many(&mut flights, |one, other| place(one) < place(other));
    flights
}

fn flight(
    world: &World<Registry>,
    number: u64,
    due: Nanos,
    event: &Event<Registry>,
) -> Option<Flight> {
    let members = &world.blueprint().members;
    let path = match event.via {
        Via::Inside => return None,
        Via::Forth(wire) => Path::Forth(wire),
        Via::Back(wire) => Path::Back(wire),
        Via::Mesh(from) => {
            let (component, from) = members[from as usize];
            Path::Mesh { component, from, to: members[event.to.slot as usize].1 }
        }
    };
    let (request, verb, outcome) = match &event.deed {
        Deed::Call(call) => (call.request.id, call.request.verb, None),
        Deed::Reply(reply) => {
            let call = world.member(event.to.slot).desk.calls.get(reply.call);
            let of = call.map_or((0, Default::default()), |it| (it.request.id, it.request.verb));
            (of.0, of.1, Some(reply.outcome))
        }
        Deed::Message(..) => (0, Default::default(), None),
        _ => return None,
    };
    Some(Flight { number, path, sent: event.sent, due, request, verb, outcome })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::event::{Outcome, Verb};

    fn flight(request: u64, failed: bool) -> Flight {
        let outcome = failed.then_some(Outcome::Timeout);
        let (sent, due) = (Nanos(request), Nanos(request + 5));
        let (number, path, verb) = (0, Path::Forth(0), Verb::Read);
        Flight { number, path, sent, due, request, verb, outcome }
    }

    fn crowd(calm: u64, failed: u64) -> Vec<Flight> {
        // Two messages of each request.
        let calm = (1..=calm).flat_map(|it| [flight(it, false); 2]);
        calm.chain((1..=failed).map(|it| flight(1_000_000 + it, true))).collect()
    }

    #[test]
    fn few_are_all_shown() {
        let (mut sample, mut flights) = (Sample::default(), crowd(100, 50));
        sample.thin(&mut flights, 0);
        assert_eq!((flights.len(), sample), (250, Sample::default()));
    }

    #[test]
    fn of_many_whole_requests_are_kept_and_all_failures() {
        let (mut sample, mut flights) = (Sample::default(), crowd(4_000, 50));
        sample.thin(&mut flights, 77);
        assert!(flights.len() <= FLIGHTS_MAX && flights.len() > 100, "{}", flights.len());
        assert!(sample.all_failures && sample.one_in > 16, "{sample:?}");
        assert_eq!(flights.iter().filter(|it| it.outcome.is_some()).count(), 50);
        let of = |id: u64| flights.iter().filter(|it| it.request == id).count();
        assert_eq!(of(77), 2, "the one that is followed");
        assert!((1..=4_000).all(|id| matches!(of(id), 0 | 2)), "whole requests");
        // A thinner crowd makes the sample denser again, and shows those that were shown.
        let mut fewer = crowd(100, 0);
        sample.thin(&mut fewer, 77);
        assert_eq!((fewer.len(), sample), (200, Sample::default()));
    }

    #[test]
    fn failures_are_sampled_only_where_they_alone_are_too_many() {
        let (mut sample, mut flights) = (Sample::default(), crowd(500, 5_000));
        sample.thin(&mut flights, 0);
        assert!(!sample.all_failures && flights.len() <= FLIGHTS_MAX && flights.len() > 50);
        let (mut sample, mut flights) = (Sample::default(), crowd(500, 290));
        sample.thin(&mut flights, 0);
        assert!(sample.all_failures && flights.len() <= FLIGHTS_MAX);
    }
}
