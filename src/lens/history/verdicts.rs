//! What clients can rely on: a choice of guarantees, whether the run keeps the one that is chosen, in one
//! plain sentence, and the operations that show that it does not, each a jump in time.

use crate::algorithm::consistency::Guarantee;
use crate::base::text;
use crate::base::time::Nanos;
use crate::engine::history::Operation;
use crate::lens::Act;
use crate::scene::layout::chips::Chip;
use crate::scene::layout::measure;
use crate::scene::layout::sheet::Sheet;
use crate::scene::{Anchor, CellStyle, Font, Glyph, Mark, Point, Shape, Tone};

use super::{Account, BOUND, BOUNDS, Broken, CHOSEN, Finding};

/// Operations listed.
const LISTED: usize = 8;

/// What a guarantee is called among others: short, and the field's own term.
fn term(guarantee: Guarantee) -> &'static str {
    match guarantee {
        Guarantee::Linearizable => "linearizable",
        Guarantee::Causal => "causal",
        Guarantee::CausalConvergence => "causal convergence",
        Guarantee::ReadYourWrites => "read your writes",
        Guarantee::MonotonicReads => "monotonic reads",
        Guarantee::MonotonicWrites => "monotonic writes",
        Guarantee::BoundedStaleness => "bounded staleness",
        Guarantee::Convergence => "eventual",
        Guarantee::NoLostWrites => "no write lost",
    }
}

/// Whether how long a write may take to be seen everywhere matters to it.
fn is_bounded(guarantee: Guarantee) -> bool {
    use Guarantee::{BoundedStaleness, Convergence, NoLostWrites};
    matches!(guarantee, BoundedStaleness | Convergence | NoLostWrites)
}

/// Draws it.
pub fn verdicts(it: &Account, sheet: &mut Sheet) {
    sheet.space(8.0);
    let count = text::some(it.judged.recorded.of.iter().flatten().count() as u64, "operation");
    let scope = match it.log.forgotten {
        0 => count,
        _ => format!("the last {count}"),
    };
    sheet.caption("verdict", ["What clients can rely on", &scope]);
    let account = it;
    let chip = |(guarantee, finding): &(Guarantee, Finding)| {
        let (tone, state) = match finding {
            Finding::Holds => (Tone::Hit, String::from("kept so far")),
            Finding::Open(_) => (Tone::Warn, String::from("cannot be told yet")),
            Finding::Broken(it) => {
                (Tone::Fail, format!("broken at {}", account.subject.moment(it.at)))
            }
        };
        let own = *guarantee == it.judged.chosen;
        let id = guarantee.id();
        let mut chip = Chip::new(format!("guarantee/{id}"), term(*guarantee))
            .styled(tone, if own { CellStyle::Strong } else { CellStyle::Plain });
        chip.label = Some(format!("{}: {state}. {}", guarantee.label(), guarantee.help()));
        chip.action = Some(Act::Note(CHOSEN.into(), id.into()).to_string());
        chip
    };
    let chips: Vec<_> = it.judged.findings.iter().map(chip).collect();
    sheet.chips("guarantee", &chips, chips.len(), chips.len());
    if is_bounded(it.judged.chosen) {
        bounds(it, sheet);
    }
    sheet.space(4.0);
    let broken = it.judged.broken();
    let sentence = it.sentence();
    for (index, line) in measure::wrap(&sentence, Font::BODY, sheet.width()).into_iter().enumerate()
    {
        let row = sheet.block(measure::line_height(Font::BODY));
        let tone = if broken.is_some() { Tone::Fail } else { Tone::Ink };
        let at = Point::new(0.0, row.y + 14.0);
        let id = format!("verdict/sentence/{index}");
        sheet.draw(Mark::text(id, at, line, Font::BODY).toned(tone));
    }
    sheet.space(4.0);
    if let Some(broken) = broken {
        shown_by(it, broken, sheet);
    }
}

/// The bounds to choose among.
fn bounds(it: &Account, sheet: &mut Sheet) {
    sheet.space(6.0);
    let own = it.judged.bound;
    let what = match it.judged.chosen {
        Guarantee::BoundedStaleness => "How old a value may be",
        _ => "How long until writes are everywhere",
    };
    sheet.caption("bound", [what, &span(own)]);
    let chip = |bound: &Nanos| {
        let style = if *bound == own { CellStyle::Strong } else { CellStyle::Plain };
        let mut chip =
            Chip::new(format!("bound/{}", bound.0), span(*bound)).styled(Tone::Ink, style);
        chip.label = Some(format!("{what}: {}", span(*bound)));
        chip.action = Some(Act::Note(BOUND.into(), bound.0.to_string()).to_string());
        chip
    };
    let chips: Vec<_> = BOUNDS.iter().map(chip).collect();
    sheet.chips("bound", &chips, 2, chips.len());
}

/// A round length of time.
fn span(it: Nanos) -> String {
    match it.0 % 1_000_000_000 {
        0 => format!("{} s", it.0 / 1_000_000_000),
        _ => format!("{} ms", it.0 / 1_000_000),
    }
}

/// When it was broken, and by which operations.
fn shown_by(it: &Account, broken: &Broken, sheet: &mut Sheet) {
    let label = it.judged.chosen.label();
    let words = format!("{label}: broken at {}", it.subject.moment(broken.at));
    line("verdict/at", Tone::Fail, Glyph::Cross, &words, Some(broken.at), sheet);
    for (index, of) in broken.operations.iter().take(LISTED).enumerate() {
        let operation = &it.log.operations[*of];
        let (tone, glyph) = match operation.writes {
            true => (Tone::Write, Glyph::Square),
            false => (Tone::Read, Glyph::Dot),
        };
        let at = ended(operation, it.subject.now());
        let id = format!("verdict/operation/{index}");
        let top = sheet.block(0.0).y;
        line(&id, tone, glyph, &format!("{}.", it.voice.told(operation)), Some(at), sheet);
        follow(&id, operation, top, it, sheet);
    }
    if broken.operations.len() > LISTED {
        let more = format!(
            "and {} more",
            text::some((broken.operations.len() - LISTED) as u64, "operation")
        );
        sheet.words("verdict/more", &more);
    }
}

/// What leads to the request of an operation, in the last line that is told of it.
fn follow(id: &str, operation: &Operation, top: f32, it: &Account, sheet: &mut Sheet) {
    let words = "Follow";
    let wide = measure::width(words, Font::SMALL);
    let told = format!("{}.", it.voice.told(operation));
    let lines = measure::wrap(&told, Font::SMALL, sheet.width() - 16.0);
    let last = lines.last().map_or(0.0, |it| measure::width(it, Font::SMALL));
    let mut y = top + 24.0 * lines.len() as f32 - 8.0;
    let mut x = 16.0 + last + 10.0;
    if x + wide > sheet.width() {
        let row = sheet.block(24.0);
        (x, y) = (16.0, row.y + 16.0);
    }
    let act = Act::Follow(operation.request, operation.invoked.0);
    let mark = Mark::text(format!("{id}/follow"), Point::new(x, y), words, Font::SMALL);
    let label = format!("Follow the request: {}", it.voice.told(operation));
    sheet.draw(mark.toned(Tone::Link).labelled(label).asking(act.to_string()));
}

/// When an operation had ended, as far as it had by a moment.
fn ended(it: &Operation, now: Nanos) -> Nanos {
    it.ended.filter(|it| it.1 <= now).map_or(it.invoked, |it| it.1)
}

/// A sign and words, which lead to a moment if one is given.
pub fn line(id: &str, tone: Tone, glyph: Glyph, words: &str, at: Option<Nanos>, sheet: &mut Sheet) {
    let lines = measure::wrap(words, Font::SMALL, sheet.width() - 16.0);
    for (index, line) in lines.into_iter().enumerate() {
        let row = sheet.block(if at.is_some() { 24.0 } else { 18.0 });
        let middle = row.y + row.height / 2.0;
        if index == 0 {
            let shape = Shape::Glyph { glyph, at: Point::new(5.0, middle), radius: Glyph::RADIUS };
            sheet.draw(Mark::new(format!("{id}#sign"), shape, tone).labelled(words));
        }
        let at_words = Point::new(16.0, middle + 4.0);
        let mut mark = Mark::text(format!("{id}#{index}"), at_words, line, Font::SMALL)
            .anchored(Anchor::Start)
            .toned(Tone::Ink2);
        if let (Some(at), 0) = (at, index) {
            let name = format!("{}. Go there", words.trim_end_matches('.'));
            mark = mark.toned(Tone::Link).labelled(name).asking(Act::At(at.0).to_string());
        }
        sheet.draw(mark);
    }
}

impl Account<'_> {
    /// What has been found of the guarantee that is asked about, the plain sentence first and the term
    /// after it.
    pub fn sentence(&self) -> String {
        let (chosen, bound) = (self.judged.chosen, span(self.judged.bound));
        let term = match chosen {
            Guarantee::BoundedStaleness => format!("{} of {bound}", term(chosen)),
            Guarantee::Convergence => String::from("eventual consistency"),
            _ => String::from(term(chosen)),
        };
        match self.judged.of(chosen) {
            Finding::Open(why) if why.is_empty() => {
                format!("Too much overlaps to tell ({term}).")
            }
            Finding::Open(why) => format!("Cannot be told yet: {why} ({term})."),
            Finding::Holds => format!("{} ({term}).", kept(chosen, &bound)),
            Finding::Broken(it) => {
                let not = if chosen == Guarantee::Linearizable { "not" } else { "not:" };
                let words = it.words.clone().unwrap_or_else(|| self.plain(chosen, it, &bound));
                format!("{words} ({not} {term}).")
            }
        }
    }

    fn value(&self, it: &Operation) -> String {
        self.voice.value(it).unwrap_or_else(|| String::from("something older"))
    }

    /// What has happened, in plain words.
    fn plain(&self, chosen: Guarantee, broken: &Broken, bound: &str) -> String {
        let known: Vec<&Operation> =
            broken.operations.iter().map(|it| &self.log.operations[*it]).collect();
        let now = self.subject.now();
        let reads = || known.iter().filter(|it| !it.writes);
        // The read that ended last completes what shows it.
        let last = reads().max_by_key(|it| ended(it, now));
        let client = |it: &Operation| self.voice.client(it.client);
        let before = |it: &Operation, read: &Operation| {
            it.request != read.request && it.key == read.key && ended(it, now) < read.invoked
        };
        let told = |it: &Operation| it.ended.is_some_and(|it| !it.0.is_failure());
        let finished = |read: &Operation| {
            let newer = |it: &&&Operation| it.writes && told(it) && it.value != read.value;
            known.iter().filter(newer).rfind(|it| before(it, read)).copied()
        };
        let own = |read: &Operation, writes: bool| {
            let same = |it: &&&Operation| {
                (it.client, it.writes) == (read.client, writes) && it.value != read.value
            };
            known.iter().filter(same).rfind(|it| before(it, read)).copied()
        };
        let Some(last) = last.copied() else {
            return String::from("What was acknowledged is gone");
        };
        match chosen {
            Guarantee::Linearizable if reads().any(|it| finished(it).is_some()) => {
                String::from("Read an old value after a finished write")
            }
            Guarantee::Linearizable if own(last, false).is_some() => {
                String::from("Read an old value after a newer one had been read")
            }
            Guarantee::Linearizable => {
                String::from("No order of these operations explains all answers")
            }
            Guarantee::Causal | Guarantee::CausalConvergence => {
                format!("{} saw an effect without its cause", client(last))
            }
            Guarantee::ReadYourWrites => match own(last, true) {
                Some(write) => format!(
                    "{} wrote {}, and then read {}",
                    client(last),
                    self.value(write),
                    self.value(last)
                ),
                None => format!("{} did not read what it had written", client(last)),
            },
            Guarantee::MonotonicReads => match own(last, false) {
                Some(read) => format!(
                    "{} read {}, and then {}, which is older",
                    client(last),
                    self.value(read),
                    self.value(last)
                ),
                None => format!("{} read something older than before", client(last)),
            },
            Guarantee::MonotonicWrites => {
                format!("{} saw the writes of one client out of their order", client(last))
            }
            Guarantee::BoundedStaleness => match finished(last) {
                Some(write) => {
                    let age = text::duration((last.invoked - ended(write, now)).0 as f64);
                    let (new, old) = (self.value(write), self.value(last));
                    format!("{} read {old} {age} after {new} had been acknowledged", client(last))
                }
                None => format!("{} read what was more than {bound} old", client(last)),
            },
            Guarantee::Convergence => {
                let mut values: Vec<_> = reads().map(|it| self.value(it)).collect();
                values.dedup();
                format!("At the end, not everybody reads the same: {}", values.join(" and "))
            }
            Guarantee::NoLostWrites => {
                let lost = known.iter().filter(|it| it.writes);
                let lost: Vec<_> = lost.map(|it| self.value(it)).collect();
                format!("Acknowledged, and gone: {}", lost.join(", "))
            }
        }
    }
}

/// What it means that a guarantee is kept so far.
fn kept(guarantee: Guarantee, bound: &str) -> String {
    match guarantee {
        Guarantee::Linearizable => "Every answer can be explained".into(),
        Guarantee::Causal | Guarantee::CausalConvergence => {
            "Nobody has seen an effect without its cause".into()
        }
        Guarantee::ReadYourWrites => "Every client has read what it had written itself".into(),
        Guarantee::MonotonicReads => "No client has read something older than before".into(),
        Guarantee::MonotonicWrites => {
            "Nobody has seen the writes of one client out of their order".into()
        }
        Guarantee::BoundedStaleness => {
            format!("No read has found what had been replaced for more than {bound}")
        }
        Guarantee::Convergence => "All is healed, and all hold and read the same".into(),
        Guarantee::NoLostWrites => "What was acknowledged is there, or was overwritten".into(),
    }
}
