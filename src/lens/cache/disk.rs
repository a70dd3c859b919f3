//! What a cache has on disk, what a crash would lose at this moment, and what the last one did.

use crate::base::text;
use crate::component::cache::disk::{Disk, Persistence, Toll};
use crate::scene::layout::chips::Chip;
use crate::scene::{CellStyle, Tone};

use super::super::Act;
use super::super::column::{Bar, Column};
use super::{Inside, left};

/// What can be chosen, and what that means.
const CHOICES: [(Persistence, &str, &str); 5] = [
    (Persistence::None, "none", "nothing outlives a crash"),
    (Persistence::Rdb, "RDB", "a snapshot from time to time"),
    (Persistence::AofNo, "AOF, kernel", "a log, on disk when the kernel thinks fit: after 30 s"),
    (Persistence::AofEverysec, "AOF, 1 s", "a log, on disk once a second"),
    (Persistence::AofAlways, "AOF, always", "a log, on disk before a write is acknowledged"),
];

/// Said where a crash would lose nothing at this moment.
const ALL_KEPT: &str = "All that was acknowledged is on disk.";

impl Inside<'_> {
    /// What is on disk, and what is not.
    pub(super) fn disk(&self, column: &mut Column) {
        let Some(disk) = &self.state.disk else { return };
        column.space(6.0);
        let always = self.params.persistence == Persistence::AofAlways;
        let count = if always { self.state.entries.len() } else { disk.saved.len() };
        let figure = format!("{} entries", text::count(count as u64));
        column.caption("disk", ["On disk", &figure]);
        self.modes(column);
        column.space(2.0);
        if always {
            let took = text::duration(self.params.fsync.0 as f64);
            let words = format!(
                "Whatever was acknowledged is on disk: a crash loses nothing. Each change holds the \
                 worker {took} longer."
            );
            column.words("disk/always", &words);
        } else {
            self.window(disk, column);
        }
        disk.toll.iter().for_each(|it| self.toll(it, column));
    }

    fn modes(&self, column: &mut Column) {
        let chip = |(persistence, words, label): &(Persistence, &str, &str)| {
            let mut chip = Chip::new(format!("disk/{}", persistence.word()), *words);
            let value = format!("\"{}\"", persistence.word());
            chip.label = Some(format!("{words}: {label}"));
            chip.action = Some(Act::Set("persistence".into(), value).to_string());
            let own = *persistence == self.params.persistence;
            chip.styled(Tone::Ink, if own { CellStyle::Strong } else { CellStyle::Plain })
        };
        let chips: Vec<_> = CHOICES.iter().map(chip).collect();
        column.chips("disk/modes", &chips, 3);
    }

    /// What is not on disk yet.
    fn window(&self, disk: &Disk, column: &mut Column) {
        let now = self.subject.now();
        let every = self.params.saves_every().unwrap_or_default();
        let ago = now.saturating_sub(disk.since);
        let unsaved = text::count(disk.unsaved);
        let bar = Bar {
            id: "disk/window".into(),
            name: "Not on disk",
            part: if disk.unsaved == 0 { 0.0 } else { ago.0 as f64 / every.0.max(1) as f64 },
            ghost: Some(1.0),
            figure: format!("{unsaved} changes"),
            tone: if disk.unsaved == 0 { Tone::Ink3 } else { Tone::Link },
            label: match disk.unsaved {
                0 => ALL_KEPT.to_owned(),
                _ => format!("{unsaved} acknowledged changes, the first {} ago", left(ago)),
            },
        };
        column.bars(&[bar], None);
        let words = match disk.unsaved {
            0 => ALL_KEPT.to_owned(),
            _ => format!(
                "A crash now would lose the changes of the last {} (the loss window); it can grow to {}.",
                left(ago),
                left(every),
            ),
        };
        column.words("disk/words", &words);
    }

    /// What the last crash cost.
    fn toll(&self, toll: &Toll, column: &mut Column) {
        if toll.at > self.subject.now() {
            return;
        }
        column.space(4.0);
        let ago = format!("back {} ago", left(self.subject.now().saturating_sub(toll.at)));
        column.caption("toll", ["After the last crash", &ago]);
        let Toll { writes, window, older, returned, loaded, .. } = *toll;
        let [writes, older, returned, loaded] =
            [writes, older.into(), returned.into(), loaded.into()].map(text::count);
        let words = format!("It came back with {loaded} entries.");
        column.words("toll/loaded", &words);
        if toll.writes > 0 {
            let words = format!(
                "Lost: {writes} acknowledged changes, made within {}. Keys with an older value than \
                 before, or none: {older}. Keys dropped since that are back: {returned}.",
                left(window),
            );
            column.words("toll/lost", &words);
        } else if toll.older == 0 {
            column.words("toll/lost", "Nothing that was acknowledged was lost.");
        }
    }

    /// What is told of the disk while it is down.
    pub(super) fn on_disk(&self, disk: &Disk, column: &mut Column) {
        let words = match self.params.persistence {
            Persistence::AofAlways => "All that was acknowledged is on its disk.".to_owned(),
            _ => format!(
                "On its disk are {} entries; {} acknowledged changes are not, and are lost.",
                text::count(disk.saved.len() as u64),
                text::count(disk.unsaved),
            ),
        };
        column.words("down/disk", &words);
    }
}
