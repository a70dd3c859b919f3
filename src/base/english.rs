//! The one place where what the core has to say becomes English. The core says which sentence and
//! with what; nothing else of it formats words for people.

use serde::{Deserialize, Serialize};

use super::text;

/// What a sentence is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Argument {
    /// A name that people gave.
    Name(String),
    /// A duration in ns, not necessarily whole.
    Duration(f64),
    /// So many per second.
    Rate(f64),
    /// A part of a whole.
    Share(f64),
    /// A number of things.
    Count(u64),
    /// How many times as much.
    Factor(f64),
}

/// Which sentence. `{0}`, `{1}` … stand for the arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TextId {
    /// Somebody died.
    Killed,
    /// Somebody came back.
    Restarted,
    /// Somebody is slow.
    Slowed,
    /// Somebody is as fast as before.
    Unslowed,
    /// Some of somebody's requests are slow.
    Grayed,
    /// A clock shows a later time.
    Ahead,
    /// A clock shows an earlier time.
    Behind,
    /// A clock shows the time again.
    OnTime,
    /// A cache lost what it held.
    Flushed,
    /// A replica was promoted.
    Promoted,
    /// Somebody typed a command.
    Commanded,
    /// Messages get lost.
    Lossy,
    /// Messages take longer.
    Delayed,
    /// Messages get through as before.
    Untroubled,
    /// One message was taken away.
    MessageDropped,
    /// One message was held up.
    MessageDelayed,
    /// The next message is to be taken away.
    NextDropped,
    /// The next message is to be held up.
    NextDelayed,
    /// More traffic comes in.
    Spike,
    /// As much as before.
    SpikeOver,
    /// Many ask for one key.
    HotKey,
    /// No longer.
    HotKeyOver,
    /// A wire carries nothing.
    WireCut,
    /// It carries again.
    WireMended,
    /// Sides cannot reach each other; the cut by its name.
    Partitioned,
    /// Members of one component cannot reach others of it.
    Severed,
    /// They can again.
    Healed,
    /// Everything in a zone died.
    ZoneDown,
    /// Everything in a zone came back.
    ZoneUp,
    /// Parameters or wiring changed.
    Edited,
    /// One parameter changed.
    Set,
    /// Something is new.
    Added,
    /// Something is gone.
    Removed,
    /// Another seed.
    Reseeded,
    /// Reads answered from a cache.
    HitRatio,
    /// Calls reaching something.
    Offered,
    /// A client's slow requests.
    ClientP99,
    /// Failures a client sees.
    ClientFailures,
    /// A replica's distance.
    Lag,
    /// Requests waiting at something.
    Queue,
    /// Old values that were read.
    StaleReads,
    /// Nothing to tell.
    NothingChanged,
    /// Nothing can be told.
    TooSoon,
    /// The run was stopped: too much waits.
    TooManyWaiting,
    /// The run was stopped: too much happens at once.
    TooManyEvents,
    /// A request's stay at a member.
    BarJob,
    /// It waited for a worker.
    BarQueue,
    /// It was worked on.
    BarWork,
    /// The member's own act took its time.
    BarOwn,
    /// A pause before the next attempt.
    BarBackoff,
    /// It waited for a connection.
    BarConnection,
    /// The way there.
    BarForth,
    /// The way back.
    BarBack,
    /// A call, answered.
    BarCall,
    /// A call, answered with a failure or not at all.
    BarFailed,
    /// A call that lasts.
    BarWaits,
    /// A line of a chart: calls or requests coming in.
    LineOffered,
    /// Those that ended, well or not.
    LineThroughput,
    /// Those that ended well.
    LineGoodput,
    /// Half took no longer.
    LineP50,
    /// 95 % took no longer.
    LineP95,
    /// 99 % took no longer.
    LineP99,
    /// The part of the workers at work.
    LineBusy,
    /// The part at work for nobody.
    LineWasted,
    /// Writes that took effect once more.
    LineTwice,
    /// Failures of one cause, or a figure of a kind's own.
    LineNamed,
    /// No theory: no requests.
    NobodyCalls,
    /// No theory: arrivals are not independent at their source.
    NotPoisson,
    /// No theory: members are chosen otherwise than by chance.
    Turns,
    /// No theory: when requests are passed on depends on a line or on answers.
    Dependent,
    /// No theory: calls wait for a connection.
    WaitsToConnect,
    /// No theory: messages wait for each other.
    NarrowWire,
    /// No theory: somebody else is asked too.
    Hedges,
    /// No theory: failures come again.
    TriesAgain,
    /// No theory: the work is not its own.
    WaitsFor,
    /// No theory: what is done depends on more than the request.
    Depends,
    /// No theory: no work, so no line.
    NoWork,
    /// No theory: everybody is served at once.
    NoLine,
    /// No theory: no steady state.
    Overload,
    /// No theory: several workers, work that is not exponential.
    NoFormula,
    /// No theory: a line that ends.
    Bounded,
    /// No comparison: a fault is in force.
    NotHealthy,
    /// No comparison yet.
    TooShort,
    /// No comparison: some were not served.
    GivenUp,
}

impl TextId {
    fn template(self) -> &'static str {
        match self {
            Self::Killed => "{0} was killed",
            Self::Restarted => "{0} came back",
            Self::Slowed => "{0} became {1} slower",
            Self::Unslowed => "{0} is as fast as before",
            Self::Grayed => "{1} of the requests at {0} became {2} slower",
            Self::Ahead => "The clock of {0} went {1} ahead",
            Self::Behind => "The clock of {0} fell {1} behind",
            Self::OnTime => "The clock of {0} is right again",
            Self::Flushed => "{0} was emptied",
            Self::Promoted => "{0} was promoted",
            Self::Commanded => "{0} was told {1}",
            Self::Lossy => "{1} of the messages of {0} got lost and were sent again",
            Self::Delayed => "Messages of {0} took {1} longer",
            Self::Untroubled => "Messages of {0} get through as before",
            Self::MessageDropped => "One message was dropped",
            Self::MessageDelayed => "One message was held up by {0}",
            Self::NextDropped => "The next message of {0} was dropped",
            Self::NextDelayed => "The next message of {0} was held up by {1}",
            Self::Spike => "Traffic of {0} went to {1} its usual",
            Self::SpikeOver => "Traffic of {0} is as usual again",
            Self::HotKey => "{1} of what {0} ask for is key {2}",
            Self::HotKeyOver => "{0} ask for the usual keys again",
            Self::WireCut => "The wire from {0} to {1} was cut",
            Self::WireMended => "The wire from {0} to {1} carries again",
            Self::Partitioned => "The network was cut ({0})",
            Self::Severed => "{1} of {0} can no longer reach {2}",
            Self::Healed => "The network cut “{0}” was healed",
            Self::ZoneDown => "Everything in {0} went down",
            Self::ZoneUp => "Everything in {0} came back",
            Self::Edited => "{0} was changed",
            Self::Set => "{1} of {0} went from {2} to {3}",
            Self::Added => "{0} was added",
            Self::Removed => "{0} was deleted",
            Self::Reseeded => "From here on chance goes by seed {0}",
            Self::HitRatio => "hits in {0} are {2} instead of {1}",
            Self::Offered => "{0} gets {2} calls instead of {1}",
            Self::ClientP99 => "the slowest 1 % of {0} wait {2} instead of {1} (p99)",
            Self::ClientFailures => "failures for {0} are {2} instead of {1}",
            Self::Lag => "replicas of {0} are {2} behind instead of {1}",
            Self::Queue => "{2} requests wait at {0} instead of {1}",
            Self::StaleReads => "stale reads from {0} are {2} instead of {1}",
            Self::NothingChanged => "no figure is off by more than a quarter",
            Self::TooSoon => "something else was done too soon to tell what came of it",
            Self::TooManyWaiting => {
                "The run was stopped: {1} messages and timers wait at once, most of them for {0}. \
                 Lower its load, its retries or its fan-out, then restart"
            }
            Self::TooManyEvents => {
                "The run was stopped: more than {1} events in one simulated millisecond, most of \
                 them at {0}. Lower its load, its retries or its fan-out, then restart"
            }
            Self::BarJob => "at {0} for {1}",
            Self::BarQueue => "waited {1} for a free worker of {0}",
            Self::BarWork => "{0} worked on it for {1}",
            Self::BarOwn => "{0} took {1} until it could answer",
            Self::BarBackoff => "{0} waited {1} before the next attempt",
            Self::BarConnection => "{0} waited {1} for a free connection (pool)",
            Self::BarForth => "{1} on the way to {0}",
            Self::BarBack => "{1} on the way back from {0}",
            Self::BarCall => "the answer of {0} was there after {1}",
            Self::BarFailed => "the call to {0} failed after {1}: {2}",
            Self::BarWaits => "waiting for {0}, {1} so far",
            Self::LineOffered => "offered",
            Self::LineThroughput => "throughput (ended)",
            Self::LineGoodput => "goodput (ended well)",
            Self::LineP50 => "p50 (median)",
            Self::LineP95 => "p95",
            Self::LineP99 => "p99",
            Self::LineBusy => "at work (utilisation)",
            Self::LineWasted => "of that for callers who had left (wasted)",
            Self::LineTwice => "writes that took effect twice",
            Self::LineNamed => "{0}",
            Self::NobodyCalls => "no requests come, so there is nothing to predict",
            Self::NotPoisson => {
                "{0} does not send requests independently of each other (not Poisson)"
            }
            Self::Turns => {
                "{0} does not choose among the members by chance, so that what each gets is not \
                 Poisson; the rule “random” would"
            }
            Self::Dependent => {
                "when {0} passes requests on depends on its own line or on answers, so that they \
                 do not come independently of each other"
            }
            Self::WaitsToConnect => {
                "calls of {0} wait for a free connection (pool), so that when they come depends on \
                 answers"
            }
            Self::NarrowWire => {
                "messages of {0} wait for each other on the wire (bandwidth), so that they do not \
                 come independently of each other"
            }
            Self::Hedges => {
                "{0} asks another member when one is slow (hedged reads), so that arrivals depend \
                 on answers"
            }
            Self::TriesAgain => "{0} tries again what fails, so that arrivals depend on answers",
            Self::WaitsFor => "it waits for {0}, so that how long it serves is not its own",
            Self::Depends => "what it does depends on more than the request: on what it holds",
            Self::NoWork => "it does no work of its own, so that nobody waits for it",
            Self::NoLine => "it serves everybody at once, so that there is no line",
            Self::Overload => {
                "more comes than it can serve ({0} of its workers): the line never settles"
            }
            Self::NoFormula => {
                "it has {0} workers, and its work is not exponential: no closed form is known"
            }
            Self::Bounded => {
                "its line ends at {0} and is sometimes full, and its work is not exponential: no \
                 closed form is known"
            }
            Self::NotHealthy => "a member is down or slow, or a wire is cut",
            Self::TooShort => {
                "it has run undisturbed for {0} only; {1} are needed for a comparison"
            }
            Self::GivenUp => "{0} requests were not served to their end",
        }
    }
}

/// A sentence to be said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Text {
    /// Which.
    pub id: TextId,
    /// With what.
    pub arguments: Vec<Argument>,
}

impl Text {
    /// That sentence with these arguments.
    pub fn new(id: TextId, arguments: Vec<Argument>) -> Self {
        Self { id, arguments }
    }
}

fn word(argument: &Argument) -> String {
    let value = match argument {
        Argument::Name(it) => return it.clone(),
        Argument::Duration(it) => text::duration(*it),
        Argument::Rate(it) => format!("{}/s", text::number(*it)),
        Argument::Share(it) => text::percent(*it),
        Argument::Count(it) => text::count(*it),
        Argument::Factor(it) => format!("{}×", text::number(*it)),
    };
    // A number and its unit stay on one line.
    value.replace(' ', "\u{a0}")
}

/// One text, without a capital or a full stop of its own.
pub fn clause(text: &Text) -> String {
    let start = text.id.template().to_owned();
    text.arguments.iter().enumerate().fold(start, |sentence, (index, argument)| {
        sentence.replace(&format!("{{{index}}}"), &word(argument))
    })
}

/// What was done, and what followed: `A was killed: hits in A are 0\u{a0}% instead of 86.4\u{a0}%, …`.
pub fn sentence(clauses: &[Text]) -> String {
    let Some((first, rest)) = clauses.split_first() else { return String::new() };
    let rest: Vec<_> = rest.iter().map(clause).collect();
    if rest.is_empty() {
        return clause(first) + ".";
    }
    format!("{}: {}.", clause(first), rest.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn composes_what_happened() {
        let cache = || Argument::Name("Book cache".into());
        let story = [
            Text::new(TextId::Killed, vec![cache()]),
            Text::new(
                TextId::HitRatio,
                vec![cache(), Argument::Share(0.864), Argument::Share(0.0)],
            ),
            Text::new(
                TextId::ClientP99,
                vec![
                    Argument::Name("Readers".into()),
                    Argument::Duration(60e6),
                    Argument::Duration(480e6),
                ],
            ),
        ];
        let expected = "Book cache was killed: hits in Book cache are 0\u{a0}% instead of 86.4\u{a0}%, \
                        the slowest 1 % of Readers wait 480\u{a0}ms \
                        instead of 60.0\u{a0}ms (p99).";
        assert_eq!(sentence(&story), expected);
        assert_eq!(sentence(&story[..1]), "Book cache was killed.");
    }
}
