//! What makes a fault done by hand as if it had not been done, now: not the past anew, but its inverse.

use super::{Fault, Target};

impl Fault {
    /// What takes this back, in order, where `done` was done before it, oldest first, and `up` says of
    /// everybody whose life it touches whether they were up. Nothing for what cannot be taken back: what
    /// is over at once (a cache emptied, a command typed, one message dropped), and a restart of what
    /// was up.
    pub fn back(&self, done: &[Self], up: &[(Target, bool)]) -> Vec<Self> {
        match self {
            Self::Crash(_) | Self::ZoneOutage { .. } => {
                let fallen = up.iter().filter(|it| it.1);
                fallen.map(|it| Self::Restart(it.0.clone())).collect()
            }
            Self::Restart(_) | Self::ZoneRestart { .. } => {
                let risen = up.iter().filter(|it| !it.1);
                risen.map(|it| Self::Crash(it.0.clone())).collect()
            }
            _ => self.as_before(done),
        }
    }

    /// The same of what does not kill and does not bring back: all that was in force and is touched by this,
    /// after the end of this.
    fn as_before(&self, done: &[Self]) -> Vec<Self> {
        let lasts = self.lasts();
        if !lasts && !self.is_reversal() {
            return Vec::new();
        }
        let mut back: Vec<_> = self.end().into_iter().collect();
        for earlier in in_force(done) {
            if let Some(part) = earlier.narrowed(self) {
                back.push(part);
            } else if self.replaces(earlier) {
                back.push(earlier.clone());
            }
        }
        // What says all that this said leaves nothing to end.
        if lasts && back.len() > 1 && back[1..].iter().any(|it| it.replaces(self)) {
            back.remove(0);
        }
        back
    }

    /// This, of a whole component, for the member alone that the other is about.
    fn narrowed(&self, to: &Self) -> Option<Self> {
        let mut part = self.clone();
        let member = to.clone().target()?.clone();
        let whole = part.target()?;
        if member.member.is_none() || *whole != Target::component(&member.component) {
            return None;
        }
        *whole = member;
        to.replaces(&part).then_some(part)
    }

    /// Whom it befalls, where it makes one member, or all of them, other than usual.
    fn target(&mut self) -> Option<&mut Target> {
        match self {
            Self::Slow { target, .. }
            | Self::Gray { target, .. }
            | Self::Skew { target, .. }
            | Self::Spike { target, .. }
            | Self::HotKey { target, .. } => Some(target),
            _ => None,
        }
    }
}

/// What of all that was done lasts and has been neither ended nor replaced, oldest first.
fn in_force(done: &[Fault]) -> impl Iterator<Item = &Fault> {
    let over = |index: usize| done[index + 1..].iter().any(|it| it.replaces(&done[index]));
    let lasting = done.iter().enumerate().filter(|it| it.1.lasts());
    lasting.filter(move |it| !over(it.0)).map(|it| it.1)
}

#[cfg(test)]
mod tests {
    use super::super::{Scope, Ways};
    use super::*;
    use crate::base::time::{Nanos, Offset};

    fn slow(target: Target, factor: f64) -> Fault {
        Fault::Slow { target, factor }
    }

    #[test]
    fn only_who_was_up_is_brought_back_and_only_who_was_down_is_killed() {
        let whole = Target::component("store");
        let member = |it| Target::member("store", it);
        let up = [(member(0), true), (member(1), false), (member(2), true)];
        let back = Fault::Crash(whole.clone()).back(&[], &up);
        assert_eq!(back, [Fault::Restart(member(0)), Fault::Restart(member(2))]);
        assert_eq!(Fault::Restart(whole.clone()).back(&[], &up), [Fault::Crash(member(1))]);
        // All of them were up: they died and came back, and that cannot be undone.
        let up = [(whole.clone(), true)];
        assert_eq!(Fault::Restart(whole).back(&[], &up), []);
        let outage = Fault::ZoneOutage { zone: "z".into() };
        assert_eq!(outage.back(&[], &up), [Fault::Restart(Target::component("store"))]);
    }

    #[test]
    fn what_was_in_force_before_is_in_force_again() {
        let (whole, second) = (Target::component("books"), Target::member("books", 1));
        let now = slow(whole.clone(), 5.0);
        assert_eq!(now.back(&[], &[]), [slow(whole.clone(), 1.0)]);
        let done = [slow(whole.clone(), 2.0)];
        assert_eq!(now.back(&done, &[]), done, "slower, then as slow as before");
        let done = [slow(whole.clone(), 2.0), slow(whole.clone(), 1.0)];
        assert_eq!(now.back(&done, &[]), [slow(whole.clone(), 1.0)], "that had ended");
        let done = [slow(whole.clone(), 2.0)];
        let part = slow(second.clone(), 5.0);
        assert_eq!(part.back(&done, &[]), [slow(second.clone(), 2.0)], "as the others are");
        let done = [slow(second.clone(), 3.0)];
        let back = [slow(whole.clone(), 1.0), slow(second, 3.0)];
        assert_eq!(now.back(&done, &[]), back, "one of them was slow before");
        let end = slow(whole.clone(), 1.0);
        let done = [slow(whole.clone(), 2.0)];
        assert_eq!(end.back(&done, &[]), done, "its end is undone too");
        assert_eq!(end.back(&[], &[]), [], "nothing had to be ended");
    }

    #[test]
    fn cuts_come_back_as_they_were() {
        let cut = |ways| Fault::Partition {
            name: "A | B".into(),
            one: vec![Target::component("a")],
            other: vec![Target::component("b")],
            ways,
        };
        let heal = Fault::Heal { name: "A | B".into() };
        assert_eq!(cut(Ways::Both).back(&[], &[]), std::slice::from_ref(&heal));
        let done = [cut(Ways::Both)];
        assert_eq!(cut(Ways::Forth).back(&done, &[]), done);
        assert_eq!(heal.back(&done, &[]), done);
        assert_eq!(heal.back(&[cut(Ways::Both), heal.clone()], &[]), []);
        let on = Scope::Wire("1".into());
        let delay = |by| Fault::Delay { on: on.clone(), by: Nanos::millis(by) };
        assert_eq!(delay(20).back(&[delay(5)], &[]), [delay(5)]);
        let wire = |ways| Fault::CutWire { wire: "1".into(), ways };
        let mend = Fault::MendWire { wire: "1".into() };
        assert_eq!(wire(Ways::Back).back(&[], &[]), std::slice::from_ref(&mend));
        assert_eq!(mend.back(&[wire(Ways::Back)], &[]), [wire(Ways::Back)]);
    }

    #[test]
    fn what_is_over_at_once_cannot_be_taken_back() {
        let cache = Target::component("cache");
        let words = "SET a 1".to_owned();
        for it in [
            Fault::Flush(cache.clone()),
            Fault::Promote(Target::member("store", 1)),
            Fault::Command { target: cache.clone(), words },
            Fault::DropMessage { message: 7 },
            Fault::DelayMessage { message: 7, by: Nanos::SECOND },
            Fault::DropNext { on: Scope::Wire("1".into()) },
        ] {
            assert_eq!(it.back(&[slow(cache.clone(), 2.0)], &[]), [], "{it:?}");
        }
        let skew = Fault::Skew { target: cache, offset: Offset(5) };
        assert_eq!(skew.back(&[], &[]), [skew.end().expect("it lasts")]);
    }
}
