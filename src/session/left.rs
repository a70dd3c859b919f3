//! A future that was left behind, by acting in the past or by keeping the other one.

use crate::base::time::Nanos;
use crate::component::Registry;
use crate::engine::recorder::Recorder;
use crate::lens;

use super::protocol::{Input, Stamped};

/// What is still known of it.
#[derive(Clone, Debug)]
pub struct Left {
    /// From when on it was another.
    pub since: Nanos,
    /// What was recorded of it, and of what came before.
    pub recorder: Recorder<Registry>,
    /// What was done in it, and perhaps before, oldest first.
    pub inputs: Vec<Stamped>,
}

impl Left {
    /// What a lens may know of it.
    pub fn seen_by(&self, component: &str) -> lens::Before<'_> {
        let since = self.inputs.iter().filter(|it| it.at >= self.since);
        let edit = |it| match it {
            &Stamped { at, input: Input::Edit(ref diff), .. } => {
                let change = diff.components.get(component)?;
                Some((at, &change.before.as_ref()?.spec, &change.after.as_ref()?.spec))
            }
            _ => None,
        };
        lens::Before { recorder: &self.recorder, edits: since.filter_map(edit).collect() }
    }
}
