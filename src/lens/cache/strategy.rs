//! Who brings cache and store together: what is chosen, and what a crash has cost by it.

use crate::base::text;
use crate::component::Role;
use crate::component::cache::Strategy;
use crate::scene::layout::chips::Chip;
use crate::scene::{CellStyle, Tone};

use super::super::column::Column;
use super::{Inside, ROWS};

/// What can be chosen, and what that means.
const CHOICES: [(Strategy, &str, &str); 4] = [
    (
        Strategy::CacheAside,
        "Cache-aside",
        "After a miss the caller asks the store itself, and fills the cache.",
    ),
    (
        Strategy::ReadThrough,
        "Read-through",
        "After a miss the cache asks its store itself; a write goes to the store, and the entry goes.",
    ),
    (
        Strategy::WriteThrough,
        "Write-through",
        "A write is acknowledged once the store has it too; after a miss the cache asks the store itself.",
    ),
    (
        Strategy::WriteBehind,
        "Write-behind",
        "A write is acknowledged here, and the store gets it later; a square marks what it lacks.",
    ),
];

impl Inside<'_> {
    /// Which is in force; others to choose from, if there is a store to ask.
    pub(super) fn strategy(&self, column: &mut Column) {
        let own = self.params.strategy;
        let [may_ask, may_be_passed] = self.ways();
        if may_ask {
            let is_there = |it: &&(Strategy, _, _)| {
                may_be_passed || it.0 == own || it.0 != Strategy::CacheAside
            };
            let all = CHOICES.iter().filter(is_there).map(|it| (it.0.word(), (it.1, it.2)));
            column.caption("strategy", ["Who brings cache and store together", ""]);
            column.choices(["strategy", "strategy"], all, own.word());
        } else if let Some(it) = CHOICES.iter().find(|it| it.0 == own) {
            column.words("strategy", &format!("{}. {}", it.1, it.2));
        }
        column.space(6.0);
    }

    /// Whether it has a store to ask, and none but services ask it; and whether those have a way to that store
    /// past it, without which they could not do by themselves.
    fn ways(&self) -> [bool; 2] {
        let blueprint = self.subject.world.blueprint();
        let own = self.subject.component;
        let is = |component: u32, role: Role| {
            let spec = blueprint.components[component as usize].spec.as_ref();
            spec.is_some_and(|it| it.about().role == role)
        };
        let wires = || blueprint.wires.iter().filter(|it| it.alive);
        let mut stores = wires().filter(|it| it.from == own && is(it.to, Role::Store));
        let Some(store) = stores.next().map(|it| it.to) else { return [false; 2] };
        let callers = || wires().filter(|it| it.to == own).map(|it| it.from);
        let passes = |caller| wires().any(|it| it.from == caller && it.to == store);
        [callers().all(|it| is(it, Role::Server)), callers().all(passes)]
    }

    /// What it held when it died, and writes that were acknowledged and that the store had not
    /// confirmed.
    pub(super) fn lost(&self, column: &mut Column) {
        let held = self.state.entries.len() as u64;
        column.words(
            "lost/entries",
            &format!("{} entries are gone: once back, it is empty.", text::count(held)),
        );
        let dirty = &self.state.dirty;
        if dirty.is_empty() {
            let words = match self.params.strategy {
                Strategy::CacheAside => return,
                Strategy::WriteBehind => "All that was acknowledged had reached the store.",
                _ => "No acknowledged write is lost: the store has each.",
            };
            return column.words("lost/none", words);
        }
        column.space(6.0);
        let words = format!("{} keys", text::count(dirty.len() as u64));
        column.caption("lost", ["Acknowledged, but not flushed", &words]);
        let chip = |key: u32| {
            let mut chip = Chip::new(format!("lost/{key}"), self.subject.key(key));
            chip.label = Some(format!("{}: lost", self.words(key)));
            chip.styled(Tone::Fail, CellStyle::Struck)
        };
        let chips: Vec<_> = dirty.iter().take(24).map(|it| chip(it.key)).collect();
        column.chips_of("lost", &chips, ROWS, dirty.len());
        column.space(2.0);
    }
}
