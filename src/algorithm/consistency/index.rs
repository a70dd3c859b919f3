//! Who wrote what each read found. That can be told only if no value is written twice on one
//! register: such histories are called differentiated (Bouajjani, Enea, Guerraoui and Hamza, "On
//! verifying causal consistency", POPL 2017). That an unset register is unset was written by nobody.

use std::collections::BTreeMap;

use super::{Act, History, Operation, Outcome, Value, Verdict, Violation};

/// A differentiated history.
pub(super) struct Index<'a> {
    /// The history.
    pub history: &'a History,
    /// By operation: what it read, if it read: the writer of it, None for the unset register.
    pub read: Vec<Option<Option<usize>>>,
    /// By operation: whether it wrote, surely or so that somebody read it.
    pub wrote: Vec<bool>,
    acknowledged: BTreeMap<(u64, u32), Vec<usize>>,
}

/// The value that an operation wrote, or may have written.
fn written(it: &Operation) -> Option<Value> {
    match (it.act, it.outcome) {
        (_, Outcome::Failed) | (Act::Read(_), _) => None,
        (Act::Write(value), _) | (Act::CompareAndSet { new: value, .. }, _) => Some(value),
    }
}

/// The value that an operation surely read.
fn found(it: &Operation) -> Option<Value> {
    match (it.act, it.outcome) {
        (Act::Read(value), Outcome::Ok) => Some(value),
        (Act::CompareAndSet { old, .. }, Outcome::Ok) => Some(old),
        _ => None,
    }
}

impl<'a> Index<'a> {
    /// Finds the writers, or says why it is no use: a value written twice, or one written by nobody,
    /// which breaks every guarantee.
    pub fn of(history: &'a History) -> Result<Self, Verdict> {
        let mut writers = BTreeMap::<(u32, Value), usize>::new();
        for (index, it) in history.operations.iter().enumerate() {
            let Some(value) = written(it) else { continue };
            let before = writers.insert((it.key, value), index);
            let twice = match (value, before) {
                (None, _) => format!("{}, which cannot be told from unset", history.told(index)),
                (_, Some(before)) => history.list(&[before, index]),
                (Some(_), None) => continue,
            };
            return Err(Verdict::Undecided(format!(
                "every value must be written once only for this guarantee to be judged: {twice}"
            )));
        }
        let mut read = vec![None; history.operations.len()];
        let mut wrote: Vec<bool> = Vec::new();
        for (index, it) in history.operations.iter().enumerate() {
            wrote.push(it.outcome == Outcome::Ok && written(it).is_some());
            let Some(value) = found(it) else { continue };
            let writer = writers.get(&(it.key, value)).copied();
            if writer.is_none() && value.is_some() {
                let words = format!("Nobody wrote what {}", history.told(index));
                return Err(Violation::of(vec![index], words));
            }
            read[index] = Some(writer);
        }
        for writer in read.iter().flatten().flatten() {
            wrote[*writer] = true;
        }
        let mut acknowledged = BTreeMap::<(u64, u32), Vec<usize>>::new();
        for (index, it) in history.operations.iter().enumerate() {
            if wrote[index] && it.outcome == Outcome::Ok {
                acknowledged.entry((it.process, it.key)).or_default().push(index);
            }
        }
        Ok(Self { history, read, wrote, acknowledged })
    }

    /// An operation.
    pub fn at(&self, operation: usize) -> &'a Operation {
        &self.history.operations[operation]
    }

    /// What a process was told that it has written to a register, by invocation.
    pub fn acknowledged(&self, process: u64, key: u32) -> &[usize] {
        self.acknowledged.get(&(process, key)).map_or(&[], Vec::as_slice)
    }

    /// The operations that wrote, by invocation.
    pub fn writes(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.wrote.len()).filter(|it| self.wrote[*it])
    }
}
