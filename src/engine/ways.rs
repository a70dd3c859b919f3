//! How old values come into caches: what each cache was last brought of a key, and when it was last told
//! to drop it. Beside the observer of stale reads, which keeps what was known when it caught one. Later
//! on the page: what came before is not known there.

use crate::base::cow::CowList;
use crate::base::time::Nanos;

use super::event::{Outcome, Verb, Via};
use super::note::Note;
use super::{Blueprint, Kinds};

/// Keys from here on are not told apart.
const KEYS_MAX: u32 = 1 << 20;

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

/// By component, by key.
#[derive(Clone, Debug, Default)]
pub struct Ways(Vec<CowList<Way>>);

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
    if key >= KEYS_MAX {
        return;
    }
    if ways.0.len() <= slot {
        ways.0.resize(slot + 1, CowList::default());
    }
    let list = &mut ways.0[slot];
    list.grow(key.into(), Way::default());
    let mut way = list.get(key.into()).copied().unwrap_or_default();
    match what {
        Heard::Brought(version, request) => {
            (way.before, way.last) = (way.last, Brought { version, at, request });
        }
        Heard::Sent(word, lost) => (way.sent, way.word, way.lost) = (at, word, lost),
        Heard::Dropped => way.dropped = at,
    }
    list.set(key.into(), way);
}

impl Ways {
    /// What is known of a key at a component.
    pub(super) fn of(&self, component: u32, key: u32) -> Way {
        let list = self.0.get(component as usize);
        list.and_then(|it| it.get(key.into())).copied().unwrap_or_default()
    }

    /// What a clone of it takes of memory, roughly, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.0.iter().map(CowList::bytes).sum()
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
