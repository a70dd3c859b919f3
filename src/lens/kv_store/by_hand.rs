//! Writes in conflict that wait for a person: who picks one has it written over all of them, at a member
//! that holds them.

use crate::component::kv_store::{Conflicts, Rule, Written};
use crate::lens::Act;
use crate::scene::layout::chips::Chip;
use crate::scene::layout::sheet::Sheet;
use crate::scene::{CellStyle, Tone};

use super::Store;

/// Keys offered at once.
const KEYS: usize = 4;

impl Store<'_> {
    /// Keys with several values, and which of them to keep.
    pub(super) fn by_hand(&self, sheet: &mut Sheet) {
        if self.params.conflicts != Conflicts::ByHand || self.rule() != Rule::Both {
            return;
        }
        // By key, the first member that is up and holds most of its values.
        let mut open: Vec<(u32, usize, &[Written])> = Vec::new();
        for (at, (_, state)) in self.members.iter().enumerate().filter(|it| self.is_up(it.0)) {
            let Some(state) = state else { continue };
            for key in state.rows.start()..state.rows.end() {
                let Some(row) = state.rows.get(key).filter(|it| it.copies.len() > 1) else {
                    continue;
                };
                let new = (key as u32, at, &row.copies[..]);
                match open.iter_mut().find(|it| it.0 == new.0) {
                    Some(it) if it.2.len() >= new.2.len() => {}
                    Some(it) => *it = new,
                    None => open.push(new),
                }
            }
        }
        if open.is_empty() {
            return;
        }
        open.sort_by_key(|it| (it.0 != self.key, it.0));
        sheet.space(8.0);
        let count = open.len().to_string();
        sheet.caption("hand", ["Pick which value stays", &count]);
        for (key, member, copies) in open.iter().take(KEYS) {
            let name = self.key_name(*key);
            let chip = |it: &Written| {
                let value = match self.log.value(*key, it.version) {
                    0 => String::from("an old one"),
                    value => value.to_string(),
                };
                let id = format!("hand/{key}/{}", it.version);
                let mut chip = Chip::new(id, format!("{name} = {value}"));
                let at = self.name(*member);
                chip.label = Some(format!("Keep {name} = {value}, at {at}; the others are gone"));
                let words = format!("keep {key} {}", Written::name(it.version));
                chip.action = Some(Act::Command(*member as u16, words).to_string());
                chip.styled(Tone::Warn, CellStyle::Plain)
            };
            let mut copies: Vec<_> = copies.iter().collect();
            copies.sort_by_key(|it| it.version);
            let chips: Vec<_> = copies.into_iter().map(chip).collect();
            sheet.chips(&format!("hand/{key}"), &chips, 2, chips.len());
        }
        let words = "Nobody knows which of them is right. Whoever picks has it written over the others, and \
                     members bring it to each other like any write.";
        sheet.words("hand/words", words);
    }
}
