//! Stale reads, caught as they happen: a read that began after a newer version had been
//! acknowledged to the client that wrote it, and returned an older one. An observer: it knows what
//! clients know, when they learned it, and nothing it finds changes what happens.
//!
//! In words of Herlihy and Wing ("Linearizability", TOPLAS 12(3), 1990): the write precedes the read
//! in real time, and the read does not see it. Reads and writes that overlap are never counted.
//! Each key is remembered with its last two acknowledged versions; a read during which two or more
//! were acknowledged is judged by none, so that the count may be too small, but never too large.

use std::collections::{VecDeque, vec_deque};

use crate::base::cow::CowList;
use crate::base::key_map::KeyMap;
use crate::base::time::Nanos;

use super::event::{Outcome, Verb};
use super::note::Note;
use super::recorder::{KEPT, WINDOWS};
use super::sightings::{Claim, Seen};
use super::ways::{Way, Ways};
use super::{Addressing, Blueprint, Kinds};

/// Stale reads of each component kept with all there is to say of them.
pub const LATEST_MAX: usize = 32;
/// Stores told apart; versions of further ones are not judged.
const STORES_MAX: usize = 64;
/// Stores whose acknowledgements one request may collect.
const WRITES_MAX: usize = 2;

/// One stale read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StaleRead {
    /// The client request it was for.
    pub request: u64,
    /// Which key.
    pub key: u32,
    /// The version it returned.
    pub version: u32,
    /// The newest version that had been acknowledged before the client began to read.
    pub newest: u32,
    /// When that was acknowledged.
    pub acknowledged: Nanos,
    /// When it was read.
    pub read: Nanos,
    /// From which member, by slot.
    pub member: u32,
    /// Over which wire it was asked for; none if the member began it.
    pub wire: Option<u32>,
}

/// The last two acknowledged versions of a key, the newest first, and when.
type Acknowledged = [(u32, Nanos); 2];

/// A client's request that has not ended.
#[derive(Clone, Copy, Debug)]
struct Open {
    id: u64,
    begun: Nanos,
    /// Store and version of what it has written.
    wrote: [Option<(u32, u32)>; WRITES_MAX],
}

/// Reads of one component.
#[derive(Clone, Debug, Default)]
struct Tally {
    total: u64,
    /// Ends of the shortest windows in which there were any; how many, and the sum of their ages in
    /// seconds.
    windows: VecDeque<(Nanos, u32, f32)>,
    latest: VecDeque<(StaleRead, Way)>,
}

/// The observer.
#[derive(Clone, Debug, Default)]
pub struct Staleness {
    /// By store, by key.
    acknowledged: Vec<CowList<Acknowledged>>,
    /// Client requests by a short form of their id: of two with the same, the older is forgotten.
    open: KeyMap<Open>,
    /// By component: the store that its versions are of, where that is certain.
    stores: Vec<Option<u32>>,
    /// Whether there is a store at all.
    any: bool,
    /// By component.
    tallies: Vec<Tally>,
    /// How values came into caches.
    ways: Ways,
}

impl Staleness {
    /// Stale reads a component has answered since the end of the warm-up.
    pub fn total(&self, component: u32) -> u64 {
        self.tallies.get(component as usize).map_or(0, |it| it.total)
    }

    /// Stale reads a component has answered in the `span` that ended at `end`, in whole windows of
    /// the shortest length.
    pub fn within(&self, component: u32, end: Nanos, span: Nanos) -> u64 {
        self.windows(component, end, span).map_or(0, |it| it.map(|it| u64::from(it.1)).sum())
    }

    /// The mean age of the same, in seconds: how long before the read a newer version had been
    /// acknowledged. None if there were none.
    pub fn age(&self, component: u32, end: Nanos, span: Nanos) -> Option<f64> {
        let sum: f64 = self.windows(component, end, span)?.map(|it| f64::from(it.2)).sum();
        let count = self.within(component, end, span);
        (count > 0).then(|| sum / count as f64)
    }

    fn windows(
        &self,
        component: u32,
        end: Nanos,
        span: Nanos,
    ) -> Option<vec_deque::Iter<'_, (Nanos, u32, f32)>> {
        let windows = &self.tallies.get(component as usize)?.windows;
        // In the order of their ends.
        let up_to = |at: Nanos| windows.partition_point(|it| it.0 <= at);
        Some(windows.range(up_to(end.saturating_sub(span))..up_to(end)))
    }

    /// The latest stale reads a component has answered, the newest first, at most [`LATEST_MAX`].
    pub fn latest(&self, component: u32) -> impl Iterator<Item = &StaleRead> {
        self.caught_at(component).map(|it| &it.0)
    }

    /// The same, each with what its cache had been told of the key.
    pub fn caught_at(&self, component: u32) -> impl Iterator<Item = &(StaleRead, Way)> {
        self.tallies.get(component as usize).into_iter().flat_map(|it| it.latest.iter().rev())
    }

    /// Whether reads of a component are judged: whether it is known which store its versions are of.
    pub fn knows(&self, component: u32) -> bool {
        self.store(component).is_some()
    }

    /// The store that the versions of a component are of, where that is certain.
    pub fn store(&self, component: u32) -> Option<u32> {
        self.stores.get(component as usize).copied().flatten()
    }

    /// What a clone of it takes of memory, roughly, in bytes.
    pub(super) fn bytes(&self) -> usize {
        let tally =
            |it: &Tally| size_of_val(&it.windows) + 16 * it.windows.len() + 152 * it.latest.len();
        let tallies: usize = self.tallies.iter().map(tally).sum();
        let acknowledged: usize = self.acknowledged.iter().map(CowList::bytes).sum();
        tallies + acknowledged + self.ways.bytes() + 2 * self.open.len() * size_of::<Open>()
    }

    /// The warm-up is over: totals begin anew.
    pub(super) fn clear_totals(&mut self) {
        self.tallies.iter_mut().for_each(|it| it.total = 0);
    }

    /// Learns which store each component's versions are of: its own if it is one, else the one that
    /// it, or who calls it, can reach; none if there are several.
    pub(super) fn learn<K: Kinds>(&mut self, blueprint: &Blueprint<K>) {
        let components = &blueprint.components;
        // One whose members each have keys of their own is one too, if it is no cache.
        let keeps = |it: &super::Component<K>| {
            let keyed = it.addressing == Addressing::Keyed && !it.looks_up;
            it.addressing == Addressing::Leader || keyed
        };
        let stores = components.iter().enumerate().filter(|it| keeps(it.1)).map(|it| it.0);
        let stores: Vec<usize> = stores.take(STORES_MAX).collect();
        let own = |it| stores.iter().position(|store| *store == it).map_or(0, |at| 1u64 << at);
        let mut reach: Vec<u64> = (0..components.len()).map(own).collect();
        let wires = || {
            let alive = blueprint.wires.iter().filter(|it| it.alive);
            alive.map(|it| (it.from as usize, it.to as usize))
        };
        let mut grows = true;
        while std::mem::take(&mut grows) {
            for (from, to) in wires().filter(|it| !keeps(&components[it.0])) {
                let more = reach[from] | reach[to];
                grows |= std::mem::replace(&mut reach[from], more) != more;
            }
        }
        let forward = reach.clone();
        for (from, to) in wires().filter(|it| forward[it.1] == 0) {
            reach[to] |= forward[from];
        }
        let only = |set: &u64| (set.count_ones() == 1).then(|| set.trailing_zeros() as usize);
        self.stores = reach.iter().map(|it| only(it).map(|at| stores[at] as u32)).collect();
        self.any = !stores.is_empty();
        self.acknowledged.resize(components.len(), CowList::default());
        self.tallies.resize(components.len(), Tally::default());
    }

    /// Whether there is anything to judge.
    pub(super) fn judges<K: Kinds>(&mut self, blueprint: &Blueprint<K>) -> bool {
        if self.stores.len() != blueprint.components.len() {
            self.learn(blueprint);
        }
        self.any
    }

    /// Takes in what has happened, where there is anything to judge. Gives back what a stale read violates.
    pub(super) fn note<K: Kinds>(
        &mut self,
        at: Nanos,
        note: &Note,
        blueprint: &Blueprint<K>,
    ) -> Option<Seen> {
        let component = |member: u32| blueprint.members[member as usize].0;
        self.ways.note(at, note, blueprint);
        match *note {
            Note::Offered { request, own: true, .. } => {
                let open = Open { id: request.id, begun: at, wrote: [None; WRITES_MAX] };
                self.open.insert(short(request.id), open);
            }
            Note::Found { member, wire, request, key, version, .. } => {
                let component = component(member);
                let open = self.open(request)?;
                let store = self.store(component)?;
                let versions = self.acknowledged[store as usize].get(u64::from(key));
                let before = versions.and_then(|it| it.iter().find(|it| it.1 < open.begun));
                if let Some((newest, acknowledged)) = before.copied()
                    && version < newest
                {
                    let it = StaleRead {
                        request,
                        key,
                        version,
                        newest,
                        acknowledged,
                        read: at,
                        member,
                        wire,
                    };
                    self.caught(component, it);
                    return Some(Seen { claim: Claim::Fresh, request, member });
                }
            }
            Note::Ended { member, request, outcome: Outcome::Ok, version, own: false, .. }
                if request.verb == Verb::Write && version > 0 =>
            {
                let store = self.store(component(member));
                let (Some(store), Some(mut open)) = (store, self.open(request.id)) else {
                    return None;
                };
                let same = |it: &&mut Option<(u32, u32)>| it.is_none_or(|it| it.0 == store);
                if let Some(place) = open.wrote.iter_mut().find(same) {
                    *place = (*place).max(Some((store, version)));
                    self.open.insert(short(request.id), open);
                }
            }
            Note::Ended { request, outcome, own: true, .. } => {
                let open = self.open(request.id)?;
                self.open.remove(short(request.id));
                if request.verb == Verb::Write && outcome == Outcome::Ok {
                    for (store, version) in open.wrote.into_iter().flatten() {
                        self.acknowledge(store, request.key, version, at);
                    }
                }
            }
            _ => {}
        }
        None
    }

    fn open(&self, id: u64) -> Option<Open> {
        self.open.get(short(id)).filter(|it| it.id == id)
    }

    fn acknowledge(&mut self, store: u32, key: u32, version: u32, at: Nanos) {
        let versions = &mut self.acknowledged[store as usize];
        versions.grow(key.into(), Default::default());
        if let Some([newest, _]) = versions.get(u64::from(key)).copied()
            && version > newest.0
        {
            versions.set(u64::from(key), [(version, at), newest]);
        }
    }

    fn caught(&mut self, component: u32, it: StaleRead) {
        let way = self.ways.of(component, it.key);
        let tally = &mut self.tallies[component as usize];
        tally.total += 1;
        let end = Nanos((it.read.0 / WINDOWS[0].0 + 1) * WINDOWS[0].0);
        let age = it.read.saturating_sub(it.acknowledged).as_seconds() as f32;
        match tally.windows.back_mut().filter(|it| it.0 == end) {
            Some(window) => (window.1, window.2) = (window.1 + 1, window.2 + age),
            None => tally.windows.push_back((end, 1, age)),
        }
        // As far back as the longest windows reach.
        if tally.windows.len() > KEPT * (WINDOWS[2].0 / WINDOWS[0].0) as usize {
            tally.windows.pop_front();
        }
        if tally.latest.len() == LATEST_MAX {
            tally.latest.pop_front();
        }
        tally.latest.push_back((it, way));
    }
}

/// Ids count on in their lower half, and say who in their upper.
fn short(id: u64) -> u32 {
    (id ^ (id >> 32)) as u32
}
