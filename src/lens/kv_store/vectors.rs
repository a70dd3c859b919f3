//! Which writes each copy of a key knows of: a version vector, a number for each member. Of two copies of which
//! neither knows of the other no one is the newer.

use crate::component::kv_store::{Conflicts, WhenCut, Written};
use crate::lens::history::line;
use crate::scene::layout::sheet::Sheet;
use crate::scene::{Glyph, Tone};

use super::Store;

impl Store<'_> {
    /// The version vectors of all copies of the key, where members go by them.
    pub(super) fn vectors(&self, sheet: &mut Sheet) {
        let by_clock = self.params.conflicts == Conflicts::LastWriteWins;
        let same = |one: &Written, other: &Written| {
            (one.version, &one.vector) == (other.version, &other.vector)
        };
        if by_clock || self.params.when_cut == WhenCut::Consistent {
            return;
        }
        let mut copies: Vec<(&Written, Vec<String>)> = Vec::new();
        for (at, (_, state)) in self.members.iter().enumerate() {
            let row = state.and_then(|it| it.rows.get(self.key.into()));
            for it in row.into_iter().flat_map(|it| &it.copies) {
                match copies.iter_mut().find(|other| same(other.0, it)) {
                    Some((_, members)) => members.push(self.name(at)),
                    None => copies.push((it, vec![self.name(at)])),
                }
            }
        }
        if copies.is_empty() {
            return;
        }
        sheet.space(8.0);
        let title = format!("Version vectors of {}", self.key_name(self.key));
        sheet.caption("vectors", [&title, "latest write known, by member"]);
        for (index, (it, members)) in copies.iter().enumerate() {
            let known = |of: usize| format!("{} {}", self.name(of), it.vector.latest(of));
            let known: Vec<_> = (0..self.members.len()).map(known).collect();
            let (copy, known) = (self.copy(it), known.join(", "));
            let apart =
                |other: &&(&Written, _)| !it.knows(other.0.version) && !other.0.knows(it.version);
            let mut words = format!("{}: {copy} knows of {known}.", members.join(", "));
            let (tone, glyph) = match copies.iter().find(apart) {
                Some((other, _)) => {
                    let other = self.copy(other);
                    words += &format!(" Neither {copy} nor {other} knows of the other: conflict.");
                    (Tone::Warn, Glyph::Alert)
                }
                None => (Tone::Ink3, Glyph::Ring),
            };
            line(&format!("vector/{index}"), tone, glyph, &words, None, sheet);
        }
    }
}
