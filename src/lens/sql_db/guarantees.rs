//! What clients of a database can rely on: the history of a few keys, and what checkers say of it.

use crate::base::text;
use crate::engine::history::Operation;
use crate::lens::history::{Account, Broken, Differ, Finding, Rest, Voice, judge, verdicts};
use crate::scene::layout::sheet::Sheet;

use super::Log;

impl Voice for Log<'_> {
    fn words(&self, it: &Operation) -> String {
        let done = it.ended.filter(|it| it.1 <= self.now());
        let verb = if it.writes { "write" } else { "read" };
        match (done.map(|it| it.0.is_failure()), self.value(it)) {
            (Some(true), _) => format!("{verb} failed"),
            (Some(false), Some(value)) => format!("{verb} {value}"),
            (None, Some(value)) if it.writes => format!("{verb} {value}"),
            _ => String::from(verb),
        }
    }

    fn told(&self, it: &Operation) -> String {
        let client = self.client(it.client);
        let member = self.members.iter().position(|member| member.0 == it.member);
        let member = member.map_or_else(String::new, |it| format!(" at {}", self.name(it)));
        let key = self.key(it.key);
        let value = self.value(it);
        let what = match (it.writes, &value) {
            (true, Some(value)) => format!("{client} wrote {key} {value}{member}"),
            (true, None) => format!("{client} wrote {key}{member}"),
            (false, _) => format!("{client} read {key}{member}"),
        };
        let since = self.subject.moment(it.invoked);
        let Some((outcome, at)) = it.ended.filter(|it| it.1 <= self.now()) else {
            return format!("{what}, begun at {since}, no answer yet");
        };
        let until = self.subject.moment(at);
        let how = match (outcome.is_failure(), it.writes, value) {
            (true, ..) => String::from(outcome.word()),
            (_, true, _) => String::from("acknowledged"),
            (.., Some(value)) => format!("found {value}"),
            (.., None) => String::from("answered"),
        };
        format!("{what}, from {since} to {until}: {how}")
    }

    fn value(&self, it: &Operation) -> Option<String> {
        (it.version > 0).then(|| format!("v{}", it.version))
    }

    fn client(&self, slot: u32) -> String {
        let blueprint = self.subject.world.blueprint();
        let component = blueprint.members[slot as usize].0;
        (self.subject.name)(&blueprint.components[component as usize].id)
    }

    fn key(&self, key: u32) -> String {
        self.subject.key(key)
    }
}

impl Log<'_> {
    /// The history of the key that matters most, and what it says.
    pub(super) fn guarantees(&self, sheet: &mut Sheet) {
        let now = self.now();
        let Some(log) = self.subject.recorder.history.of(self.subject.component) else { return };
        let known = || log.operations.iter().filter(|it| it.invoked <= now);
        let Some(last) = known().rfind(|it| it.writes) else { return };
        let judged = judge(log, self.subject, &self.rest(log));
        let blamed = judged.blamed().last().map(|it| log.operations[*it].key);
        let key = blamed.unwrap_or(last.key);
        let account = Account { subject: self.subject, log, judged: &judged, key, voice: self };
        account.operations(sheet);
        verdicts(&account, sheet);
        let mut keys: Vec<u32> = known().map(|it| it.key).collect();
        keys.sort_unstable();
        keys.dedup();
        let words = match keys.len() {
            1 => format!("Judged by what clients did with {}.", self.key(key)),
            count => format!("Judged by what clients did with {count} keys, as a sample."),
        };
        sheet.space(2.0);
        sheet.words("verdict/sample", &words);
    }

    /// What members know of the end of all writes.
    fn rest(&self, log: &crate::engine::history::Log) -> Rest {
        let (world, now) = (self.subject.world, self.now());
        let last = self.subject.recorder.disturbances.iter().rfind(|it| it.at <= now);
        let down = (0..self.members.len()).find(|it| !world.is_up(self.members[*it].0));
        let reaches = |from: u32, to: u32| {
            from == to || !world.stops(from, to, crate::engine::Via::Mesh(from))
        };
        let lead = self.members[self.lead].0;
        let cut = self.members.iter().any(|it| !reaches(lead, it.0) || !reaches(it.0, lead));
        let healed = match (down, cut) {
            (Some(it), _) => Err(format!("{} is down", self.name(it))),
            (_, true) => Err(String::from("the network is cut")),
            (None, false) => Ok(last.map_or_else(Default::default, |it| it.at)),
        };
        let differ = (0..self.members.len()).find_map(|it| {
            let state = self.members[it].1;
            let only = state.log.end().saturating_sub(self.agreed(state));
            let (entries, _) = self.lag(state);
            let (words, comes) = match (only, entries) {
                (1.., _) => (format!("{} has entries that others do not", self.name(it)), false),
                (_, 1..) => {
                    (format!("{} is {} behind", self.name(it), super::entries_of(entries)), true)
                }
                _ => return None,
            };
            Some(Differ { words, comes })
        });
        let lost = Some(match (self.gone(log), &healed) {
            (Some(it), _) => Finding::Broken(it),
            (None, Err(why)) => Finding::Open(why.clone()),
            (None, Ok(_)) => Finding::Holds,
        });
        Rest { healed, differ, lost }
    }

    /// Acknowledged writes that are lost: who leads knows all that counts, and its log does not have them.
    fn gone(&self, log: &crate::engine::history::Log) -> Option<Broken> {
        let (it, now) = (self.ledger?, self.now());
        let lost: Vec<_> = it.lost(now).collect();
        let first = lost.first()?;
        let name = format!("{} v{}", self.subject.key(first.key), first.version);
        let words = match lost.len() {
            1 => format!("1 acknowledged write is lost, {name}"),
            count => {
                let count = text::count(count as u64);
                format!("{count} acknowledged writes are lost, {name} first")
            }
        };
        let own = |it: &Operation| it.writes && lost.iter().any(|lost| lost.request == it.request);
        let own = log.operations.iter().enumerate().filter(|it| own(it.1));
        let began = it.terms.iter().rfind(|it| it.at <= now).map_or(now, |it| it.at);
        let at = lost.iter().filter_map(|it| it.acknowledged).fold(began, |a, b| a.max(b));
        Some(Broken { at, operations: own.map(|it| it.0).collect(), words: Some(words) })
    }
}
