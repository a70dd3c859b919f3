//! What can be set where it is shown.

use crate::component::kv_store::{Conflicts, WhenCut};
use crate::engine::history::PEERS_MAX;
use crate::lens::Act;
use crate::scene::layout::chips::{self, Chip, Flow};
use crate::scene::layout::sheet::Sheet;
use crate::scene::{CellStyle, Font, Mark, Point, Tone};

use super::Store;

/// Room for the names of settings.
const LEFT: f32 = 92.0;

/// Numbers to choose among: as words, in file form, whether one is the present one, and its name.
pub(super) fn numbers(name: &str, most: u32, own: u32) -> Vec<(String, String, bool, String)> {
    let one = |it: u32| (it.to_string(), it.to_string(), it == own, format!("{name} {it}"));
    (1..=most).map(one).collect()
}

impl Store<'_> {
    /// What else can be set.
    pub(super) fn settings(&self, sheet: &mut Sheet) {
        sheet.space(8.0);
        sheet.caption("settings", ["What it does", ""]);
        let quoted = |it: &str| format!("\"{it}\"");
        let (members, n) = (self.params.members, self.params.homes());
        let most = PEERS_MAX as u32;
        self.setting("members", "Members", numbers("Members:", most, members), sheet);
        if members > 1 && !self.params.is_causal() {
            let mut copies = numbers("Copies of each key: N =", members - 1, n);
            let label = String::from("Copies of each key: one at every member");
            copies.push(("all".into(), "0".into(), n == members, label));
            self.setting("copies", "Copies, N", copies, sheet);
        }
        let manners = WhenCut::ALL.iter().map(|it| {
            let words = match it {
                WhenCut::Consistent => "consistent (CP)",
                WhenCut::Available => "answering (AP)",
                WhenCut::Quorums => "R and W",
                WhenCut::Causal => "causal",
            };
            let id = it.word();
            (words.to_owned(), quoted(id), *it == self.params.when_cut, format!("When cut: {id}"))
        });
        self.setting("when_cut", "When cut", manners.collect(), sheet);
        if self.params.when_cut != WhenCut::Consistent {
            if self.is_spread() {
                let own = self.params.sloppy;
                let one = |word: &str, label: &str, value: bool| {
                    (word.to_owned(), value.to_string(), own == value, label.to_owned())
                };
                let values = vec![
                    one("strict", "Quorum: strict, only homes count", false),
                    one("sloppy", "Quorum: sloppy, stand-ins count too", true),
                ];
                self.setting("sloppy", "Quorum", values, sheet);
            }
            let rules = Conflicts::ALL.iter().map(|it| {
                let id = it.word();
                let words = id.replace('-', " ");
                let label = format!("Writes in conflict: {words}");
                (words, quoted(id), *it == self.params.conflicts, label)
            });
            self.setting("conflicts", "In conflict", rules.collect(), sheet);
        }
    }

    /// One parameter: its values as words, in file form, whether it is the present one, and its name.
    pub(super) fn setting(
        &self,
        field: &str,
        name: &str,
        values: Vec<(String, String, bool, String)>,
        sheet: &mut Sheet,
    ) {
        let chip = |(words, value, own, label): (String, String, bool, String)| {
            let style = if own { CellStyle::Strong } else { CellStyle::Plain };
            let mut chip = Chip::new(format!("set/{field}/{}", value.trim_matches('"')), words)
                .styled(Tone::Ink, style);
            chip.label = Some(label);
            chip.action = Some(Act::Set(field.into(), value).to_string());
            chip
        };
        let chips: Vec<_> = values.into_iter().map(chip).collect();
        let top = sheet.block(0.0).y;
        let width = sheet.width() - LEFT;
        let flow = Flow { x: LEFT, y: top, width, rows_max: 3, total: chips.len() };
        let name =
            Mark::text(format!("set/{field}"), Point::new(0.0, top + 15.0), name, Font::SMALL);
        sheet.draw(name.toned(Tone::Ink2));
        let height = chips::flow(sheet.marks(), &format!("set/{field}"), &chips, flow);
        sheet.space(height + 4.0);
    }
}
