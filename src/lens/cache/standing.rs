//! What entries are good for: how many are older than the store's rows, and how many nobody has read.

use crate::base::key_map::KeyMap;
use crate::base::text;
use crate::component::cache::{ADMITTED, HIT};
use crate::engine::accesses::Access;
use crate::scene::Tone;

use super::super::column::{Bar, Column};
use super::Inside;

/// Entries that are looked at, at most.
const LOOKED_AT: usize = 20_000;

/// Of each key that has come in lately, whether it has been read since.
pub(super) fn read_since(accesses: &[Access]) -> KeyMap<bool> {
    let mut read = KeyMap::default();
    for it in accesses {
        match it.counter {
            ADMITTED => _ = read.insert(it.key, false),
            HIT => _ = read.insert(it.key, true),
            _ => {}
        }
    }
    read
}

impl Inside<'_> {
    /// Whether nobody has read an entry since it came in, as far as that is recorded.
    pub(super) fn is_unread(&self, key: u32) -> bool {
        self.read.get(key) == Some(false)
    }

    /// A bar for each.
    pub(super) fn standing(&self, column: &mut Column) {
        let keys: Vec<u32> = self.state.order.keys().take(LOOKED_AT).collect();
        if keys.is_empty() {
            return;
        }
        let unread = keys.iter().filter(|it| self.is_unread(**it)).count();
        let part = unread as f64 / keys.len() as f64;
        let figure = text::percent(part);
        let mut bars = vec![Bar {
            id: "standing/unread".into(),
            name: "not read again",
            part,
            ghost: None,
            label: format!("{figure} of entries: nobody has read them since they came in"),
            figure,
            tone: Tone::Ink3,
        }];
        if let Some((part, figure)) = self.older(&keys) {
            bars.push(Bar {
                id: "standing/older".into(),
                name: "older than the store",
                part,
                ghost: None,
                label: format!("{figure} entries are older than the store's rows"),
                figure,
                tone: Tone::Ink3,
            });
        }
        column.bars(&bars, None);
        column.space(2.0);
    }
}
