//! What callers believe of the slots: those that learn of a change only from whom they ask.

use crate::algorithm::placement::Placed;
use crate::algorithm::placement::Scheme;
use crate::algorithm::placement::redis_slots::SLOTS;
use crate::base::text;
use crate::component::Picker;
use crate::component::cache_cluster::{Learn, MOVED};
use crate::scene::layout::chips::Chip;
use crate::scene::{CellStyle, Tone};

use super::super::Act;
use super::super::column::{Bar, Column};
use super::super::hits::{counter, seconds};
use super::Ring;

/// Callers shown.
const CALLERS: usize = 6;
/// Whole seconds that answers are counted over.
const SECONDS: usize = 10;
/// What can be chosen, and what that means.
const CHOICES: [(Learn, &str, &str); 3] = [
    (Learn::AtOnce, "At once", "with the change, all callers know"),
    (Learn::Slot, "MOVED, slot", "from whom they ask in vain; they remember that slot"),
    (Learn::Table, "MOVED, table", "from whom they ask in vain; they fetch the whole table"),
];

impl Ring<'_> {
    /// How callers learn of a change, what that costs, and who is behind.
    pub(super) fn tables(&self, column: &mut Column) {
        if self.params.scheme.0 != Scheme::RedisSlots {
            return;
        }
        let windows = seconds(self.subject);
        let lately = &windows[windows.len().saturating_sub(SECONDS)..];
        let moved: u64 = lately.iter().map(|it| counter(it, MOVED)).sum();
        let learn = self.params.callers_learn;
        let figure = match learn {
            Learn::AtOnce => String::new(),
            _ => format!("{} MOVED, 10 s", text::count(moved)),
        };
        column.caption("tables", ["How callers learn of moved slots", &figure]);
        let chip = |(it, words, label): &(Learn, &str, &str)| {
            let mut chip = Chip::new(format!("tables/{}", it.word()), *words);
            let value = format!("\"{}\"", it.word());
            chip.label = Some(format!("{words}: {label}"));
            chip.action = Some(Act::Set("callers_learn".into(), value).to_string());
            chip.styled(Tone::Ink, if *it == learn { CellStyle::Strong } else { CellStyle::Plain })
        };
        let chips: Vec<_> = CHOICES.iter().map(chip).collect();
        column.chips("tables", &chips, 2);
        if learn != Learn::AtOnce {
            self.behind(column);
        }
        column.space(8.0);
    }

    /// How many slots each caller has at the wrong node.
    fn behind(&self, column: &mut Column) {
        column.space(2.0);
        let callers = self.callers();
        let mut bars = Vec::new();
        for (at, (name, wrong)) in callers.iter().take(CALLERS).enumerate() {
            bars.push(Bar {
                id: format!("tables/caller-{at}"),
                name,
                part: f64::from(*wrong) / f64::from(SLOTS),
                ghost: None,
                figure: format!("{} slots", text::count((*wrong).into())),
                tone: if *wrong > 0 { Tone::Link } else { Tone::Ink3 },
                label: format!("{name} would ask the wrong node for {wrong} of 16384 slots"),
            });
        }
        column.bars(&bars, None);
        let words = match callers.iter().filter(|it| it.1 > 0).count() {
            0 => "Every caller's table is that of the nodes.".to_owned(),
            count => format!(
                "{count} of {} callers have an old table: the node they ask names the owner (MOVED), and \
                 the call takes one way more.",
                callers.len(),
            ),
        };
        column.words("tables/words", &words);
    }

    /// Each caller, and the slots that it has at the wrong node.
    fn callers(&self) -> Vec<(String, u32)> {
        let Placed::RedisSlots(slots) = &self.layout.placed else { return Vec::new() };
        let (world, blueprint) = (self.subject.world, self.subject.world.blueprint());
        let own = self.subject.component;
        let now = |slot: u32| self.layout.among[slots.node(slot)];
        let mut callers = Vec::new();
        for wire in blueprint.wires.iter().filter(|it| it.alive && it.to == own) {
            let from = &blueprint.components[wire.from as usize];
            let Some(spec) = &from.spec else { continue };
            for (ordinal, slot) in from.members.iter().enumerate().filter(|it| world.is_up(*it.1)) {
                let route = world.member(*slot).desk.routes.get(wire.out_index as usize);
                let Some(Picker::Key(placing)) = route.map(|it| &it.picker) else { continue };
                let is_wrong = |slot: &u32| {
                    placing.old.as_ref().is_some_and(|old| old.node(*slot) != now(*slot))
                };
                let wrong = (0..SLOTS).filter(is_wrong).count() as u32;
                let name = (self.subject.name)(&from.id);
                callers.push((format!("{name}, {}", spec.member_name(ordinal as u16)), wrong));
            }
        }
        callers
    }
}
