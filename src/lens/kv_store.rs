//! The inside of a key–value store: who can reach whom, what each member and each client believes,
//! and the clients' operations as a history, judged as it grows.

use crate::base::text;
use crate::base::time::Nanos;
use crate::component::kv_store::{
    Conflicts, KvStoreParams, KvStoreState, Rule, WhenCut, Written, preference,
};
use crate::component::{Spec, State};
use crate::engine::history::{Conflict, Log, Operation};
use crate::scene::layout::figures::Figure;
use crate::scene::layout::sheet::Sheet;
use crate::scene::{Scene, Tone};

use super::Subject;
use super::history::{Account, Broken, Differ, Finding, Judged, Rest, judge, stale, verdicts};
use super::mesh::Mesh;

mod by_hand;
mod causal;
mod choice;
mod homes;
mod map;
mod question;
mod quorum;
mod settings;
mod story;
mod trees;
mod vectors;

/// Of what writes have added, so many are told.
const ADDED_MAX: usize = 4;

/// Keys that members are compared by: those written last.
const COMPARED_MAX: usize = 32;

/// What all parts of the picture have in common.
struct Store<'a> {
    subject: &'a Subject<'a>,
    mesh: Mesh<'a>,
    params: &'a KvStoreParams,
    /// Slot and state of each member.
    members: Vec<(u32, Option<&'a KvStoreState>)>,
    log: &'a Log,
    /// By operation: whether it is a stale read.
    stale: Vec<bool>,
    /// The key whose values are shown.
    key: u32,
    /// Whose it is, in order, and then who stands in.
    order: Vec<usize>,
    judged: Judged,
    /// The operation that somebody has picked.
    picked: Option<&'a Operation>,
}

/// Draws it.
pub fn draw(subject: &Subject) -> Scene {
    let title = format!("Inside {}", subject.label);
    let component = &subject.world.blueprint().components[subject.component as usize];
    let log = subject.recorder.history.of(subject.component);
    let (Some(Spec::KvStore(params)), Some(log)) = (&component.spec, log) else {
        return Sheet::new(subject.width, title, "Nothing is inside yet.").finish();
    };
    let mut members = Vec::new();
    for (slot, (state, _)) in component.members.iter().zip(subject.members()) {
        let state =
            if let Some(State::KvStore(it)) = state { Some(it as &KvStoreState) } else { None };
        members.push((*slot, state));
    }
    let mut store = Store {
        subject,
        mesh: Mesh::of(subject),
        params,
        members,
        log,
        stale: log.operations.iter().map(|it| stale(log, it, subject.now())).collect(),
        key: 0,
        order: Vec::new(),
        judged: Judged::default(),
        picked: None,
    };
    store.judged = judge(log, subject, &store.rest());
    let mut known = log.operations.iter().filter(|it| it.invoked <= subject.now());
    let blamed = store.judged.blamed().first().map(|it| log.operations[*it].key);
    let picked = subject.noted(quorum::PICKED).and_then(|it| it.parse().ok());
    let now = subject.now();
    let same = |it: &&Operation| Some(it.request) == picked && it.invoked <= now;
    store.picked = log.operations.iter().find(same);
    let latest = || known.next_back().map(|it| it.key);
    store.key = store.picked.map(|it| it.key).or(blamed).or_else(latest).unwrap_or(0);
    store.order = preference(params, store.key).into_iter().map(usize::from).collect();
    let mut sheet = Sheet::new(subject.width, title, store.description());
    store.figures(&mut sheet);
    // What a design is about comes first.
    let by_numbers = params.when_cut == WhenCut::Quorums;
    if by_numbers {
        store.numbers(&mut sheet);
        store.answers(&mut sheet);
        store.promises(&mut sheet);
    }
    store.whose(&mut sheet);
    store.reach(&mut sheet);
    store.who_may_answer(&mut sheet);
    store.held_back(&mut sheet);
    store.choice(&mut sheet);
    store.trees(&mut sheet);
    let account = store.account();
    account.operations(&mut sheet);
    verdicts(&account, &mut sheet);
    store.stale_share(&mut sheet);
    store.vectors(&mut sheet);
    store.conflicts(&mut sheet);
    store.by_hand(&mut sheet);
    if !by_numbers {
        store.numbers(&mut sheet);
        store.answers(&mut sheet);
        store.promises(&mut sheet);
    }
    store.settings(&mut sheet);
    sheet.space(2.0);
    sheet.finish()
}

impl Store<'_> {
    fn now(&self) -> Nanos {
        self.subject.now()
    }

    /// Its history, and what was found.
    fn account(&self) -> Account<'_> {
        let (subject, log, judged, key) = (self.subject, self.log, &self.judged, self.key);
        Account { subject, log, judged, key, voice: self }
    }

    /// What members know of the end of all writes.
    fn rest(&self) -> Rest {
        let whole = (0..self.members.len()).all(|it| self.mesh.company(it) == self.members.len());
        let last = self.subject.recorder.disturbances.iter().rfind(|it| it.at <= self.now());
        let healed = match whole {
            true => Ok(last.map_or(Nanos::ZERO, |it| it.at)),
            false => Err(self.mesh.state_of_network()),
        };
        let write = |key: u32, value: u32| {
            self.log
                .operations
                .iter()
                .position(|it| it.writes && (it.key, it.value) == (key, value))
        };
        let acknowledged = |it: &&Conflict| {
            let ended = write(it.key, it.other).map(|it| self.log.operations[it].ended);
            ended.is_none_or(|it| it.is_some_and(|it| !it.0.is_failure()))
        };
        let dropped: Vec<_> = self.log.dropped(self.now()).filter(acknowledged).collect();
        let lost = dropped.last().map(|last| {
            let own = [last.other, last.kept].map(|it| write(last.key, it));
            let operations = own.into_iter().flatten().collect();
            let name = |value: u32| if value > 0 { value.to_string() } else { "an old one".into() };
            let words = format!(
                "{} was acknowledged, and dropped for {}, which did not know of it",
                name(last.other),
                name(last.kept)
            );
            Finding::Broken(Broken { at: last.at, operations, words: Some(words) })
        });
        Rest { healed, differ: self.differ(), lost }
    }

    /// Homes of a key that were written lately and do not hold the same of it, if any.
    fn differ(&self) -> Option<Differ> {
        let mut keys = Vec::new();
        for it in self.log.operations.iter().rev().filter(|it| it.writes) {
            if keys.len() < COMPARED_MAX && !keys.contains(&it.key) {
                keys.push(it.key);
            }
        }
        for key in keys {
            let homes = preference(self.params, key).into_iter().map(usize::from);
            let copies = |it: usize| {
                let row = self.members[it].1?.rows.get(key.into());
                let mut held: Vec<_> =
                    row.map_or(&[][..], |it| &it.copies).iter().map(|it| it.version).collect();
                held.sort_unstable();
                Some(held)
            };
            let homes = homes.take(self.params.homes() as usize).filter(|it| self.is_up(*it));
            let held: Vec<_> = homes.filter_map(|it| Some((it, copies(it)?))).collect();
            let Some((first, rest)) = held.split_first() else { continue };
            if let Some(other) = rest.iter().find(|it| it.1 != first.1) {
                let key = self.key_name(key);
                let [one, other] = [first, other].map(|it| self.name(it.0));
                let words = format!("{one} and {other} do not hold the same of {key} yet");
                return Some(Differ { words, comes: self.unconfirmed() > 0 && self.brings() });
            }
        }
        None
    }

    /// Whether members bring others what these have not confirmed.
    fn brings(&self) -> bool {
        self.params.handoff > Nanos::ZERO
    }

    fn name(&self, member: usize) -> String {
        self.subject.member_name(member)
    }

    fn is_up(&self, member: usize) -> bool {
        self.mesh.is_up(member)
    }

    /// What people call a client, given by the slot of its member.
    fn client_name(&self, slot: u32) -> String {
        let blueprint = self.subject.world.blueprint();
        let component = blueprint.members[slot as usize].0;
        (self.subject.name)(&blueprint.components[component as usize].id)
    }

    /// A key as people see it: a store of a single one needs no number.
    fn key_name(&self, key: u32) -> String {
        match self.log.operations.iter().all(|it| it.key == 0) {
            true => self.subject.key_name.to_owned(),
            false => self.subject.key(key),
        }
    }

    /// Whether each write adds to what is there.
    fn adds(&self) -> bool {
        self.params.when_cut != WhenCut::Consistent && self.params.conflicts == Conflicts::Merge
    }

    /// Which of two writes stays.
    fn rule(&self) -> Rule {
        Rule::of(self.params)
    }

    /// A version of the key as the value that stands for it.
    fn value(&self, version: u32) -> String {
        match self.log.value(self.key, version) {
            0 if self.adds() => String::from("all"),
            0 => String::from("old"),
            it => it.to_string(),
        }
    }

    /// One of the copies that a member holds, as values: of what adds, all that it holds.
    fn copy(&self, it: &Written) -> String {
        if !self.adds() {
            return self.value(it.version);
        }
        let own = self.log.operations.iter().filter(|op| op.writes && op.key == self.key);
        let mut values: Vec<_> = own
            .filter(|op| [op.version, op.earlier].iter().any(|own| *own > 0 && it.knows(*own)))
            .map(|op| op.value)
            .collect();
        values.sort_unstable();
        let from = values.len().saturating_sub(ADDED_MAX);
        let more = if from > 0 || self.log.forgotten > 0 { "…+" } else { "" };
        let values: Vec<_> = values[from..].iter().map(u32::to_string).collect();
        format!("{more}{}", values.join("+"))
    }

    /// What a member holds of the key: one value, or several that do not know of each other.
    fn held(&self, state: &KvStoreState) -> String {
        let row = state.rows.get(self.key.into());
        let copies = row.map_or(&[][..], |it| &it.copies);
        match copies {
            [] => self.value(1),
            [one] => self.copy(one),
            several if self.rule() == Rule::First => {
                let first = row.map_or(1, |it| it.shown(Rule::First));
                let mut others: Vec<_> = several.iter().filter(|it| it.version != first).collect();
                others.sort_by_key(|it| it.version);
                let others: Vec<_> = others.into_iter().map(|it| self.copy(it)).collect();
                format!("{} ({} set aside)", self.value(first), others.join(", "))
            }
            several => {
                let mut values: Vec<_> = several.iter().map(|it| self.copy(it)).collect();
                values.sort();
                format!("{{{}}}", values.join(", "))
            }
        }
    }

    /// Operations refused so far, as far as they are kept.
    fn refused(&self) -> usize {
        let ended = |at: Option<_>| at.is_some_and(|it: (_, Nanos)| it.1 <= self.now());
        let refused =
            |it: &&crate::engine::history::Operation| it.reached.is_some() && ended(it.ended);
        self.log.operations.iter().filter(refused).count()
    }

    /// How it decides, in words.
    fn manner(&self) -> String {
        let [read, write] = self.params.quorum();
        let n = self.params.homes();
        match self.params.when_cut {
            WhenCut::Consistent => format!(
                "Stays consistent (CP): {read} of {n} must answer, or the request is refused."
            ),
            WhenCut::Available if self.is_spread() => {
                let who = if self.params.stands_in() { "home or stand-in" } else { "home" };
                format!("Keeps answering (AP): one {who} of the key is enough.")
            }
            WhenCut::Available => {
                let then = match self.params.conflicts {
                    Conflicts::LastWriteWins => "of two writes, the later clock wins",
                    Conflicts::Siblings => "writes in conflict are both kept",
                    Conflicts::Merge => "writes in conflict are united by whoever reads both",
                    Conflicts::FirstWriteWins => "of two writes, the earlier clock wins",
                    Conflicts::ByHand => {
                        "writes in conflict are both kept until a person picks one"
                    }
                };
                format!("Keeps answering (AP): whoever is asked answers by itself; {then}.")
            }
            WhenCut::Causal => String::from(
                "Keeps answering, causes first (causal): whoever is asked answers by itself, and shows a \
                 write only once it has what its client had seen before.",
            ),
            WhenCut::Quorums => {
                let overlap = match read + write > n {
                    true if self.params.stands_in() => {
                        "they overlap among homes; where a stand-in counts (sloppy), a read may miss \
                         a finished write"
                    }
                    true => "they overlap, so a read meets the last finished write",
                    false => "they need not overlap: a read may miss a finished write",
                };
                format!("N = {n}, R = {read}, W = {write}: {overlap}.")
            }
        }
    }

    fn description(&self) -> String {
        let beliefs = (0..self.members.len()).map(|at| {
            let verb = if self.holds(at) { "holds" } else { "is" };
            format!("{} {verb} {}", self.name(at), self.belief(at))
        });
        let beliefs: Vec<_> = beliefs.collect();
        let beliefs = beliefs.join(", ");
        format!("{beliefs}; {}. {}", self.mesh.state_of_network(), self.account().sentence())
    }

    fn figures(&self, sheet: &mut Sheet) {
        let refused = self.refused();
        let mut figures = vec![
            Figure::new("refused", "Refused", text::count(refused as u64), ""),
            Figure::new("lost", "Writes dropped", text::count(self.lost().len() as u64), ""),
            Figure::new("open", "Not confirmed", text::count(self.unconfirmed()), ""),
        ];
        if self.params.is_causal() {
            let held = self.members.iter().filter_map(|it| it.1).map(|it| it.causal.held.len());
            let held = held.sum::<usize>() as u64;
            figures.push(Figure::new("held", "Held back", text::count(held), ""));
            figures[3].tone = if held > 0 { Tone::Warn } else { Tone::Ink };
        }
        if refused > 0 {
            figures[0].tone = Tone::Fail;
        }
        if !self.lost().is_empty() {
            figures[1].tone = Tone::Stale;
        }
        sheet.figures("figures", &figures);
        sheet.space(4.0);
        sheet.words("manner", &self.manner());
    }

    /// Writes that a member has taken and another has not confirmed.
    fn unconfirmed(&self) -> u64 {
        let of = |it: &KvStoreState| it.hints.iter().map(|it| it.len() as u64).sum::<u64>();
        self.members.iter().filter_map(|it| it.1).map(of).sum()
    }

    /// Settled conflicts so far.
    fn lost(&self) -> Vec<&Conflict> {
        self.log.dropped(self.now()).collect()
    }
}
