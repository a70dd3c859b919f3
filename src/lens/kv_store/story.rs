//! How operations are called, and what became of writes in conflict.

use crate::component::kv_store::Rule;
use crate::engine::Settled;
use crate::engine::history::Operation;
use crate::lens::history::{Voice, line};
use crate::scene::layout::sheet::Sheet;
use crate::scene::{Glyph, Tone};

use super::Store;

impl Voice for Store<'_> {
    fn words(&self, it: &Operation) -> String {
        let done = it.ended.filter(|it| it.1 <= self.now());
        let failed = done.is_some_and(|it| it.0.is_failure());
        match (it.writes, done.is_some() && !failed) {
            (true, _) if failed => format!("{} refused", it.value),
            (true, _) => format!("write {}", it.value),
            (false, true) => match it.value {
                0 if self.adds() => String::from("read all"),
                0 => String::from("read old"),
                value => format!("read {value}"),
            },
            (false, false) if failed => String::from("refused"),
            (false, false) => String::from("read"),
        }
    }

    fn told(&self, it: &Operation) -> String {
        let client = self.client_name(it.client);
        let member = self.members.iter().position(|member| member.0 == it.member);
        let member = member.map_or_else(String::new, |it| format!(" at {}", self.name(it)));
        let key = self.key_name(it.key);
        let what = if it.writes {
            format!("{client} writes {key} = {}{member}", it.value)
        } else {
            format!("{client} reads {key}{member}")
        };
        let since = self.subject.moment(it.invoked);
        let Some((outcome, at)) = it.ended.filter(|it| it.1 <= self.now()) else {
            return format!("{what}, begun at {since}, no answer yet");
        };
        let until = self.subject.moment(at);
        let n = self.params.homes() as usize;
        match (it.reached, outcome.is_failure()) {
            (Some(reached), true) => {
                let why = if reached as usize * 2 <= n { "no majority" } else { "too few" };
                format!("{what}, from {since} to {until}: refused, {reached} of {n}, {why}")
            }
            (None, true) => format!("{what}, from {since} to {until}: {}", outcome.word()),
            (_, false) if it.writes => format!("{what}, from {since} to {until}: acknowledged"),
            (_, false) => {
                let found = match it.value {
                    0 if self.adds() => String::from("all"),
                    0 => String::from("an old value"),
                    value => value.to_string(),
                };
                format!("{what}, from {since} to {until}: found {found}")
            }
        }
    }

    fn value(&self, it: &Operation) -> Option<String> {
        (it.value > 0).then(|| it.value.to_string())
    }

    fn client(&self, slot: u32) -> String {
        self.client_name(slot)
    }

    fn key(&self, key: u32) -> String {
        self.key_name(key)
    }
}

impl Store<'_> {
    /// Conflicts as they arose and were settled, the newest first.
    pub(super) fn conflicts(&self, sheet: &mut Sheet) {
        let known = self.log.conflicts.iter().filter(|it| it.at <= self.now());
        let known: Vec<_> = known.collect();
        let name = |value: u32| match value {
            0 if self.adds() => String::from("all"),
            0 => String::from("an old one"),
            it => it.to_string(),
        };
        for (index, it) in known.iter().rev().take(4).enumerate() {
            let key = self.key_name(it.key);
            let pair =
                format!("{{{}, {}}}", name(it.kept.min(it.other)), name(it.kept.max(it.other)));
            let (kept, other) = (name(it.kept), name(it.other));
            let (tone, glyph) = match it.how {
                Settled::Dropped => (Tone::Stale, Glyph::Clock),
                Settled::Both => (Tone::Warn, Glyph::Alert),
                _ => (Tone::Hit, Glyph::Check),
            };
            let words = match it.how {
                Settled::Dropped => {
                    let which = if self.rule() == Rule::First { "earlier" } else { "later" };
                    format!(
                        "Conflict in {key}: {pair}. The {which} clock wins: {kept} is kept, {other} is dropped."
                    )
                }
                Settled::Both => format!(
                    "Conflict in {key}: {pair} do not know of each other. Both are kept (siblings)."
                ),
                Settled::Replaced if self.adds() => {
                    format!("Settled in {key}: a write was added to {pair}.")
                }
                Settled::Replaced => format!("Settled in {key}: a write went over {pair}."),
                Settled::United => format!("Settled in {key}: a reader united {pair}."),
                Settled::Picked | Settled::Renamed => {
                    format!("Settled in {key} by hand: {kept} is kept, {other} is gone.")
                }
            };
            let id = format!("conflict/{}", known.len() - index);
            line(&id, tone, glyph, &words, Some(it.at), sheet);
        }
    }
}
