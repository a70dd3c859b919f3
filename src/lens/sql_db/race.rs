//! Standbys beside each other: for how long each database of the design was without a primary at its latest
//! takeover, and how many machines are paid for that, month by month.

use crate::base::text;
use crate::base::time::Nanos;
use crate::component::sql_db::{Failover, SqlDbParams, Standby};
use crate::component::{Spec, State};
use crate::engine::takeover::{Ledger, Takeover};
use crate::lens::column::{Bar, Column};
use crate::scene::Tone;
use crate::scene::layout::sheet::Sheet;

use super::Log;

/// Databases shown.
const SHOWN: usize = 6;

/// One database with standbys.
struct Runner {
    id: String,
    name: String,
    /// How long writes were out at its latest takeover, and whether they still are.
    out: Option<(Nanos, bool)>,
    /// Acknowledged writes lost.
    lost: usize,
    /// Machines that run, as long as nothing fails.
    machines: u32,
    /// Whether backups are kept too.
    backups: bool,
}

/// From when to when writes were out at a takeover, as far as it has come.
pub(super) fn outage(it: &Takeover, now: Nanos) -> (Nanos, Option<Nanos>) {
    let served = it.served.filter(|it| *it <= now);
    (it.down.or(it.silent).or(it.chosen).unwrap_or(now), served)
}

impl Runner {
    fn of(
        id: &str,
        name: String,
        params: &SqlDbParams,
        of: u32,
        ledger: Option<&Ledger>,
        now: Nanos,
    ) -> Self {
        let chosen = |it: &&Takeover| it.chosen.is_some_and(|at| at <= now);
        let latest = ledger.and_then(|it| it.takeovers.iter().rfind(chosen));
        let out = latest.map(|it| {
            let (from, served) = outage(it, now);
            (served.unwrap_or(now).saturating_sub(from), served.is_none())
        });
        let lost = ledger.map_or(0, |it| it.lost(now).count());
        // Who is off is not paid for, but its backups are.
        let cold = params.standby == Standby::Cold;
        let machines = if cold { 1 } else { of };
        Self { id: id.into(), name, out, lost, machines, backups: cold }
    }

    fn machines(&self) -> String {
        let machines = match self.machines {
            1 => String::from("1 machine"),
            many => format!("{many} machines"),
        };
        if self.backups { format!("{machines} + backups") } else { machines }
    }
}

impl Log<'_> {
    /// All databases with standbys, on one clock.
    pub(super) fn race(&self, sheet: &mut Sheet) {
        let (subject, now) = (self.subject, self.now());
        let components = &subject.world.blueprint().components;
        let runner = |(slot, it): (usize, &crate::engine::Component<_>)| {
            let Some(Spec::SqlDb(params)) = &it.spec else { return None };
            if params.failover == Failover::None || it.members.len() < 2 {
                return None;
            }
            let first = subject.world.member(*it.members.first()?).state.as_ref();
            let of = it.members.len() as u32;
            let ledger = subject.recorder.takeovers.of(slot as u32);
            let name = (subject.name)(&it.id);
            let runner = Runner::of(&it.id, name, params, of, ledger, now);
            matches!(first, Some(State::SqlDb(_))).then_some(runner)
        };
        let runners: Vec<Runner> =
            components.iter().enumerate().filter_map(runner).take(SHOWN).collect();
        // Of one alone the words on standbys say enough.
        if self.params.failover == Failover::None || runners.len() < 2 {
            return;
        }
        sheet.space(8.0);
        let outages = runners.iter().filter_map(|it| it.out);
        let longest = outages.map(|it| it.0.0).max().unwrap_or(0);
        let most = runners.iter().map(|it| it.machines).max().unwrap_or(1);
        let paid = |it: &Runner| Bar {
            id: format!("race/paid/{}", it.id),
            name: "",
            part: f64::from(it.machines) / f64::from(most),
            ghost: None,
            figure: it.machines(),
            tone: Tone::Ink3,
            label: format!("{}: {} paid for every month", it.name, it.machines()),
        };
        let down = |it: &Runner| {
            let (span, lasts) = it.out.unwrap_or_default();
            let took = text::duration(span.0 as f64);
            let lost = text::count(it.lost as u64);
            let figure = match (it.out, lasts) {
                (None, _) => String::from("no takeover yet"),
                (_, true) => format!("{took} so far"),
                (_, false) => format!("{took}, {lost} lost"),
            };
            let label =
                format!("{}: writes were out for {took}; {lost} acknowledged writes lost", it.name);
            let id = format!("race/out/{}", it.id);
            let part = span.0 as f64 / longest.max(1) as f64;
            let tone = if lasts { Tone::Fail } else { Tone::Control };
            Bar { id, name: "", part, ghost: None, figure, tone, label }
        };
        let title =
            if runners.len() > 1 { "Standbys, side by side" } else { "What the standby costs" };
        sheet.caption("race", [title, "without a primary; paid every month"]);
        let (y, width) = (sheet.block(0.0).y, sheet.width());
        let mut column = Column { marks: sheet.marks(), x: 0.0, y, width };
        let bars: Vec<Bar> = runners
            .iter()
            .flat_map(|it| [Bar { name: &it.name, ..down(it) }, Bar { name: "", ..paid(it) }])
            .collect();
        column.bars(&bars, None);
        let taken = column.y - y;
        sheet.block(taken);
    }
}
