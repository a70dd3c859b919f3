//! How a handler serves a request: a small tree, compiled to flat operations, so that a
//! continuation is a position: plain data that can be cloned and hashed.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::base::measured::Measured;
use crate::base::spread::Spread;
use crate::base::stable::{StableHash, StableHasher};

use super::event::{Outcome, Request, Verb};

/// A condition on the request.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Condition {
    /// The request has this verb.
    Verb(Verb),
    /// The request's class is in this set: bit n for class n. Classes from 64 on match bit 63.
    Classes(u64),
}

impl Condition {
    /// Whether a request meets it.
    pub fn holds(self, request: &Request) -> bool {
        match self {
            Self::Verb(verb) => request.verb == verb,
            Self::Classes(set) => set >> request.class.min(63) & 1 == 1,
        }
    }
}

/// A plan. `wire` is what names a wire: its id while a design is compiled, its slot in a world.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Plan<W> {
    /// Use the processor for a while.
    Work(Spread),
    /// Use the processor for a while, as measured.
    Measured(Arc<Measured>),
    /// Do what the kind does: look up, append, store.
    Local,
    /// Do what the kind does with another verb than the request's, and with the version seen last:
    /// a cache puts into itself what its store has answered.
    LocalAs(Verb),
    /// Do what the kind does; if that is a miss, do the other.
    LocalOr(Box<Plan<W>>),
    /// Call over a wire and wait; failure fails the plan.
    Call {
        /// Over which wire.
        wire: W,
        /// With another verb than the request's.
        verb: Option<Verb>,
    },
    /// One after the other.
    Sequence(Vec<Plan<W>>),
    /// All at once; goes on when `need` of them have succeeded.
    Parallel {
        /// How many must succeed.
        need: u16,
        /// What is done at once.
        branches: Vec<Plan<W>>,
    },
    /// Ask a cache; if it does not have the key or does not answer, do the other.
    OnMiss {
        /// The wire to the cache.
        cache: W,
        /// Request classes that it is asked for: bit n for class n. The others do the other.
        classes: u64,
        /// What is done on a miss.
        otherwise: Box<Plan<W>>,
    },
    /// Call over a wire and wait; if that fails, do the other.
    OrElse {
        /// Over which wire.
        wire: W,
        /// With another verb than the request's.
        verb: Option<Verb>,
        /// What is done on a failure.
        otherwise: Box<Plan<W>>,
    },
    /// Only for some requests.
    If {
        /// For which.
        condition: Condition,
        /// What they do.
        then: Box<Plan<W>>,
        /// What the others do.
        otherwise: Box<Plan<W>>,
    },
    /// Call over the one of these wires that leads to what a name stands for, and wait.
    Named(Vec<W>),
    /// Start and do not wait; nobody learns how it ends.
    Detach(Box<Plan<W>>),
    /// End here, with this outcome.
    Refuse(Outcome),
}

impl<W> Plan<W> {
    /// Does nothing.
    pub fn nothing() -> Self {
        Self::Sequence(Vec::new())
    }
}

/// What a call's failure comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Or {
    /// The strand fails.
    #[default]
    Fail,
    /// It is a miss, as a cache's miss is.
    Miss,
    /// The strand goes on with something else; any other answer is as good as a hit.
    Else,
}

crate::stable! { enum Or }

/// One flat operation.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// Use the processor.
    Work(Spread),
    /// Use the processor, as measured.
    Measured(Arc<Measured>),
    /// The kind's own act. A soft one may miss.
    Local {
        /// Verb in place of the request's.
        verb: Option<Verb>,
        /// Whether a miss does not end the strand.
        soft: bool,
    },
    /// Call and wait.
    Call {
        /// Slot of the wire.
        wire: u32,
        /// Verb in place of the request's.
        verb: Option<Verb>,
        /// What its failure comes to.
        or: Or,
    },
    /// Call, over the one of these that leads to what a name stands for, and wait.
    CallNamed(Arc<[u32]>),
    /// Go on elsewhere if the last call that may fail, or act that may miss, was a hit.
    JumpIfHit(u16),
    /// Go on elsewhere unless the request meets the condition.
    JumpUnless(Condition, u16),
    /// Go on elsewhere.
    Jump(u16),
    /// Start the branches; go on at the next operation when `need` have succeeded.
    Fork {
        /// Where each branch begins.
        branches: Arc<[u16]>,
        /// How many must succeed.
        need: u16,
    },
    /// Start a branch nobody waits for.
    Detach(u16),
    /// This strand is done.
    End,
    /// This strand has failed.
    Refuse(Outcome),
}

/// A compiled plan.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Program(pub Vec<Op>);

impl Program {
    /// Compiles a plan whose wires have become slots.
    ///
    /// # Panics
    /// If it comes to more than 65,535 operations. Designs with plans so long are refused
    /// (`document::compile`), before they are built.
    pub fn compile(plan: &Plan<u32>) -> Self {
        let mut program = Self::default();
        program.emit(plan);
        program.0.push(Op::End);
        program
    }

    fn here(&self) -> u16 {
        u16::try_from(self.0.len()).expect("document::compile bounds the calls of a plan")
    }

    /// Reserves a jump whose target is not yet known.
    fn hole(&mut self) -> usize {
        self.0.push(Op::End);
        self.0.len() - 1
    }

    fn emit(&mut self, plan: &Plan<u32>) {
        match plan {
            Plan::Work(spread) => self.0.push(Op::Work(*spread)),
            Plan::Measured(it) => self.0.push(Op::Measured(Arc::clone(it))),
            Plan::Local => self.0.push(Op::Local { verb: None, soft: false }),
            Plan::LocalAs(verb) => self.0.push(Op::Local { verb: Some(*verb), soft: false }),
            Plan::LocalOr(otherwise) => {
                self.0.push(Op::Local { verb: None, soft: true });
                self.emit_unless_hit(otherwise);
            }
            Plan::Call { wire, verb } => {
                self.0.push(Op::Call { wire: *wire, verb: *verb, or: Or::Fail });
            }
            Plan::OrElse { wire, verb, otherwise } => {
                self.0.push(Op::Call { wire: *wire, verb: *verb, or: Or::Else });
                self.emit_unless_hit(otherwise);
            }
            Plan::Sequence(steps) => steps.iter().for_each(|it| self.emit(it)),
            Plan::Parallel { need, branches } => self.emit_parallel(*need, branches),
            Plan::OnMiss { cache, classes, otherwise } => {
                let unless = (*classes != u64::MAX).then(|| self.hole());
                self.0.push(Op::Call { wire: *cache, verb: None, or: Or::Miss });
                let hit = self.hole();
                if let Some(unless) = unless {
                    self.0[unless] = Op::JumpUnless(Condition::Classes(*classes), self.here());
                }
                self.emit(otherwise);
                self.0[hit] = Op::JumpIfHit(self.here());
            }
            Plan::If { condition, then, otherwise } => {
                let unless = self.hole();
                self.emit(then);
                let end = self.hole();
                self.0[unless] = Op::JumpUnless(*condition, self.here());
                self.emit(otherwise);
                self.0[end] = Op::Jump(self.here());
            }
            Plan::Refuse(outcome) => self.0.push(Op::Refuse(*outcome)),
            Plan::Named(wires) => self.0.push(Op::CallNamed(wires.as_slice().into())),
            Plan::Detach(plan) => {
                let (detach, jump) = (self.hole(), self.hole());
                self.0[detach] = Op::Detach(self.here());
                self.emit(plan);
                self.0.push(Op::End);
                self.0[jump] = Op::Jump(self.here());
            }
        }
    }

    fn emit_unless_hit(&mut self, otherwise: &Plan<u32>) {
        let hole = self.hole();
        self.emit(otherwise);
        self.0[hole] = Op::JumpIfHit(self.here());
    }

    fn emit_parallel(&mut self, need: u16, branches: &[Plan<u32>]) {
        let (fork, jump) = (self.hole(), self.hole());
        let mut starts = Vec::new();
        for branch in branches {
            starts.push(self.here());
            self.emit(branch);
            self.0.push(Op::End);
        }
        let need = need.min(starts.len() as u16);
        self.0[fork] = Op::Fork { branches: starts.into(), need };
        self.0[jump] = Op::Jump(self.here());
    }
}

impl StableHash for Program {
    fn stable_hash(&self, h: &mut StableHasher) {
        for op in &self.0 {
            match op {
                Op::Work(spread) => (0u8, *spread).stable_hash(h),
                Op::Measured(it) => (20u8, Arc::clone(it)).stable_hash(h),
                Op::Local { verb, soft } => (1u8, (*verb, *soft)).stable_hash(h),
                Op::Call { wire, verb, or } => {
                    (2u8, *wire).stable_hash(h);
                    (*verb, *or).stable_hash(h);
                }
                Op::JumpIfHit(to) => (3u8, u32::from(*to)).stable_hash(h),
                Op::JumpUnless(Condition::Verb(verb), to) => {
                    (4u8, *verb).stable_hash(h);
                    h.word(u64::from(*to));
                }
                Op::JumpUnless(Condition::Classes(set), to) => {
                    (5u8, *set).stable_hash(h);
                    h.word(u64::from(*to));
                }
                Op::Jump(to) => (6u8, u32::from(*to)).stable_hash(h),
                Op::Fork { branches, need } => {
                    (7u8, u32::from(*need)).stable_hash(h);
                    branches.iter().for_each(|it| h.word(u64::from(*it)));
                }
                Op::Detach(to) => (8u8, u32::from(*to)).stable_hash(h),
                Op::CallNamed(wires) => {
                    h.word(11);
                    wires.iter().for_each(|it| h.word(u64::from(*it)));
                }
                Op::End => h.word(9),
                Op::Refuse(outcome) => (10u8, *outcome).stable_hash(h),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::time::Nanos;

    #[test]
    fn cache_aside_compiles_to_a_jump_over_the_miss() {
        let plan = Plan::Sequence(vec![
            Plan::Work(Spread::constant(Nanos(5))),
            Plan::OnMiss {
                cache: 0,
                classes: u64::MAX,
                otherwise: Box::new(Plan::Sequence(vec![
                    Plan::Call { wire: 1, verb: None },
                    Plan::Detach(Box::new(Plan::Call { wire: 0, verb: Some(Verb::Put) })),
                ])),
            },
        ]);
        let expected = vec![
            Op::Work(Spread::constant(Nanos(5))),
            Op::Call { wire: 0, verb: None, or: Or::Miss },
            Op::JumpIfHit(8),
            Op::Call { wire: 1, verb: None, or: Or::Fail },
            Op::Detach(6),
            Op::Jump(8),
            Op::Call { wire: 0, verb: Some(Verb::Put), or: Or::Fail },
            Op::End,
            Op::End,
        ];
        assert_eq!(Program::compile(&plan).0, expected);
    }

    /// Other classes go past the cache to what a miss leads to, which is there once.
    #[test]
    fn a_cache_for_some_classes_is_passed_by_others() {
        let call = |wire| Plan::Call { wire, verb: None };
        let plan = Plan::OnMiss { cache: 0, classes: 2, otherwise: Box::new(call(1)) };
        let expected = vec![
            Op::JumpUnless(Condition::Classes(2), 3),
            Op::Call { wire: 0, verb: None, or: Or::Miss },
            Op::JumpIfHit(4),
            Op::Call { wire: 1, verb: None, or: Or::Fail },
            Op::End,
        ];
        assert_eq!(Program::compile(&plan).0, expected);
    }
}
