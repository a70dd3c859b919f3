//! What the store behind has, beside what is held here: an observer sees both.

use crate::base::cow::CowList;
use crate::base::text;
use crate::component::sharded_db::ShardedDbState;
use crate::component::{Role, Spec, State};

use super::super::Subject;
use super::super::column::Column;
use super::Inside;

/// Rows as they are committed, where that is known.
pub(super) enum Rows<'a> {
    /// Of the one primary.
    Primary(&'a CowList<u32>),
    /// Of shards, by ordinal: each has what it owns.
    Shards(Vec<&'a ShardedDbState>),
}

impl<'a> Rows<'a> {
    /// Those that the versions of a component are of.
    pub(super) fn of(subject: &Subject<'a>) -> Option<Self> {
        let store = subject.recorder.staleness.store(subject.component)?;
        let members = Subject { component: store, ..*subject }.members();
        if let Some((Some(State::ShardedDb(_)), _)) = members.first() {
            let shard = |it: &(Option<&'a State>, bool)| match it.0 {
                Some(State::ShardedDb(it)) => {
                    let it: &ShardedDbState = it;
                    it.group.is_none().then_some(it)
                }
                _ => None,
            };
            return members.iter().map(shard).collect::<Option<_>>().map(Self::Shards);
        }
        let leads = members.iter().filter_map(|it| match it.0 {
            Some(State::SqlDb(state)) if state.primary => Some((&state.rows, it.1)),
            _ => None,
        });
        let leads: Vec<_> = leads.collect();
        // Of several the one that is up: while two are, nobody knows which writes will stay.
        let up: Vec<_> = leads.iter().filter(|it| it.1).collect();
        match (&leads[..], &up[..]) {
            ([(rows, _)], _) | (_, [(rows, _)]) => Some(Self::Primary(rows)),
            _ => None,
        }
    }

    /// The version of a row; none if nobody has it at this moment.
    pub(super) fn version(&self, key: u32) -> Option<u32> {
        match self {
            Self::Primary(rows) => Some(rows.get(key.into()).copied().unwrap_or(1)),
            Self::Shards(shards) => {
                let own = shards.iter().enumerate().filter_map(|(ordinal, it)| {
                    let row = it.rows.get(key.into())?;
                    (usize::from(row.owner) == ordinal).then_some(row.version)
                });
                own.max()
            }
        }
    }
}

impl Inside<'_> {
    /// The version that the store has of a key held here, if what is held is older.
    pub(super) fn newer(&self, key: u32) -> Option<u32> {
        let held = self.state.entries.get(key).filter(|it| !it.dirty)?;
        self.rows.as_ref()?.version(key).filter(|it| *it > held.version)
    }

    /// The picked key in the store, and in all caches of it.
    pub(super) fn copies(&self, key: u32, column: &mut Column) {
        let staleness = &self.subject.recorder.staleness;
        let components = &self.subject.world.blueprint().components;
        let name = |it: u32| (self.subject.name)(&components[it as usize].id);
        let Some(store) = staleness.store(self.subject.component) else { return };
        let is_sibling = |it: &u32| {
            let spec = components[*it as usize].spec.as_ref();
            let is_cache = spec.is_some_and(|it| it.about().role == Role::Cache);
            let keeps = matches!(spec, Some(Spec::Cache(_)));
            is_cache && keeps && staleness.store(*it) == Some(store)
        };
        let caches = (0..components.len() as u32).filter(is_sibling);
        let row = self.rows.as_ref().and_then(|it| it.version(key));
        let row = row.map(|it| format!("{} v{it}", name(store)));
        let all: Vec<_> = row.into_iter().chain(caches.map(|it| self.copy(it, key))).collect();
        column.words("picked/copies", &format!("Copies: {}.", all.join(", ")));
    }

    /// How many of so many entries are older than the store's rows, in words.
    pub(super) fn older(&self, keys: &[u32]) -> Option<(f64, String)> {
        let rows = self.rows.as_ref()?;
        // Where nothing has ever been written there is nothing to compare.
        if keys.iter().all(|it| rows.version(*it).unwrap_or(1) <= 1) {
            return None;
        }
        let count = keys.iter().filter(|it| self.newer(**it).is_some()).count();
        let part = count as f64 / keys.len() as f64;
        let [count, all] = [count, keys.len()].map(|it| text::count(it as u64));
        Some((part, format!("{count} of {all}")))
    }
}
