//! All schemes side by side, on the keys that are shown: how evenly they lie, and how many of them one
//! node more would move. Worked out only when asked for: Maglev's table takes its time.

use crate::algorithm::placement::{Node, Scheme};
use crate::component::Membership;
use crate::scene::layout::chips::Chip;
use crate::scene::{CellStyle, Tone};

use super::super::Act;
use super::super::column::{Bar, Column};
use super::Ring;
use super::moves::{Keys, even};

/// The member of each key, placed one after the other; what bounds loads counts them.
fn owners(by: &Membership, among: &[usize], keys: &Keys) -> Option<Vec<usize>> {
    let mut placed = by.place(among).ok()?;
    keys.texts.iter().map(|it| placed.place(it.as_bytes()).ok().map(|it| among[it])).collect()
}

impl Ring<'_> {
    /// The comparison, or the chip that asks for it.
    pub(super) fn compare(&self, column: &mut Column) {
        if self.set_out(self.params.nodes as usize, false).is_none() {
            return;
        }
        let open = self.subject.noted("compare").is_some_and(|it| it == "all");
        let (words, to) = if open { ("Hide the others", "no") } else { ("Compare all", "all") };
        let mut chip = Chip::new("compare", words);
        chip.label = Some(format!("{words}: schemes side by side on the same keys"));
        chip.action = Some(Act::Note("compare".into(), to.into()).to_string());
        column.chips("compare", &[chip.styled(Tone::Ink, CellStyle::Plain)], 1);
        if open {
            column.space(4.0);
            self.side_by_side(column);
        }
        column.space(8.0);
    }

    fn side_by_side(&self, column: &mut Column) {
        let (keys, among) = (self.keys.len(), &self.layout.among);
        let next = self.members();
        let name = self.name(next);
        let mut more = self.layout.by.clone();
        more.nodes.push(Node { name: name.clone(), weight: 1 });
        let then: Vec<usize> = among.iter().copied().chain([next]).collect();
        let mut rows = Vec::new();
        for scheme in Scheme::ALL.iter().copied().filter(|it| it.is_by_hash()) {
            let by = |it: &Membership| Membership { scheme, ..it.clone() };
            let (now, more) = (by(&self.layout.by), by(&more));
            let found = owners(&now, among, &self.keys).zip(owners(&more, &then, &self.keys));
            let Some((before, after)) = found else { continue };
            let moved = before.iter().zip(&after).filter(|it| it.0 != it.1).count();
            let load = |it: &usize| {
                let count = before.iter().filter(|owner| *owner == it).count();
                count as f64 / keys.max(1) as f64 / even(&now, among, *it).max(1e-9)
            };
            let uneven = among.iter().map(load).fold(0.0, f64::max);
            let short = match scheme {
                Scheme::Bounded => "Bounded loads".into(),
                it => self.short(it),
            };
            rows.push((scheme, short, uneven, moved));
        }
        column.caption("compare", [&format!("The same {keys} keys"), "max/mean · would move"]);
        let bars = rows.iter().map(|(scheme, short, uneven, moved)| Bar {
            id: format!("compare/{}", scheme.id()),
            name: short,
            part: *moved as f64 / keys.max(1) as f64,
            ghost: None,
            figure: format!("{uneven:.2} · {moved:>2}"),
            tone: if *scheme == self.layout.by.scheme { Tone::Link } else { Tone::Ink3 },
            label: format!("{short}: max/mean {uneven:.2}; {moved} of {keys} keys would move"),
        });
        let bars: Vec<_> = bars.collect();
        column.bars(&bars, None);
        let words = format!(
            "Bars: keys that {name} as one node more would move. Slots are dealt anew; bounded loads \
             count the keys one after the other."
        );
        column.words("compare/words", &words);
    }
}
