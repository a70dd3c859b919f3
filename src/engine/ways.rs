//! How old values come into caches: what each cache was last brought of a key, and when it was last told
//! to drop it. Beside the observer of stale reads, which keeps what was known when it caught one. Later
//! on the page: what came before is not known there.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::base::time::Nanos;

use super::event::{Outcome, Verb, Via};
use super::note::Note;
use super::{Blueprint, Kinds};

/// What is heard is kept in pieces of so much; a clone shares all but the newest.
const PIECE: usize = 1_024;
/// Pieces kept of each cache.
const PIECES: usize = 16;
/// What came so long before a value that was replaced tells nothing of how old values came.
const BEFORE: Nanos = Nanos::seconds(60);

/// A value that was brought to a cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Brought {
    /// Its version.
    pub version: u32,
    /// When it came in; zero for never.
    pub at: Nanos,
    /// For which client request it was fetched or written.
    pub request: u64,
}

/// What a cache was told of a key last; moments are zero where nothing was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Way {
    /// What was brought last.
    pub last: Brought,
    /// What was brought before that.
    pub before: Brought,
    /// Somebody has sent word that the key has changed, or its new value.
    pub sent: Nanos,
    /// The version of that; 0 if it only says that the key has changed.
    pub word: u32,
    /// The network has lost it.
    pub lost: bool,
    /// It has heard so, and drops the key.
    pub dropped: Nanos,
}

/// When what was heard of which key, oldest first.
type Piece = Arc<Vec<(Nanos, u32, Heard)>>;

/// By component: what was heard there lately, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Ways(Vec<VecDeque<Piece>>);

type Hear = fn(&mut Ways, Nanos, u32, u32, Heard);

crate::later! { fn hear() -> Hear = take_in }

/// What is heard of a key at a cache.
#[derive(Clone, Copy, Debug)]
enum Heard {
    Brought(u32, u64),
    Sent(u32, bool),
    Dropped,
}

fn take_in(ways: &mut Ways, at: Nanos, component: u32, key: u32, what: Heard) {
    let slot = component as usize;
    if ways.0.len() <= slot {
        ways.0.resize(slot + 1, VecDeque::new());
    }
    let pieces = &mut ways.0[slot];
    if pieces.back().is_none_or(|it| it.len() == PIECE) {
        if pieces.len() == PIECES {
            pieces.pop_front();
        }
        pieces.push_back(Arc::default());
    }
    if let Some(piece) = pieces.back_mut() {
        Arc::make_mut(piece).push((at, key, what));
    }
}

impl Ways {
    /// What is known of a key at a component, of what was heard lately.
    pub(super) fn of(&self, component: u32, key: u32) -> Way {
        let mut way = Way::default();
        let pieces = self.0.get(component as usize);
        let newest_first = pieces.into_iter().flatten().rev().flat_map(|it| it.iter().rev());
        for (at, of, what) in newest_first {
            if *at < way.before.at.saturating_sub(BEFORE) {
                break;
            }
            if *of != key {
                continue;
            }
            match *what {
                Heard::Brought(version, request) => {
                    let brought = Brought { version, at: *at, request };
                    match (way.last.at, way.before.at) {
                        (Nanos::ZERO, _) => way.last = brought,
                        (_, Nanos::ZERO) => way.before = brought,
                        _ => {}
                    }
                }
                Heard::Sent(word, lost) if way.sent == Nanos::ZERO => {
                    (way.sent, way.word, way.lost) = (*at, word, lost);
                }
                Heard::Dropped if way.dropped == Nanos::ZERO => way.dropped = *at,
                Heard::Sent(..) | Heard::Dropped => {}
            }
        }
        way
    }

    /// What a clone of it takes of memory, roughly, in bytes.
    pub(super) fn bytes(&self) -> usize {
        let piece =
            |it: &Piece| it.capacity() * size_of::<(Nanos, u32, Heard)>() / Arc::strong_count(it);
        self.0.iter().flatten().map(piece).sum()
    }

    /// Takes in what has happened at caches, or on the way to them.
    pub(super) fn note<K: Kinds>(&mut self, at: Nanos, note: &Note, blueprint: &Blueprint<K>) {
        let Some(hear) = hear() else { return };
        let (component, key, what) = match *note {
            Note::Ended { member, request, outcome: Outcome::Ok, version, .. } => {
                let what = match request.verb {
                    Verb::Put => Heard::Brought(version, request.id),
                    Verb::Delete | Verb::Write => Heard::Dropped,
                    _ => return,
                };
                (blueprint.members[member as usize].0, request.key, what)
            }
            Note::Sent {
                via: Via::Forth(wire), request: Some(it), outcome: None, lost, ..
            } if matches!(it.verb, Verb::Delete | Verb::Put) => {
                (blueprint.wires[wire as usize].to, it.key, Heard::Sent(it.version, lost))
            }
            _ => return,
        };
        if blueprint.components[component as usize].looks_up {
            hear(self, at, component, key, what);
        }
    }
}
