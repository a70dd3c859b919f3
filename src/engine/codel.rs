//! CoDel: what has waited too long for too long is dropped, one after the other, ever faster.
//!
//! RFC 8289 (Nichols, Jacobson, McGregor & Iyengar, 2018), section 5, with requests for packets:
//! where the RFC stops dropping because not a full packet would be left, here because nobody else
//! would wait.

use crate::base::time::Nanos;

/// What a line may do before anybody is dropped.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// How long somebody may wait for good (RFC: TARGET).
    pub target: Nanos,
    /// How long all may have waited longer than that, before one is dropped (RFC: INTERVAL).
    pub interval: Nanos,
}

/// The state of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Codel {
    /// When waits will have been over the target for an interval; none while they are not.
    first_above: Option<Nanos>,
    /// When the next is dropped.
    drop_next: Nanos,
    /// Dropped since dropping began.
    count: u32,
    last_count: u32,
    dropping: bool,
    /// Within one dequeue: somebody has been dropped, and this is who came up instead.
    step: Step,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Step {
    #[default]
    First,
    /// One was dropped because its time had come.
    Next,
    /// The first of a series was dropped.
    Entered,
}

crate::stable! { enum Step }
crate::stable! { Codel { first_above, drop_next, count, last_count, dropping, step } }

impl Codel {
    /// Looks at who has come up, and says whether they are dropped; then, at the same moment, it is
    /// asked again with who comes up instead. `waited` is none if the line is empty, `alone` says
    /// that nobody waits behind.
    pub fn drops(
        &mut self,
        limits: Limits,
        now: Nanos,
        waited: Option<Nanos>,
        alone: bool,
    ) -> bool {
        let late = self.is_late(limits, now, waited, alone);
        match std::mem::take(&mut self.step) {
            Step::First if self.dropping => {
                self.dropping = late;
                late && self.drops_in_time(now)
            }
            Step::First => {
                self.step = if late { Step::Entered } else { Step::First };
                late
            }
            Step::Next => {
                self.dropping = late;
                if late {
                    self.drop_next = control_law(limits, self.drop_next, self.count);
                }
                late && self.drops_in_time(now)
            }
            Step::Entered => {
                self.dropping = true;
                // If it has not been long since, it goes on about as fast as it was.
                let more = self.count.wrapping_sub(self.last_count);
                let sixteen = Nanos(limits.interval.0.saturating_mul(16));
                let lately = now.0 < self.drop_next.saturating_add(sixteen).0;
                self.count = if more > 1 && lately { more } else { 1 };
                self.drop_next = control_law(limits, now, self.count);
                self.last_count = self.count;
                false
            }
        }
    }

    fn drops_in_time(&mut self, now: Nanos) -> bool {
        let due = now >= self.drop_next;
        if due {
            self.count = self.count.saturating_add(1);
            self.step = Step::Next;
        }
        due
    }

    /// Whether waits have been over the target for an interval (RFC: ok_to_drop).
    fn is_late(&mut self, limits: Limits, now: Nanos, waited: Option<Nanos>, alone: bool) -> bool {
        if waited.is_none_or(|it| it < limits.target) || alone {
            self.first_above = None;
            return false;
        }
        now >= *self.first_above.get_or_insert(now.saturating_add(limits.interval)) && {
            // Set just now, it is an interval away; an interval of nothing is no licence.
            limits.interval > Nanos::ZERO
        }
    }
}

/// The n-th is dropped interval / √n after the one before.
fn control_law(limits: Limits, at: Nanos, count: u32) -> Nanos {
    let pause = limits.interval.0 as f64 / f64::from(count.max(1)).sqrt();
    at.saturating_add(Nanos((pause + 0.5) as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { target: Nanos::millis(5), interval: Nanos::millis(100) };

    /// Dequeues once a millisecond; the wait is given. When somebody is dropped.
    fn drops(wait: impl Fn(u64) -> Option<Nanos>, until_ms: u64) -> Vec<u64> {
        let (mut codel, mut drops) = (Codel::default(), Vec::new());
        for at in 0..until_ms {
            while codel.drops(LIMITS, Nanos::millis(at), wait(at), false) {
                drops.push(at);
            }
        }
        drops
    }

    /// By hand from the RFC's pseudocode: waits are over the target from 0 ms on. The first is
    /// dropped when that has lasted for an interval, at 100 ms; the next are due 100/√1, 100/√2,
    /// 100/√3 … ms later, each rounded up to the next dequeue but counted from when it was due.
    #[test]
    fn drop_times_follow_the_control_law() {
        let mut expected = vec![100];
        let mut due: f64 = 200.0;
        for count in 2..40u32 {
            expected.push(due.ceil() as u64);
            due += 100.0 / f64::from(count).sqrt();
        }
        expected.retain(|it| *it < 1_200);
        assert_eq!(expected[..5], [100, 200, 271, 329, 379]);
        assert_eq!(drops(|_| Some(Nanos::millis(6)), 1_200), expected);
    }

    /// A short wait, an empty line or a line of one ends it.
    #[test]
    fn good_waits_are_let_through() {
        assert!(drops(|_| Some(Nanos::millis(4)), 1_000).is_empty());
        // A burst that is gone within an interval.
        let burst = |at| Some(Nanos::millis(if at % 90 < 80 { 50 } else { 1 }));
        assert!(drops(burst, 1_000).is_empty());
        let pauses = |at| (at % 90 < 80).then_some(Nanos::millis(50));
        assert!(drops(pauses, 1_000).is_empty());
        let mut codel = Codel::default();
        let long = Some(Nanos::SECOND);
        assert!((0..1_000).all(|at| !codel.drops(LIMITS, Nanos::millis(at), long, true)));
    }

    /// Back within 16 intervals, dropping goes on where it was (RFC section 5.4: count − lastcount);
    /// later, it begins anew.
    #[test]
    fn what_was_learnt_is_kept_for_a_while() {
        let pause = |length: u64| {
            move |at: u64| (!(1_000..1_000 + length).contains(&at)).then_some(Nanos::millis(50))
        };
        let after = |length: u64| -> Vec<u64> {
            let all = drops(pause(length), 4_000);
            all.into_iter()
                .filter(|it| *it >= 1_000)
                .take(3)
                .map(|it| it - 1_000 - length)
                .collect()
        };
        // 27 drops are counted by 1,000 ms (100/√n summed), the first of which set lastcount 1: so it
        // goes on with 26, and the next are due 100/√26 and 100/√27 ms later.
        let before = drops(pause(500), 1_000).len();
        assert_eq!(before, 27);
        assert_eq!(after(500), [100, 120, 139]);
        assert_eq!(after(2_000), [100, 200, 271]);
    }
}
