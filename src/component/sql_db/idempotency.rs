//! Idempotency keys: the writes of late and what was answered, so that the same write once more, by a
//! caller that tries again, is answered as before and has no second effect (Stripe API, "Idempotent
//! requests"; IETF draft-ietf-httpapi-idempotency-key-header). Kept with the rows, in the transaction
//! of the write itself: what survives of the one survives of the other.

use crate::base::cow::CowList;
use crate::base::key_map::KeyMap;
use crate::base::stable::{StableHash, StableHasher};
use crate::base::time::Nanos;

/// A write that has been applied.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Answer {
    /// Its idempotency key.
    pub key: u64,
    /// Where it is in the log.
    pub position: u64,
    /// The version it made.
    pub version: u32,
    /// When, by the database's own clock.
    pub at: Nanos,
    /// Place of the one before with the same short key, and one; 0 for none.
    before: u64,
}

crate::stable! { Answer { key, position, version, at, before } }

/// The store: answers in order of coming, and where to find the latest of each short key.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    list: CowList<Answer>,
    /// Place of the oldest that is not forgotten.
    first: u64,
    latest: KeyMap<u64>,
}

impl StableHash for Answers {
    fn stable_hash(&self, h: &mut StableHasher) {
        // The index follows from the list; and where no keys are kept, there is neither.
        if self.list.end() > 0 {
            self.list.stable_hash(h);
            h.word(self.first);
        }
    }
}

impl Answers {
    /// Forgets what is older than `keep`, and the oldest beyond `most`.
    pub fn forget(&mut self, clock: Nanos, keep: Nanos, most: u32) {
        let least = self.list.end().saturating_sub(u64::from(most));
        while let Some(it) = self.list.get(self.first) {
            if self.first >= least && it.at.saturating_add(keep) > clock {
                break;
            }
            if self.latest.get(short(it.key)) == Some(self.first) {
                self.latest.remove(short(it.key));
            }
            self.first += 1;
        }
        self.list.drop_before(self.first);
    }

    /// The write with this key, if it is remembered.
    pub fn find(&self, key: u64) -> Option<Answer> {
        let mut at = self.latest.get(short(key));
        while let Some(it) = at.filter(|it| *it >= self.first).and_then(|it| self.list.get(it)) {
            if it.key == key {
                return Some(*it);
            }
            at = it.before.checked_sub(1);
        }
        None
    }

    /// Remembers one more.
    pub fn remember(&mut self, key: u64, position: u64, version: u32, at: Nanos) {
        let before = self.latest.get(short(key)).map_or(0, |it| it + 1);
        let place = self.list.push(Answer { key, position, version, at, before });
        self.latest.insert(short(key), place);
    }

    /// How many are remembered.
    pub fn remembered(&self) -> u64 {
        self.list.end() - self.first
    }
}

fn short(key: u64) -> u32 {
    (key ^ (key >> 32)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::draw::Stream;

    /// Against a plain list, with keys of which many have the same short form.
    #[test]
    fn remembers_what_a_list_remembers() {
        let stream = Stream::new(3, "answers");
        let (mut answers, mut model) = (Answers::default(), Vec::<(u64, u32, Nanos)>::new());
        for n in 0..20_000u64 {
            let (high, low) = (stream.bits(n, 0) % 40, stream.bits(n, 1) % 3);
            let key = (high << 32) | (low ^ high);
            let now = Nanos(n * 10);
            let (keep, most) = (Nanos(600), 50);
            answers.forget(now, keep, most);
            model.retain(|it| it.2 + keep > now);
            let over = model.len().saturating_sub(most as usize);
            model.drain(..over);
            assert_eq!(answers.remembered(), model.len() as u64);
            let known = model.iter().rfind(|it| it.0 == key).map(|it| it.1);
            assert_eq!(answers.find(key).map(|it| it.version), known, "step {n}");
            if known.is_none() {
                answers.remember(key, n, n as u32, now);
                model.push((key, n as u32, now));
            }
        }
    }
}
