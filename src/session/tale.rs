//! What came of what was done to a run, as it is told.

use serde::{Deserialize, Serialize};

use crate::base::english::{self, Text, TextId};
use crate::base::time::Nanos;
use crate::document::Id;

use super::view::Which;

/// What came of one input, in measured figures: a few seconds later, compared with the same run
/// without it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Story {
    /// The moment of the input.
    pub at: Nanos,
    /// The moment at which the two runs are compared; that of the input if it is too soon for that.
    pub until: Nanos,
    /// What it is about.
    pub component: Option<Id>,
    /// What was done.
    pub done: Text,
    /// What is different, the largest change first.
    pub changes: Vec<Change>,
}

/// One figure that is not what it would be, with where it can be looked at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// Of which component.
    pub component: Id,
    /// In which of its charts.
    pub which: Which,
    /// When.
    pub at: Nanos,
    /// In words.
    pub text: Text,
}

impl Story {
    /// Whether something else was done too soon to tell what came of this.
    pub fn is_too_soon(&self) -> bool {
        self.until < self.at.saturating_add(Nanos::millis(500))
    }

    /// What was done, and what came of it, as the parts of one sentence.
    pub fn clauses(&self) -> Vec<Text> {
        let mut clauses = vec![self.done.clone()];
        clauses.extend(self.changes.iter().map(|it| it.text.clone()));
        if clauses.len() == 1 {
            let nothing = if self.is_too_soon() { TextId::TooSoon } else { TextId::NothingChanged };
            clauses.push(Text::new(nothing, Vec::new()));
        }
        clauses
    }

    /// The story in English.
    pub fn sentence(&self) -> String {
        english::sentence(&self.clauses())
    }
}
