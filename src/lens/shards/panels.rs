//! What the shards have to do and hold, and what can be set.

use crate::algorithm::placement::Scheme;
use crate::base::text;
use crate::component::Kind;
use crate::component::sharded_db::{ShardedDb, Sharding};
use crate::scene::layout::chips::Chip;
use crate::scene::{CellStyle, Tone};

use super::super::Act;
use super::super::column::{Bar, Column};
use super::{SECONDS, Shards};

/// From this load on a shard counts as full.
const FULL: f64 = 0.97;
/// Countries: most of them are one shard's, and the others' the rest.
const MOST: [&str; 8] = ["at", "be", "ch", "de", "dk", "fr", "it", "nl"];
const FEW: [&str; 2] = ["jp", "us"];
/// From so many times the mean on a shard is hot, if it is so busy.
const UNEVEN: f64 = 1.5;
const BUSY: f64 = 0.5;
/// A line of so much work is long, s.
const LONG_S: f64 = 0.1;

impl Shards<'_> {
    /// What each shard has to do, against what it can.
    pub(super) fn loads(&self, column: &mut Column) {
        let capacity = self.params.capacity();
        let most = self.shards.iter().map(|it| it.load).fold(capacity, f64::max) * 1.08;
        let asked = self.asked().max(1e-9);
        let mean = asked / self.shards.len().max(1) as f64;
        let right = format!("{}/s in all", text::number(self.asked()));
        column.caption("load", [&format!("Requests, last {SECONDS} s"), &right]);
        let bars: Vec<_> = self
            .shards
            .iter()
            .map(|it| {
                let full = it.load >= FULL * capacity || f64::from(it.waiting) > LONG_S * capacity;
                let hot = it.load >= UNEVEN * mean && it.load >= BUSY * capacity;
                let hot_words = match hot {
                    true => format!(", {:.1} times the mean", it.load / mean),
                    false => String::new(),
                };
                let (load, used) = (text::number(it.load), text::percent(it.load / capacity));
                let waits = match it.waiting {
                    0 => String::new(),
                    waiting => format!(", {} wait", text::count(waiting.into())),
                };
                Bar {
                    id: format!("load/{}", it.name),
                    name: &it.name,
                    part: it.load / most,
                    ghost: None,
                    figure: if it.up { format!("{load:>5}/s") } else { "down".into() },
                    tone: if full || hot { Tone::Warn } else { Tone::Ink3 },
                    label: format!(
                        "{}: {load} a second, {} of all{hot_words} and {used} of what it can{waits}",
                        it.name,
                        text::percent(it.load / asked),
                    ),
                }
            })
            .collect();
        let words = format!("capacity {}/s", text::number(capacity));
        column.bars(&bars, Some((capacity / most, &words)));
        let waiting = self.shards.iter().filter(|it| it.waiting > 0);
        let waiting: Vec<_> = waiting
            .map(|it| format!("{} at {}", text::count(it.waiting.into()), it.name))
            .collect();
        if !waiting.is_empty() {
            column.words("load/waiting", &format!("Waiting: {}.", waiting.join(", ")));
        }
        let hot = self.shards.iter().filter_map(|it| Some((it, it.hot?)));
        if let Some((shard, (key, share))) = hot.max_by(|one, other| one.1.1.total_cmp(&other.1.1))
        {
            let words = format!(
                "{} alone is {} of {}'s requests: no scheme splits one key.",
                self.key(key),
                text::percent(share),
                shard.name,
            );
            column.words("load/hot", &words);
        }
        column.space(8.0);
    }

    /// What each shard holds.
    pub(super) fn held(&self, column: &mut Column) {
        let total: u64 = self.shards.iter().map(|it| u64::from(it.held)).sum();
        column.caption("rows", ["Rows per shard", &format!("{} rows", text::count(total))]);
        let most = self.shards.iter().map(|it| it.held).max().unwrap_or(0).max(1);
        let rows: Vec<_> = self
            .shards
            .iter()
            .map(|it| Bar {
                id: format!("rows/{}", it.name),
                name: &it.name,
                part: f64::from(it.held) / f64::from(most),
                ghost: None,
                figure: text::count(it.held.into()),
                tone: Tone::Ink3,
                label: format!(
                    "{}: {} rows, {}",
                    it.name,
                    text::count(it.held.into()),
                    text::percent(f64::from(it.held) / total.max(1) as f64),
                ),
            })
            .collect();
        column.bars(&rows, None);
        column.space(8.0);
    }

    /// How rows find their shard.
    pub(super) fn schemes(&self, column: &mut Column) {
        let own = self.params.scheme.0;
        let schemes = Scheme::ALL.iter().filter(|it| Sharding::IDS.contains(&it.id()));
        column.schemes("How rows find their shard", own, schemes, 4);
        self.shard_key(column);
        self.picked(column);
    }

    /// By what rows are dealt out: by their id, or by what most of them have in common.
    fn shard_key(&self, column: &mut Column) {
        let shards = self.shards.len();
        if shards < 2 {
            return;
        }
        let scheme = self.params.scheme.0;
        let few = FEW.iter().enumerate();
        let few = few.map(|(at, it)| format!("{it}={}", self.name((at + 1).min(shards - 1))));
        let groups = MOST.iter().map(|it| format!("{it}=A")).chain(few);
        let groups = groups.collect::<Vec<_>>().join(", ");
        let by_country = scheme == Scheme::List && self.params.groups == groups;
        let all = [
            ("range", "Id, in ranges", scheme == Scheme::Range, r#"{"scheme":"range"}"#.into()),
            ("hash", "Id, hashed", scheme == Scheme::Modulo, r#"{"scheme":"modulo"}"#.into()),
            (
                "country",
                "Country",
                by_country,
                format!(r#"{{"scheme":"list","groups":"{groups}"}}"#),
            ),
        ];
        let chip = |(id, words, is, values): (&str, &str, bool, String)| {
            let mut chip = Chip::new(format!("shard-key/{id}"), words);
            chip.action = Some(Act::Tune(values).to_string());
            chip.styled(Tone::Ink, if is { CellStyle::Strong } else { CellStyle::Plain })
        };
        column.space(8.0);
        column.caption("shard-key", ["The shard key", ""]);
        column.chips("shard-key", &all.map(chip), 2);
        let words = match scheme {
            Scheme::Range => "New ids follow each other: they all come to the last shard.",
            Scheme::Modulo => "Ids that follow each other lie apart: all shards do as much.",
            _ if by_country => {
                "Eight of ten countries are A's: it does four fifths of all, and all the others cannot help it."
            }
            _ => return,
        };
        column.words("shard-key/words", words);
    }

    /// What can be done to the picked shard.
    fn picked(&self, column: &mut Column) {
        let Some(name) = self.subject.noted("shard") else { return };
        let Some(at) = self.shards.iter().position(|it| it.name == name) else { return };
        column.space(8.0);
        column.caption("shard", [&format!("Shard {name}"), ""]);
        let lead = self.shards[at].lead;
        let member = ShardedDb::member_name(self.params, lead);
        let (fault, words) = match self.shards[at].up {
            true => (Act::Crash(lead), format!("Kill {member}")),
            false => (Act::Restart(lead), format!("Bring {member} back")),
        };
        let mut chips = vec![Chip::new("shard-act/fault", words)];
        chips[0].action = Some(fault.to_string());
        if self.params.scheme.0 != Scheme::Range {
            let weight = self.params.weights.of(at);
            let others =
                (0..self.shards.len()).any(|it| it != at && self.params.weights.of(it) > 0);
            let (to, words) = match weight {
                0 => (1, format!("Give {name} rows again")),
                _ => (0, format!("Move {name}'s rows away")),
            };
            if to > 0 || others {
                let of = |it: usize| if it == at { to } else { self.params.weights.of(it) };
                let weights: Vec<_> = (0..self.shards.len()).map(|it| of(it).to_string()).collect();
                let mut chip = Chip::new("shard-act/out", words);
                chip.action = Some(Self::set("weights", format!("\"{}\"", weights.join(", "))));
                chips.push(chip);
            }
        }
        let last = at + 1 == self.shards.len() && at + 1 == self.params.shards as usize && at > 0;
        if last && self.shards[at].held == 0 {
            let mut chip = Chip::new("shard-act/remove", format!("Remove {name}"));
            chip.action = Some(Self::set("shards", at.to_string()));
            chips.push(chip);
        }
        column.chips("shard-act", &chips, 3);
    }
}
