//! Jepsen's log of one register: `process :invoke|:ok|:fail|:info :read|:write|:cas value`, one
//! event per line, fields separated by white space, with or without `INFO  jepsen.util -` before it.
//! The order of the lines is the order in real time. What the nemesis did and what other parts of
//! Jepsen say is passed over.
//!
//! `nil` is the unset register, `[old new]` the value of a compare-and-set. `:fail` of a
//! compare-and-set says that the register did not hold `old`; of a write, that it did not happen; of
//! a read, nothing. `:info`, a failure that gives a reason (`:timed-out`) instead of the operation's
//! own value, and no completion at all leave the outcome unknown.

use std::collections::BTreeMap;

use super::super::{Act, History, Operation, Outcome, Value};
use super::{OPERATIONS_MAX, Unreadable, short};

/// The logger whose lines are operations.
const LOGGER: &str = "jepsen.util";

pub(super) fn read(text: &str) -> Result<History, Unreadable> {
    let mut reader = Reader::default();
    for (index, line) in text.lines().enumerate() {
        let line_number = u32::try_from(index + 1).unwrap_or(u32::MAX);
        if let Some(fields) = fields(line) {
            reader.event(line_number, &fields)?;
        }
    }
    let keys = vec!["register".into()];
    Ok(History { keys, operations: reader.operations, ..History::default() })
}

/// The fields of a line that tells of an operation: process, type, operation, and all of the value.
fn fields(line: &str) -> Option<[&str; 4]> {
    let mut rest = line.trim();
    let mut next = || {
        let (field, after) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        rest = after.trim_start();
        field
    };
    let mut first = next();
    let is_level = |it: &str| !it.is_empty() && it.chars().all(|it| it.is_ascii_uppercase());
    if is_level(first) {
        let (logger, dash) = (next(), next());
        if dash == "-" && logger != LOGGER {
            return None;
        }
        if dash == "-" {
            first = next();
        }
    }
    if first.is_empty() || first == ":nemesis" {
        return None;
    }
    let (kind, operation) = (next(), next());
    Some([first, kind, operation, rest])
}

#[derive(Default)]
struct Reader {
    operations: Vec<Operation>,
    /// By process: its operation without a completion.
    open: BTreeMap<u64, usize>,
}

impl Reader {
    fn event(&mut self, line: u32, fields: &[&str; 4]) -> Result<(), Unreadable> {
        let [process, kind, operation, value] = *fields;
        let process: u64 = process.parse().map_err(|_| {
            let problem = format!(
                "{} is not a process number; a line is: process, :invoke, :ok, :fail or :info, \
                 :read, :write or :cas, and a value",
                short(process)
            );
            Unreadable::new(line, "process", problem)
        })?;
        if ![":invoke", ":ok", ":fail", ":info"].contains(&kind) {
            let problem = format!("{} is none of :invoke, :ok, :fail and :info", short(kind));
            return Err(Unreadable::new(line, "type", problem));
        }
        if ![":read", ":write", ":cas"].contains(&operation) {
            let problem = format!("{} is none of :read, :write and :cas", short(operation));
            return Err(Unreadable::new(line, "operation", problem));
        }
        if kind == ":invoke" {
            return self.invoke(line, process, operation, value);
        }
        let Some(open) = self.open.remove(&process) else {
            let problem = format!("process {process} has invoked nothing that this could complete");
            return Err(Unreadable::new(line, "process", problem));
        };
        let it = &mut self.operations[open];
        let invoked = match it.act {
            Act::Read(_) => ":read",
            Act::Write(_) => ":write",
            Act::CompareAndSet { .. } => ":cas",
        };
        if operation != invoked {
            let problem = format!(
                "process {process} completes {operation}, but what it invoked in line {} is \
                 {invoked}",
                it.line
            );
            return Err(Unreadable::new(line, "operation", problem));
        }
        let outcome = match (kind, it.act) {
            (":ok", Act::Read(_)) => {
                it.act = Act::Read(value_of(line, value)?);
                Outcome::Ok
            }
            (":ok", act) => {
                let told = act_of(line, operation, value)?;
                if told != act {
                    let problem = format!(
                        "{} is not what process {process} invoked in line {}",
                        short(value),
                        it.line
                    );
                    return Err(Unreadable::new(line, "value", problem));
                }
                Outcome::Ok
            }
            (":fail", Act::Read(_)) => Outcome::Failed,
            (":fail", act) if act_of(line, operation, value) == Ok(act) => Outcome::Failed,
            _ => return Ok(()),
        };
        (it.outcome, it.completed) = (outcome, u64::from(line));
        Ok(())
    }

    fn invoke(
        &mut self,
        line: u32,
        process: u64,
        operation: &str,
        value: &str,
    ) -> Result<(), Unreadable> {
        let act = act_of(line, operation, value)?;
        if let Act::Read(Some(_)) = act {
            let problem = format!("{} was not read yet; a read is invoked with nil", short(value));
            return Err(Unreadable::new(line, "value", problem));
        }
        if let Some(open) = self.open.insert(process, self.operations.len()) {
            let problem = format!(
                "process {process} invokes again before what it invoked in line {} has completed",
                self.operations[open].line
            );
            return Err(Unreadable::new(line, "process", problem));
        }
        if self.operations.len() == OPERATIONS_MAX {
            let problem = format!("there are more than {OPERATIONS_MAX} operations");
            return Err(Unreadable::new(line, "", problem));
        }
        let (outcome, invoked, completed) = (Outcome::Unknown, u64::from(line), u64::MAX);
        let it = Operation { process, key: 0, act, outcome, invoked, completed, line };
        self.operations.push(it);
        Ok(())
    }
}

/// `nil` or a whole number.
fn value_of(line: u32, text: &str) -> Result<Value, Unreadable> {
    match text {
        "nil" => Ok(None),
        "" => Err(Unreadable::new(line, "value", "it is missing: nil or a whole number")),
        _ => text.parse().map(Some).map_err(|_| {
            Unreadable::new(
                line,
                "value",
                format!("{} is neither nil nor a whole number", short(text)),
            )
        }),
    }
}

fn act_of(line: u32, operation: &str, text: &str) -> Result<Act, Unreadable> {
    match operation {
        ":read" => Ok(Act::Read(value_of(line, text)?)),
        ":write" => Ok(Act::Write(value_of(line, text)?)),
        _ => {
            let inner = text.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
            let separator = |it: char| it.is_whitespace() || it == ',';
            let parts = inner.into_iter().flat_map(|it| it.split(separator));
            let parts: Vec<_> = parts.filter(|it| !it.is_empty()).collect();
            match *parts.as_slice() {
                [old, new] => {
                    let (old, new) = (value_of(line, old)?, value_of(line, new)?);
                    Ok(Act::CompareAndSet { old, new })
                }
                _ => {
                    let problem = format!("{} is not [old new]", short(text));
                    Err(Unreadable::new(line, "value", problem))
                }
            }
        }
    }
}
