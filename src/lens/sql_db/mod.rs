//! The inside of a database: its log as a strip for each member, what each has received and
//! applied, how far it is acknowledged, the entries on their way, and the reads that came too early;
//! who leads, how one primary was replaced by another, and which acknowledged writes that lost; and
//! what clients can rely on, judged from their operations on a sample of keys.

use crate::base::order::sort_few;
use crate::base::text;
use crate::base::time::Nanos;
use crate::component::sql_db::{
    self, Entry, Failover, Replication, SqlDbMessage, SqlDbParams, SqlDbState, Topology, failover,
    is_cold,
};
use crate::component::{Message, Spec, State};
use crate::engine::event::{Deed, Via};
use crate::engine::staleness::StaleRead;
use crate::engine::takeover::Ledger;
use crate::scene::layout::figures::Figure;
use crate::scene::layout::sheet::Sheet;
use crate::scene::{Scene, Tone};

use super::column::Column;
use super::mesh::Mesh;
use super::{Act, Subject, beside};

mod guarantees;
mod lag;
mod race;
mod reads;
mod silence;
mod strips;
mod takeover;
mod work;

/// Entries of the log that the strips show at least.
const ENTRIES_MIN: u64 = 24;
/// How far back stale reads are shown.
const STALE_FOR: Nanos = Nanos::seconds(10);

/// Entries of the log on their way to a member.
struct Flight {
    to: u32,
    first: u64,
    count: u64,
}

/// What all parts have in common.
struct Log<'a> {
    subject: &'a Subject<'a>,
    params: &'a SqlDbParams,
    members: Vec<(u32, &'a SqlDbState)>,
    /// Who leads, or has led last, by ordinal.
    lead: usize,
    primary: &'a SqlDbState,
    /// First and last position shown.
    span: [u64; 2],
    flights: Vec<Flight>,
    stale: Vec<StaleRead>,
    ledger: Option<&'a Ledger>,
}

/// Draws it.
pub fn draw(subject: &Subject) -> Scene {
    let title = format!("Inside {}", subject.label);
    let component = &subject.world.blueprint().components[subject.component as usize];
    let mut members: Vec<(u32, &SqlDbState)> = Vec::new();
    for (slot, (state, _)) in component.members.iter().zip(subject.members()) {
        if let Some(State::SqlDb(state)) = state {
            members.push((*slot, state));
        }
    }
    let term = members.iter().map(|it| it.1.term()).max().unwrap_or(0);
    let lead = usize::from(failover::leader_of(term)).min(members.len().saturating_sub(1));
    let (Some(Spec::SqlDb(params)), Some(primary)) = (&component.spec, members.get(lead)) else {
        return Sheet::new(subject.width, title, "Nothing is inside yet.").finish();
    };
    let primary = primary.1;
    let others = members.iter().enumerate().filter(|it| it.0 != lead).map(|it| it.1.1);
    // Who has not heard of the latest term does not follow.
    let follow = others.clone().filter(|it| it.term() == term);
    let slowest = follow.min_by_key(|it| it.applied).unwrap_or(primary);
    let end = others.map(|it| it.log.end()).fold(primary.log.end(), u64::max);
    let first =
        slowest.applied.min(primary.applied).saturating_sub(4).min(end.saturating_sub(ENTRIES_MIN));
    let span = [first, end.max(first + ENTRIES_MIN)];
    let (flights, stale) = (flights(subject), stale(subject));
    let ledger = subject.recorder.takeovers.of(subject.component);
    let log = Log { subject, params, members, lead, primary, span, flights, stale, ledger };
    let mut sheet = Sheet::new(subject.width, title, log.description(slowest));
    log.figures(slowest, &mut sheet);
    log.takeover(&mut sheet);
    Mesh::of(subject).parted(&mut sheet);
    log.strips(&mut sheet);
    log.acts(&mut sheet);
    log.race(&mut sheet);
    log.silences(&mut sheet);
    log.lag_question(&mut sheet);
    log.work(&mut sheet);
    Column::on(&mut sheet, |column| beside::draw(subject, column));
    log.lost_writes(&mut sheet);
    log.stale_reads(&mut sheet);
    log.reads_at(&mut sheet);
    log.stale_share(&mut sheet);
    log.guarantees(&mut sheet);
    sheet.space(2.0);
    sheet.finish()
}

/// So many entries, in words.
fn entries_of(count: u64) -> String {
    match count {
        1 => "1 entry".into(),
        count => format!("{} entries", text::count(count)),
    }
}

/// Entries on their way, by receiver and position.
fn flights(subject: &Subject) -> Vec<Flight> {
    let component = &subject.world.blueprint().components[subject.component as usize];
    let on_its_way = |(_, event): (Nanos, &crate::engine::event::Event<_>)| {
        let own = component.members.contains(&event.to.slot);
        match (&event.deed, event.via) {
            (
                Deed::Message(_, Message::SqlDb(SqlDbMessage::Append(_, first, entries))),
                Via::Mesh(_),
            ) if own && !entries.is_empty() => {
                Some(Flight { to: event.to.slot, first: *first, count: entries.len() as u64 })
            }
            _ => None,
        }
    };
    let mut flights: Vec<_> = subject.world.in_flight().filter_map(on_its_way).collect();
    sort_few(&mut flights, |a, b| (a.to, a.first) < (b.to, b.first));
    flights
}

/// Stale reads at this database in the last moments before the cursor, the newest first.
fn stale(subject: &Subject) -> Vec<StaleRead> {
    let now = subject.now();
    let recent = |it: &&StaleRead| it.read <= now && it.read >= now.saturating_sub(STALE_FOR);
    subject.recorder.staleness.latest(subject.component).filter(recent).copied().collect()
}

impl Log<'_> {
    fn now(&self) -> Nanos {
        self.subject.now()
    }

    /// What a member is called.
    fn name(&self, ordinal: usize) -> String {
        self.subject.member_name(ordinal)
    }

    /// How far behind a member is: in entries, and in ns the age of the oldest that it has not applied.
    fn lag(&self, member: &SqlDbState) -> (u64, u64) {
        let (entries, age) = self.primary.lag_of(member, self.now());
        (entries, age.0)
    }

    /// Entries of the primary's log that have been acknowledged to who had asked.
    fn acknowledged(&self) -> u64 {
        self.primary.waiting.front().map_or(self.primary.log.end(), |it| it.position)
    }

    fn stale_count(&self) -> u64 {
        let (subject, now) = (self.subject, self.now());
        subject.recorder.staleness.within(subject.component, now, STALE_FOR)
    }

    /// Acknowledged writes that the latest primary does not have.
    fn lost(&self) -> usize {
        self.ledger.map_or(0, |it| it.lost(self.now()).count())
    }

    /// Who takes writes, by ordinal.
    fn leading(&self) -> Vec<usize> {
        let leads =
            |it: &(usize, &(u32, &SqlDbState))| it.1.1.primary && self.subject.world.is_up(it.1.0);
        self.members.iter().enumerate().filter(leads).map(|it| it.0).collect()
    }

    fn description(&self, slowest: &SqlDbState) -> String {
        let (entries, behind) = self.lag(slowest);
        let slowest = match entries {
            0 => "all are level".to_owned(),
            _ => {
                let behind = text::duration(behind as f64);
                format!("the slowest is {} and {behind} behind", entries_of(entries))
            }
        };
        let mut words = format!(
            "{} entries in the log, {} replication to {} replicas; {slowest}; {} stale reads \
             in the last 10 s.",
            text::count(self.primary.log.end()),
            self.params.replication.word(),
            self.members.len() - 1,
            self.stale_count(),
        );
        if self.params.failover != Failover::None {
            let names: Vec<_> = self.leading().into_iter().map(|it| self.name(it)).collect();
            let lead = match names.as_slice() {
                [] => "Nobody takes writes".into(),
                [one] => format!("{one} takes writes"),
                all => format!("Split brain: {} take writes", all.join(" and ")),
            };
            let lost = text::count(self.lost() as u64);
            words += &format!(" {lead}; {lost} acknowledged writes lost.");
        }
        words
    }

    fn figures(&self, slowest: &SqlDbState, sheet: &mut Sheet) {
        let (entries, behind) = self.lag(slowest);
        let (lag, unit) = text::duration_parts(behind as f64);
        let mut stale = Figure::new("stale", "Stale, 10 s", text::count(self.stale_count()), "");
        if self.stale_count() > 0 {
            stale.tone = Tone::Stale;
        }
        let mut figures = vec![
            Figure::new("lag", "Slowest lags", lag, unit),
            Figure::new("entries", "Entries behind", text::count(entries), ""),
            stale,
        ];
        if self.params.replication != Replication::Async {
            let waiting = text::count(self.primary.waiting.len() as u64);
            figures.push(Figure::new("waiting", "Writes waiting", waiting, ""));
        }
        if self.params.failover != Failover::None {
            let lost = self.lost();
            let mut figure = Figure::new("lost", "Lost writes", text::count(lost as u64), "");
            if lost > 0 {
                figure.tone = Tone::Fail;
            }
            figures.push(figure);
        }
        sheet.figures("figures", &figures);
        sheet.space(4.0);
        let first = sql_db::first(self.primary, self.params, self.now());
        let waited = (0..self.members.len()).filter(|it| first >> it & 1 == 1);
        let waited: Vec<_> = waited.map(|it| self.name(it)).collect();
        let how = match (self.params.replication, self.primary.alone) {
            (Replication::Async, _) => {
                "Async: a write is acknowledged by the primary alone.".into()
            }
            (Replication::SemiSync, true) => {
                "Semi-sync, but no replica answered in time: the primary goes on alone.".into()
            }
            _ if is_cold(self.params) => {
                "Standbys are off: a write is acknowledged by the primary alone.".into()
            }
            (how, false) if !waited.is_empty() => {
                let enough = (self.params.acks as usize).min(waited.len());
                let (how, done, of) = match how {
                    Replication::Sync => ("Sync", "applied", String::new()),
                    _ if enough == waited.len() => ("Semi-sync", "received", String::new()),
                    _ => ("Semi-sync", "received", format!("{enough} of ")),
                };
                let have = if waited.len() == 1 || of == "1 of " { "has" } else { "have" };
                let names = waited.join(", ");
                format!(
                    "{how}: acknowledged once {of}{names} {have} {done} it; the others follow \
                     asynchronously."
                )
            }
            (Replication::SemiSync, false) => {
                let replicas = match self.params.acks {
                    1 => "1 replica has".into(),
                    acks => format!("{acks} replicas have"),
                };
                format!("Semi-sync: acknowledged once {replicas} received it.")
            }
            (Replication::Sync, _) => {
                String::from("Sync: acknowledged once every replica has applied it.")
            }
        };
        sheet.words("how", &how);
        self.standby(sheet);
        if self.params.topology == Topology::Cascade {
            let words = match self.params.replication {
                Replication::Async => "Cascade: each replica hands the log on to the next (←).",
                _ => {
                    "Cascade: each replica hands the log on to the next (←); the primary hears of \
                     the first only, and waits for no other."
                }
            };
            sheet.words("cascade", words);
        }
        let legend = "Filled: applied. Framed: received. Diamond: on its way. Tick: acknowledged as \
                      far as here. Clock: the entry that a stale read missed.";
        sheet.words("legend", legend);
    }

    /// An entry of the log of who leads, from whoever has kept it: a primary forgets what all have
    /// received, a replica what it has applied.
    fn entry(&self, position: u64) -> Option<Entry> {
        let mut agreeing =
            self.members.iter().map(|it| it.1).filter(|it| position < self.agreed(it));
        let kept = self.primary.log.get(position);
        kept.or_else(|| agreeing.find_map(|it| it.log.get(position))).copied()
    }

    fn words(&self, entry: &Entry) -> String {
        format!("{} v{}", self.subject.key(entry.key), entry.version)
    }
}
