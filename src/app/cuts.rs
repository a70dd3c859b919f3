//! Cuts of the network: who is cut off from whom, what that is called, and how it ends. The sides are
//! kept, not the line that was drawn.

use leptos::prelude::*;

use crate::document::edit::Item;
use crate::document::{Design, Id};
use crate::engine::fault::{Fault, Target, Ways};
use crate::session::protocol::Input;

use super::canvas::hand::Hand;
use super::store::{App, FrameOf};

/// More names than this on a side, or longer ones, are counted.
const NAMES_MAX: usize = 3;
const LETTERS_MAX: usize = 36;

/// A cut in force.
#[derive(Clone, Debug, PartialEq)]
pub struct Cut {
    /// Name, to heal it by.
    pub name: String,
    /// Who stands on either side.
    pub sides: [Vec<Target>; 2],
    /// Which ways nothing passes.
    pub ways: Ways,
}

impl Cut {
    /// As a fault.
    pub fn fault(self) -> Fault {
        let [one, other] = self.sides;
        Fault::Partition { name: self.name, one, other, ways: self.ways }
    }

    /// Whether a fault is a cut of this name with others on its sides.
    fn is_another(&self, fault: &Fault) -> bool {
        match fault {
            Fault::Partition { name, one, other, .. } => {
                let sides = [one, other].into_iter().zip(&self.sides);
                *name == self.name && sides.into_iter().any(|(is, own)| !same(is, own))
            }
            _ => false,
        }
    }
}

/// Whether two lists name the same.
fn same(one: &[Target], other: &[Target]) -> bool {
    one.len() == other.len() && one.iter().all(|it| other.contains(it))
}

impl App {
    /// The cuts in force at the moment that is looked at, or for which faults go into the script, oldest
    /// first.
    pub fn cuts(self) -> Vec<Cut> {
        let mut cuts: Vec<Cut> = Vec::new();
        for it in self.done() {
            match it.input {
                Input::Fault(Fault::Partition { name, one, other, ways }) => {
                    let cut = Cut { name, sides: [one, other], ways };
                    match cuts.iter_mut().find(|it| it.name == cut.name) {
                        Some(it) => *it = cut,
                        None => cuts.push(cut),
                    }
                }
                Input::Fault(Fault::Heal { name }) => cuts.retain(|it| it.name != name),
                _ => {}
            }
        }
        cuts
    }

    /// Cuts one side off from the other; at home, at a store, if it is one of its own.
    pub fn cut(self, sides: [Vec<Target>; 2], ways: Ways, home: Option<&str>) {
        let called = self.called(&sides, home);
        let mut cut = Cut { name: called.clone(), sides, ways };
        // Names are what cuts are healed by: another cut keeps its own.
        let done = untrack(|| self.deeds());
        let others = (2..).map(|it| format!("{called} ({it})"));
        for name in std::iter::once(called.clone()).chain(others) {
            cut.name = name;
            let is_taken = |it: &Fault| cut.is_another(it);
            let done = done.iter().any(|it| matches!(&it.input, Input::Fault(it) if is_taken(it)));
            let script = |it: &FrameOf| it.3.values().any(|it| is_taken(&it.fault));
            if !done && !self.frame_of.with_untracked(script) {
                break;
            }
        }
        if let Some(hand) = self.hand() {
            hand.said.set(format!("{called}: cut"));
        }
        self.fault(cut.fault());
    }

    /// What a cut is called: both sides.
    pub fn called(self, sides: &[Vec<Target>; 2], home: Option<&str>) -> String {
        self.desk.with_value(|it| {
            let [one, other] = sides.each_ref().map(|side| names(it.shown(), side, home));
            format!("{one} | {other}")
        })
    }

    /// The cut in force that has just these components on one of its sides, and all others on the other.
    pub fn isolating(self, nodes: &[Id]) -> Option<Cut> {
        let sides = self.alone(nodes);
        let [one, other] = &sides;
        let is_it = |it: &Cut| {
            let [is_one, is_other] = &it.sides;
            same(one, is_one) && same(other, is_other) || same(one, is_other) && same(other, is_one)
        };
        self.cuts().into_iter().find(is_it)
    }

    /// Cuts components off from everything else; or heals that.
    pub fn isolate(self, nodes: &[Id]) {
        if let Some(Cut { name, .. }) = untrack(|| self.isolating(nodes)) {
            return self.fault(Fault::Heal { name });
        }
        let sides = self.alone(nodes);
        match sides.iter().any(Vec::is_empty) {
            false => self.cut(sides, Ways::Both, None),
            true => {
                if let Some(hand) = self.hand() {
                    hand.refuse("Isolate: select some of the components, not all".to_owned());
                }
            }
        }
    }

    /// Isolates the components that are selected, else the one that has the keyboard; or heals that.
    pub fn isolate_chosen(self, hand: Hand) {
        let mut chosen = self.ask(|it| it.selection().clone());
        if chosen.is_empty() {
            chosen.extend(hand.focus.get_untracked());
        }
        let component = |it| match it {
            Item::Component(id) => Some(id),
            _ => None,
        };
        self.isolate(&chosen.into_iter().filter_map(component).collect::<Vec<_>>());
    }

    /// These components, and all others.
    fn alone(self, nodes: &[Id]) -> [Vec<Target>; 2] {
        self.desk.with_value(|it| {
            let all = it.shown().components.keys();
            let (one, other): (Vec<_>, Vec<_>) = all.partition(|it| nodes.contains(it));
            [one, other].map(|it| it.into_iter().map(|it| Target::component(it)).collect())
        })
    }
}

/// What one side of a cut is called. At home, at a store, its members need no more than their own names,
/// and who else stands with them is left out.
fn names(design: &Design, side: &[Target], home: Option<&str>) -> String {
    let member = |it: &Target| {
        let record = design.components.get(&it.component)?;
        Some(record.spec.member_name(it.member?))
    };
    // Whoever came over last stands where it belongs.
    let mut side: Vec<&Target> = side.iter().collect();
    side.sort_by_key(|it| it.member);
    let own = |it: &&&Target| Some(it.component.as_str()) == home;
    let ours: Vec<_> = side.iter().filter(own).filter_map(|it| member(it)).collect();
    if !ours.is_empty() {
        return ours.join(", ");
    }
    let mut names: Vec<String> = Vec::new();
    let mut components: Vec<&str> = Vec::new();
    for it in &side {
        let record = design.components.get(&it.component);
        let label = record.map_or(it.component.as_str(), |it| it.label.as_str());
        let members = side.iter().filter(|other| other.component == it.component).count();
        let all = record.is_none_or(|it| members == it.spec.members() as usize);
        let is_new = !components.contains(&it.component.as_str());
        match member(it).filter(|_| !all) {
            Some(member) => names.push(format!("{label} {member}")),
            None if is_new => names.push(label.to_owned()),
            None => {}
        }
        if is_new {
            components.push(&it.component);
        }
    }
    if home.is_some() {
        names.truncate(1);
    }
    let letters: usize = names.iter().map(|it| it.chars().count()).sum();
    if components.len() > 1 && (names.len() > NAMES_MAX || letters > LETTERS_MAX) {
        return format!("{} components", components.len());
    }
    names.join(", ")
}
