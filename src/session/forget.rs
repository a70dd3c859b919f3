//! Taking something out of what was done to a run, as if it had never been.

use crate::base::time::Nanos;

use super::run::{Run, Snapshot};

impl Run {
    /// Takes out the input with this index, if that is the one that was made at this moment: the run goes back
    /// to before it, and what was done later is done again as its moments come. Where the cursor is before the
    /// input, it stays there. The future left behind is the dashed "before" from that moment on. False if there
    /// is no such input.
    pub fn forget(&mut self, index: usize, at: Nanos) -> bool {
        if self.inputs.get(index).is_none_or(|it| it.at != at) {
            return false;
        }
        self.arrive_there();
        let mut later = self.inputs.split_off(index + 1);
        let mut inputs = self.inputs.clone();
        inputs.pop();
        let has_come = index < self.head.inputs;
        if has_come {
            // It may come after another number of events now, at the same moment.
            later.iter_mut().for_each(|it| it.ordinal = u64::MAX);
            let before = |it: &Snapshot| it.scene.inputs <= index;
            let known =
                || self.snapshots.iter().rev().find(|it| before(it)).map(|it| (**it).clone());
            let Some(past) = self.past.take().filter(before).or_else(known) else { return false };
            self.branch_at(past);
            if let Some(left) = &mut self.before {
                left.since = at.max(left.since);
                left.inputs.extend_from_slice(&later);
            }
            (self.stopped, self.hit) = (None, None);
        }
        inputs.extend(later);
        self.inputs = inputs;
        true
    }

    /// An input that is done only now in this run, and told so by its ordinal, is stamped.
    pub(super) fn stamp(&mut self) {
        let ordinal = self.head.world.ordinal();
        if let Some(it) = self.inputs.get_mut(self.head.inputs).filter(|it| it.ordinal == u64::MAX)
        {
            it.ordinal = ordinal;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::fault::{Fault, Target};
    use crate::session::protocol::{Input, Stamped};

    fn design() -> crate::document::Design {
        let text = include_str!("../../static/designs/bookstore.json");
        crate::document::file::read(text).expect("the book store").0.design
    }

    fn fault(run: &mut Run, fault: Fault) {
        run.act(Input::Fault(fault)).expect("it compiles");
    }

    fn slow(factor: f64) -> Fault {
        Fault::Slow { target: Target::component("books"), factor }
    }

    /// A run in which something is done at 2 s, 3 s and 4 s, looked at 5 s in.
    fn run() -> Run {
        let mut run = Run::open(design(), 7, Nanos::SECOND, Vec::new()).expect("it compiles");
        for (done, what) in [Fault::Crash(Target::component("book-cache")), slow(2.0), slow(3.0)]
            .into_iter()
            .enumerate()
        {
            run.advance(Nanos::seconds(done as u64 + 2) - run.head.world.now(), u64::MAX);
            fault(&mut run, what);
        }
        run.advance(Nanos::SECOND, u64::MAX);
        run
    }

    fn hash(run: &mut Run, at: Nanos) -> u64 {
        let left = at.saturating_sub(run.shown().world.now());
        run.advance(left, u64::MAX);
        assert_eq!(run.shown().world.now(), at);
        run.shown().world.state_hash()
    }

    #[test]
    fn without_it_all_is_as_if_it_had_never_been() {
        let end = Nanos::seconds(6);
        for index in 0..3 {
            let mut run = run();
            let gone = run.inputs[index].clone();
            assert!(run.forget(index, gone.at), "{index}");
            assert!(run.head.world.now() <= gone.at);
            let before = run.before.as_ref().expect("the old future is kept");
            assert_eq!(before.since, gone.at);
            let done = before.inputs.iter().filter(|it| it.at >= gone.at).count();
            assert_eq!(done, 3 - index, "all that was done in it");
            let inputs: Vec<_> = run.inputs.iter().map(|it| (it.at, it.input.clone())).collect();
            let hash_of_it = hash(&mut run, end);
            // What is told of it is told so that it can be run again, from the start and to any moment.
            assert!(run.inputs.iter().all(|it| it.ordinal < u64::MAX), "{:?}", run.inputs);
            let again = Run::open(design(), 7, Nanos::SECOND, run.inputs.clone());
            assert_eq!(hash(&mut again.expect("it compiles"), end), hash_of_it, "{index}");
            let middle = Nanos::millis(3_500);
            run.seek(middle);
            let there = run.shown().world.state_hash();
            let never = inputs.iter().cloned();
            let never = never.map(|(at, input)| Stamped { at, ordinal: u64::MAX, input }).collect();
            let never = Run::open(design(), 7, Nanos::SECOND, never);
            let mut never = never.expect("it compiles");
            assert_eq!(hash(&mut never, middle), there, "{index}");
            assert_eq!(hash(&mut never, end), hash_of_it, "{index}");
        }
    }

    #[test]
    fn the_cursor_stays_before_what_is_taken_out() {
        let mut run = run();
        run.seek(Nanos::millis(2_500));
        assert!(run.forget(2, Nanos::seconds(4)));
        assert_eq!(run.shown().world.now(), Nanos::millis(2_500));
        assert_eq!((run.inputs.len(), run.head.inputs), (2, 1), "the second is still to come");
        assert!(!run.forget(5, Nanos::seconds(4)) && !run.forget(1, Nanos::seconds(4)));
        hash(&mut run, Nanos::seconds(6));
        assert_eq!(run.head.inputs, 2);
    }
}
