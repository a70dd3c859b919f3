//! Writes that took effect twice, since their callers tried again after an answer that was lost or
//! late. An observer: no server knows, unless it keeps idempotency keys.

use crate::base::cow::CowList;

/// Places for calls remembered, by store. A call that falls on a taken place displaces what is there,
/// so that a second effect can be missed, but none is made up.
const PLACES: u32 = 1 << 14;

/// The observer.
#[derive(Clone, Debug, Default)]
pub struct Effects {
    /// By component.
    stores: Vec<Store>,
}

#[derive(Clone, Debug, Default)]
struct Store {
    calls: CowList<u64>,
    twice: u64,
}

impl Effects {
    /// Writes of a component, since the end of the warm-up, that had taken effect before.
    pub fn duplicates(&self, component: u32) -> u64 {
        self.stores.get(component as usize).map_or(0, |it| it.twice)
    }

    /// What a clone of it takes of memory, roughly, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.stores.iter().map(|it| it.calls.bytes()).sum()
    }

    /// A write has taken effect at a component; `call` names the call that asked for it. True if
    /// that had taken effect before.
    pub(super) fn committed(&mut self, component: u32, call: u64) -> bool {
        let index = component as usize;
        if self.stores.len() <= index {
            self.stores.resize(index + 1, Store::default());
        }
        let store = &mut self.stores[index];
        if store.calls.end() == 0 {
            store.calls = CowList::filled(0, PLACES);
        }
        let place = call % u64::from(PLACES);
        let again = store.calls.get(place) == Some(&call);
        if again {
            store.twice += 1;
        } else {
            store.calls.set(place, call);
        }
        again
    }

    /// The warm-up is over: totals begin anew.
    pub(super) fn clear_totals(&mut self) {
        self.stores.iter_mut().for_each(|it| it.twice = 0);
    }
}
