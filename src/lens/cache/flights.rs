//! Loads of one key at the same time: who fetches, who waits for that, and what the store was spared.

use crate::base::key_map::KeyMap;
use crate::base::text;
use crate::base::time::Nanos;
use crate::component::cache::flight::Flights;
use crate::component::cache::{ADMITTED, EARLY, HIT, JOINED, MISS};
use crate::engine::accesses::Access;
use crate::scene::layout::chips::Chip;
use crate::scene::{CellStyle, Tone};

use super::super::column::Column;
use super::super::hits::{counter, seconds};
use super::{Inside, SECONDS, left};

/// Keys told one by one.
const TOLD: usize = 12;
/// So many reads of one key that ask the store at once are worth a word.
const CROWD: u64 = 5;

impl Inside<'_> {
    /// What is fetched at this moment, and what came of it lately.
    pub(super) fn flights(&self, column: &mut Column) {
        match &self.state.flights {
            Some(flights) => self.known(flights, column),
            None => self.crowded(column),
        }
    }

    fn known(&self, flights: &Flights, column: &mut Column) {
        let [loads, waiting] = [flights.loads.len(), flights.waiting.len()].map(|it| it as u64);
        column.space(6.0);
        let counts = format!("{} under way, {} wait", text::count(loads), text::count(waiting));
        column.caption("flights", ["Loads from the store", &counts]);
        let mut keys: Vec<(u32, Nanos, u64, u64)> = Vec::new();
        for it in &flights.loads {
            match keys.iter_mut().find(|of| of.0 == it.key) {
                Some(of) => of.2 += 1,
                None => keys.push((it.key, it.since, 1, 0)),
            }
        }
        for it in &flights.waiting {
            if let Some(of) = keys.iter_mut().find(|of| of.0 == it.request.key) {
                of.3 += 1;
            }
        }
        keys.sort_by_key(|it| std::cmp::Reverse(it.2 + it.3));
        let now = self.subject.now();
        let chip = |&(key, since, loads, waiting): &(u32, Nanos, u64, u64)| {
            let name = self.subject.key(key);
            let mut words = name.clone();
            if loads > 1 {
                words += &format!(" ×{loads}");
            }
            if waiting > 0 {
                words += &format!(" +{waiting}");
            }
            let mut chip = Chip::new(format!("flights/{key}"), words);
            let ago = left(now.saturating_sub(since));
            let loads = if loads == 1 { "a load".into() } else { format!("{loads} loads") };
            chip.label = Some(format!("{name}: {loads} for {ago}; reads that wait: {waiting}"));
            chip.action = Some(Self::pick(key));
            let style = if waiting > 0 { CellStyle::Strong } else { CellStyle::Dashed };
            chip.styled(Tone::Ink, style)
        };
        let chips: Vec<_> = keys.iter().take(TOLD).map(chip).collect();
        if !chips.is_empty() {
            column.chips_of("flights", &chips, 2, keys.len());
            column.space(2.0);
        }
        let windows = seconds(self.subject);
        let lately = &windows[windows.len().saturating_sub(SECONDS)..];
        let sum = |of: u8| -> u64 { lately.iter().map(|it| counter(it, of)).sum() };
        let mut words = match self.params.single_flight > Nanos::ZERO {
            true => format!(
                "×: loads of that key; +: reads that wait for one. Single flight spared the store {} \
                 reads in the last 10 s.",
                text::count(sum(JOINED))
            ),
            false => "×: loads of that key at once.".to_owned(),
        };
        if self.params.early > 0.0 {
            let early = text::count(sum(EARLY));
            words += &format!(" {early} were fetched before they were too old.");
        }
        column.words("flights/told", &words);
    }

    /// Without single flight: how many asked for the same at once.
    fn crowded(&self, column: &mut Column) {
        // A full cache that takes nothing in is asked in vain, whoever is back.
        if self.params.policy.needs_ttl() {
            return;
        }
        let now = self.subject.now();
        let since = now.saturating_sub(Nanos::seconds(SECONDS as u64));
        let Some((key, count)) = crowd(&self.accesses, since).filter(|it| it.1 >= CROWD) else {
            return;
        };
        column.space(6.0);
        let (key, count) = (self.subject.key(key), text::count(count));
        column.words(
            "flights/crowd",
            &format!(
                "{count} reads of {key} asked the store before the first of them was back (last 10 s). \
                 Single flight lets one through."
            ),
        );
    }
}

/// The key that most reads missed one after the other, before anybody brought it, from a moment on.
fn crowd(all: &[Access], since: Nanos) -> Option<(u32, u64)> {
    let mut open = KeyMap::<u64>::default();
    let mut most = None;
    for it in all {
        match it.counter {
            MISS => {
                let count = open.get(it.key).unwrap_or(0) + 1;
                open.insert(it.key, count);
                if it.at >= since && most.is_none_or(|(_, most)| count > most) {
                    most = Some((it.key, count));
                }
            }
            HIT | ADMITTED => _ = open.remove(it.key),
            _ => {}
        }
    }
    most
}
