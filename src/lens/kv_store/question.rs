//! While the network is cut: who may answer? Guessed first, then seen. The guess stays.

use crate::base::time::Nanos;
use crate::engine::history::Operation;
use crate::lens::Act;
use crate::lens::history::line;
use crate::scene::layout::chips::Chip;
use crate::scene::layout::sheet::Sheet;
use crate::scene::{CellStyle, Glyph, Tone};

use super::Store;

/// Under which name the guess is noted.
const GUESS: &str = "who-answers";

/// One side of a cut, and what its members did for clients since.
struct Side {
    /// Names of its members.
    name: String,
    members: Vec<usize>,
    answered: usize,
    refused: usize,
}

impl Store<'_> {
    /// Members that are up, by who can reach whom both ways.
    fn sides(&self) -> Vec<Side> {
        let mut sides: Vec<Vec<usize>> = Vec::new();
        for member in (0..self.members.len()).filter(|it| self.is_up(*it)) {
            let both =
                |it: &usize| self.mesh.reaches(member, *it) && self.mesh.reaches(*it, member);
            match sides.iter_mut().find(|it| it.iter().all(&both)) {
                Some(side) => side.push(member),
                None => sides.push(vec![member]),
            }
        }
        let side = |members: Vec<usize>| {
            let names: Vec<_> = members.iter().map(|it| self.name(*it)).collect();
            Side { name: names.join(", "), members, answered: 0, refused: 0 }
        };
        sides.into_iter().map(side).collect()
    }

    /// When the network became as it is: the last thing that was done to the system.
    fn parted(&self) -> Nanos {
        let last = self.subject.recorder.disturbances.iter().rfind(|it| it.at <= self.now());
        last.map_or(Nanos::ZERO, |it| it.at)
    }

    /// The question, the guess and the answer.
    pub(super) fn who_may_answer(&self, sheet: &mut Sheet) {
        let mut sides = self.sides();
        if sides.len() < 2 {
            return;
        }
        let (since, now) = (self.parted(), self.now());
        let ended = |it: &&Operation| it.invoked >= since && it.ended.is_some_and(|it| it.1 <= now);
        for it in self.log.operations.iter().filter(ended) {
            let of =
                |side: &&mut Side| side.members.iter().any(|of| self.members[*of].0 == it.member);
            let Some(side) = sides.iter_mut().find(of) else { continue };
            match (it.ended.is_some_and(|it| it.0.is_failure()), it.reached) {
                (false, _) => side.answered += 1,
                (true, Some(_)) => side.refused += 1,
                (true, None) => {}
            }
        }
        let guess = self.subject.noted(GUESS);
        let known = sides.iter().all(|it| it.answered + it.refused > 0);
        let answer = answer(&sides);
        sheet.space(8.0);
        let right = if known { "seen" } else { "guess" };
        sheet.caption("who", ["Who may answer?", right]);
        let mut choices: Vec<(String, String)> = sides
            .iter()
            .map(|it| (format!("only {}", it.name), it.name.replace(' ', "")))
            .collect();
        let all = if sides.len() == 2 { "both sides" } else { "all sides" };
        choices.push((all.into(), "all".into()));
        choices.push(("nobody".into(), "nobody".into()));
        let chip = |(words, value): &(String, String)| {
            let own = guess.as_deref() == Some(value);
            let style = if own { CellStyle::Strong } else { CellStyle::Plain };
            let tone = match (known, own, *value == answer) {
                (true, _, true) => Tone::Hit,
                (true, true, false) => Tone::Fail,
                _ => Tone::Ink,
            };
            let mut chip = Chip::new(format!("who/{value}"), words).styled(tone, style);
            chip.label = Some(match own {
                true => format!("Your guess: {words}"),
                false => format!("Who may answer? {words}"),
            });
            chip.action = Some(Act::Note(GUESS.into(), value.clone()).to_string());
            chip
        };
        let chips: Vec<_> = choices.iter().map(chip).collect();
        sheet.chips("who", &chips, 3, chips.len());
        if !known {
            let words = match guess {
                Some(_) => "Play on to see.",
                None => "Guess before you play on.",
            };
            return sheet.words("who/hint", words);
        }
        let seen = sides.iter().map(|it| match (it.answered, it.refused) {
            (0, _) => format!("{} refused", it.name),
            (_, 0) => format!("{} answered", it.name),
            (answered, refused) => {
                format!("{} answered {answered} requests and refused {refused}", it.name)
            }
        });
        let seen: Vec<_> = seen.collect();
        let mut words = format!("Since the latest change: {}.", seen.join("; "));
        if let Some(guess) = guess {
            let told = choices.iter().find(|it| it.1 == guess).map_or(guess.as_str(), |it| &it.0);
            let verdict = if guess == answer { "right" } else { "not so" };
            words += &format!(" You guessed: {told}, {verdict}.");
        }
        line("who/answer", Tone::Ink3, Glyph::Ring, &words, None, sheet);
    }
}

/// The choice that says who has answered.
fn answer(sides: &[Side]) -> String {
    let answering: Vec<_> = sides.iter().filter(|it| it.answered > 0).collect();
    match answering.as_slice() {
        [] => "nobody".into(),
        [one] => one.name.replace(' ', ""),
        several if several.len() == sides.len() => "all".into(),
        _ => String::new(),
    }
}
