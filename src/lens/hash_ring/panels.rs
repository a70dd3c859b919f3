//! What stands beside the circle: the picked key, what moved, what the nodes do, what can be set.

use crate::algorithm::placement::{Placed, Scheme, redis_slots};
use crate::base::text;
use crate::component::cache::REFUSED;
use crate::scene::layout::chips::Chip;
use crate::scene::{CellStyle, Tone};

use super::super::Act;
use super::super::column::{Bar, Column};
use super::super::hits::rate;
use super::{Ring, SECONDS, arcs};

/// Numbers of virtual nodes that the slider offers.
const VNODES: [u32; 10] = [1, 2, 4, 8, 16, 32, 64, 128, 200, 500];
/// With so few of them, a ring is uneven.
const FEW: [u32; 2] = [8, 4];
/// So many nodes are told with their shares.
const NAMED: usize = 6;
/// Weights that the slider offers, and the knobs on the ring but for the first.
pub(super) const WEIGHTS: [u32; 6] = [0, 1, 2, 3, 4, 8];

impl Ring<'_> {
    /// The picked key: its hash, its place, and why its owner is its owner.
    pub(super) fn picked(&self, column: &mut Column) {
        let key = &self.keys.texts[self.picked];
        let owner = self.layout.owners[self.picked];
        let name = self.name(owner);
        column.space(4.0);
        column.caption("picked", [&format!("Key {key}"), &format!("to {name}")]);
        let hash = self.layout.by.settings.hash;
        let value = hash.of(key.as_bytes());
        let turn = text::percent(f64::from(self.turns[self.picked]));
        let among = self.layout.among.len();
        let why = match (&self.layout.placed, self.owner_turn) {
            (Placed::Ketama(it), Some(owner)) => format!(
                "MD5 begins with {}: {turn} of the way round. The next point clockwise, at {}, is \
                 {name}'s.",
                it.position(key.as_bytes()),
                text::percent(f64::from(owner)),
            ),
            (_, Some(owner)) => format!(
                "{} {value}: {turn} of the way round. The next point clockwise, at {}, is {name}'s.",
                hash.label(),
                text::percent(f64::from(owner)),
            ),
            (Placed::Modulo(_), _) => format!(
                "{} {value}, modulo {among} is {}: {name}.",
                hash.label(),
                value % among.max(1) as u64,
            ),
            (Placed::Rendezvous(_), _) => {
                format!(
                    "{} {value}. Of the {among} nodes' bids, {name}'s is the highest.",
                    hash.label()
                )
            }
            (Placed::Jump(_), _) => {
                format!("{} {value}. Its last jump below {among} is to {name}.", hash.label())
            }
            (Placed::Maglev(it), _) => {
                let rows = it.table().len() as u64;
                format!("{} {value}: row {} of {rows}, {name}'s.", hash.label(), value % rows)
            }
            (Placed::RedisSlots(_), _) => {
                let slot = redis_slots::slot(key.as_bytes());
                format!("CRC-16 gives slot {slot} of 16,384: {name}'s.")
            }
            _ => format!("It belongs to {name}."),
        };
        column.words("picked/why", &why);
        let held = match self.holds(owner, self.keys.numbers[self.picked]) {
            Some(true) => format!("{name} holds it: the next read hits."),
            Some(false) => format!("{name} does not hold it: the next read misses."),
            None => format!("{name} is down."),
        };
        column.words("picked/held", &held);
    }

    /// What the change moved, by several schemes, beside the even share and what was guessed.
    pub(super) fn change(&self, column: &mut Column) {
        let keys = self.keys.len();
        let guess = self.subject.noted("guess").and_then(|it| it.parse::<usize>().ok());
        let Some(moves) = self.moves.as_ref() else { return self.ask(guess, column) };
        let verb = if moves.trial { "would move" } else { "moved" };
        let right = format!("{} of {keys}", moves.moved);
        column.caption("moves", [&format!("{}: keys that {verb}", moves.what), &right]);
        let share = |count: usize| count as f64 / keys.max(1) as f64;
        let own = self.layout.by.scheme;
        let schemes = match moves.schemes.is_empty() {
            true => vec![(own, moves.moved)],
            false => moves.schemes.clone(),
        };
        let names: Vec<_> = schemes.iter().map(|it| self.short(it.0)).collect();
        let bar = |(index, (scheme, count)): (usize, &(Scheme, usize))| {
            let is_own = *scheme == own;
            Bar {
                id: format!("moves/{}", scheme.id()),
                name: &names[index],
                part: share(*count),
                ghost: guess.filter(|_| is_own).map(share),
                figure: format!("{count:>2} · {:>2.0} %", share(*count) * 100.0),
                tone: if is_own { Tone::Link } else { Tone::Ink3 },
                label: format!("{}: {count} of {keys} keys {verb}", names[index]),
            }
        };
        let bars: Vec<_> = schemes.iter().enumerate().map(bar).collect();
        let even = format!("even share {:.0}", moves.even * keys as f64);
        column.bars(&bars, (moves.even > 0.0).then_some((moves.even, even.as_str())));
        column.words(
            "moves/between",
            &format!("Between nodes that stay: {} of {}.", moves.between, moves.moved),
        );
        if moves.moved > 0 && !self.params.moves() {
            column.words(
                "moves/copies",
                "Who owns a key changes, and nothing is copied: it misses once.",
            );
        }
        if let Some(guess) = guess {
            column.words("moves/guess", &format!("Your guess, dashed: {guess} of {keys}."));
        }
        column.space(8.0);
    }

    /// How many will move? The guess stays as a ghost of the bar.
    fn ask(&self, guess: Option<usize>, column: &mut Column) {
        let (nodes, keys) = (self.params.nodes as usize, self.keys.len());
        let Some(add) = self.set_out(nodes, false) else { return };
        let next = self.name(nodes);
        let words = format!("Add {next}: how many of {keys} keys move?");
        let value = guess.map_or("drag to guess".into(), |it| format!("{it}"));
        let spot = |it: usize| {
            let act = Act::Note("guess".into(), it.to_string()).to_string();
            (act, format!("{it} of {keys}"))
        };
        let spots = (0..=keys).map(spot).collect();
        column.slider("guess", [&words, &value], spots, guess);
        column.space(4.0);
        let mut chip = Chip::new("add", format!("Add {next}"));
        chip.label = Some(format!("Add {next} to the cluster, now"));
        chip.action = Some(add);
        column.chips("add", &[chip.styled(Tone::Ink, CellStyle::Strong)], 1);
        column.space(8.0);
    }

    /// How many times its even share of the requests the busiest node has had lately; none without
    /// requests.
    fn busiest(&self) -> Option<f64> {
        let offered = |it: usize| self.counts.get(it).map_or(0.0, |it| f64::from(it.offered));
        let asked = &self.layout.among;
        let total: f64 = asked.iter().map(|it| offered(*it)).sum();
        let load = |it: &usize| offered(*it) / total / self.layout.even(*it).max(1e-9);
        (total > 0.0).then(|| asked.iter().map(load).fold(0.0, f64::max))
    }

    /// Requests of each node, beside its share of the ring.
    pub(super) fn requests(&self, column: &mut Column) {
        let offered: Vec<u32> =
            (0..self.members()).map(|it| self.counts.get(it).map_or(0, |it| it.offered)).collect();
        let total: u32 = offered.iter().sum();
        let shown: Vec<usize> =
            (0..self.members()).filter(|it| !self.is_out(*it) || offered[*it] > 0).collect();
        let part = |of: usize| f64::from(offered[of]) / f64::from(total.max(1));
        let asked = &self.layout.among;
        let right = self.busiest().map_or(String::new(), |most| format!("max/mean {most:.2}"));
        column.caption("requests", [&format!("Requests per node, last {SECONDS} s"), &right]);
        let scale = shown.iter().map(|it| part(*it).max(self.shares[*it])).fold(1e-9, f64::max);
        let names: Vec<_> = shown.iter().map(|it| self.name(*it)).collect();
        let bar = |(index, ordinal): (usize, &usize)| {
            let name = &names[index];
            let up = self.is_up(*ordinal);
            let rate = f64::from(offered[*ordinal]) / SECONDS as f64;
            let (share, requests) = (self.shares[*ordinal], part(*ordinal));
            let counts = self.counts.get(*ordinal).map_or([0; 2], |it| it.counters);
            let hits = f64::from(counts[0]) / f64::from((counts[0] + counts[1]).max(1));
            Bar {
                id: format!("requests/{name}"),
                name,
                part: requests / scale,
                ghost: Some(share / scale),
                figure: if up { format!("{rate:.0}/s") } else { "down".into() },
                tone: if self.is_new(*ordinal) { Tone::Link } else { Tone::Ink3 },
                label: format!(
                    "{name}: {} of requests, {} of the {}; {} of its reads hit",
                    text::percent(requests),
                    text::percent(share),
                    self.layout.whole(),
                    text::percent(hits),
                ),
            }
        };
        let bars: Vec<_> = shown.iter().enumerate().map(bar).collect();
        let weighed = self.layout.by.nodes.iter().any(|it| it.weight > 1);
        let even = (!weighed).then_some((1.0 / asked.len().max(1) as f64 / scale, "mean"));
        column.bars(&bars, even);
        let of = self.layout.whole();
        // A name stays with its figure.
        let share = |it: &usize| {
            format!("{} {}", self.name(*it), text::percent(self.shares[*it])).replace(' ', "\u{a0}")
        };
        let shares = match shown.len() {
            ..=NAMED => format!(": {}", shown.iter().map(share).collect::<Vec<_>>().join(", ")),
            _ => String::new(),
        };
        column.words("requests/shares", &format!("Dashed: its share of the {of}{shares}."));
        let refused = rate(self.subject, REFUSED, SECONDS);
        if refused > 0.0 {
            let words = format!(
                "Refused for want of memory, last {SECONDS} s: {} (Redis, by noeviction: OOM).",
                text::rate(refused, ""),
            );
            column.words("requests/refused", &words);
        }
        if let Some(node) = self.node {
            self.node(node, column);
        }
        column.space(8.0);
    }

    /// What can be done to the picked node.
    fn node(&self, ordinal: usize, column: &mut Column) {
        let name = self.name(ordinal);
        column.space(4.0);
        let chip = |id: &str, words: String, action: Option<String>| {
            let action = action?;
            let mut chip = Chip::new(format!("node-act/{id}"), words);
            chip.action = Some(action);
            Some(chip)
        };
        let member = ordinal as u16;
        let up = self.is_up(ordinal);
        let (fault, words) = match up {
            true => (Act::Crash(member), format!("Kill {name}")),
            false => (Act::Restart(member), format!("Bring {name} back")),
        };
        let out = self.is_out(ordinal);
        let words_out = if out { format!("Put {name} in") } else { format!("Take {name} out") };
        let chips: Vec<_> = [
            chip("fault", words, Some(fault.to_string())),
            chip("out", words_out, self.set_out(ordinal, !out)),
        ]
        .into_iter()
        .flatten()
        .collect();
        column.chips("node-act", &chips, 2);
        if self.layout.by.scheme.weighs() {
            let weight = self.params.weights.of(ordinal);
            let spots = WEIGHTS
                .iter()
                .filter_map(|it| Some((self.set_weight(ordinal, *it)?, format!("weight {it}"))));
            let at = WEIGHTS.iter().position(|it| *it == weight);
            let words = format!("Weight of {name}");
            column.slider("weight", [&words, &weight.to_string()], spots.collect(), at);
        }
    }

    /// Scheme and virtual nodes.
    pub(super) fn settings(&self, column: &mut Column) {
        let own = self.layout.by.scheme;
        let schemes = Scheme::ALL.iter().filter(|it| it.is_by_hash());
        column.schemes("How keys find their node", own, schemes, 6);
        if !matches!(own, Scheme::Ring | Scheme::Bounded) {
            return;
        }
        column.space(8.0);
        let vnodes = self.layout.by.settings.vnodes;
        let spots = VNODES.iter().map(|it| {
            (Act::Set("vnodes".into(), it.to_string()).to_string(), format!("{it} a node"))
        });
        let at = VNODES.iter().position(|it| *it == vnodes);
        let value = format!("{vnodes} a node");
        column.slider(
            "vnodes",
            ["Points on the ring (virtual nodes)", &value],
            spots.collect(),
            at,
        );
        let chip = |few: &u32| {
            let mut chip = Chip::new(format!("vnodes/{few}"), format!("Try {few} points"));
            chip.label = Some(format!("{few} points a node, now: how uneven is it then?"));
            chip.action = Some(Act::Set("vnodes".into(), few.to_string()).to_string());
            chip
        };
        let chips: Vec<_> = FEW.iter().filter(|it| **it < vnodes).map(chip).collect();
        column.chips("vnodes/few", &chips, 1);
        let of = |it: &usize| (self.shares[*it] / self.layout.even(*it), *it);
        let shares = self.layout.among.iter().map(of);
        let most = shares.fold((0.0, 0), |one, it| if it.0 > one.0 { it } else { one });
        column.words("vnodes/shares", &format!("Share of the ring: max/mean {:.2}.", most.0));
        let points = self.layout.placed.points().map_or(0, |it| it.0.len());
        // The deviation of a share, of its mean, where points lie by chance (a beta distribution).
        let even = self.layout.even(most.1).max(1e-9);
        let usual = libm::sqrt((1.0 - even) / even / (points + 1) as f64);
        let mut words = format!(
            "{} is furthest above its even share: by {}; {} off is usual.",
            self.name(most.1),
            text::percent(most.0 - 1.0),
            text::percent(usual),
        );
        if let Some(busiest) = self.busiest() {
            words += &format!(" Requests, last {SECONDS} s: max/mean {busiest:.2}.");
        }
        column.words("vnodes/uneven", &words);
        if !self.is_chord() {
            let words = match points > arcs::DRAWN {
                true => format!("{} points, too many to draw.", text::count(points as u64)),
                false => format!("{points} points: the lines across the ring."),
            };
            column.words("vnodes/points", &words);
        }
    }

    /// A scheme in a word or two.
    pub(super) fn short(&self, scheme: Scheme) -> String {
        match scheme {
            Scheme::Ring => format!("Ring, {} points", self.layout.by.settings.vnodes),
            Scheme::Jump => "Jump".to_owned(),
            it => it.label().to_owned(),
        }
    }
}
