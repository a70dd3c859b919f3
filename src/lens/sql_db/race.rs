//! Standbys beside each other: for how long each database of the design was without a primary at its latest
//! takeover, and how many machines are paid for that, month by month.

use crate::base::text;
use crate::base::time::Nanos;
use crate::component::sql_db::{Failover, Standby};
use crate::component::{Registry, Spec};
use crate::engine::Component;
use crate::engine::takeover::Takeover;
use crate::lens::Subject;
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
    machines: u64,
    /// Whether backups are kept too.
    backups: bool,
}

/// From when to when writes were out at a takeover, as far as it has come.
pub(super) fn outage(it: &Takeover, now: Nanos) -> (Nanos, Option<Nanos>) {
    let served = it.served.filter(|it| *it <= now);
    (it.down.or(it.silent).or(it.chosen).unwrap_or(now), served)
}

impl Runner {
    fn of((slot, it): (usize, &Component<Registry>), subject: &Subject) -> Option<Self> {
        let Some(Spec::SqlDb(params)) = &it.spec else { return None };
        if params.failover == Failover::None || it.members.len() < 2 {
            return None;
        }
        let now = subject.now();
        let ledger = subject.recorder.takeovers.of(slot as u32);
        let chosen = |it: &&Takeover| it.chosen.is_some_and(|at| at <= now);
        let latest = ledger.and_then(|it| it.takeovers.iter().rfind(chosen));
        let out = latest.map(|it| {
            let (from, served) = outage(it, now);
            (served.unwrap_or(now).saturating_sub(from), served.is_none())
        });
        let lost = ledger.map_or(0, |it| it.lost(now).count());
        // Who is off is not paid for, but its backups are.
        let backups = params.standby == Standby::Cold;
        let machines = if backups { 1 } else { it.members.len() as u64 };
        let name = (subject.name)(&it.id);
        Some(Self { id: it.id.to_string(), name, out, lost, machines, backups })
    }

    fn machines(&self) -> String {
        let machines = text::some(self.machines, "machine");
        if self.backups { format!("{machines} + backups") } else { machines }
    }

    /// How long it was without a primary, of the longest of all, and then what is paid for, of the most.
    fn bars(&self, longest: u64, most: u64) -> [Bar<'_>; 2] {
        let (span, lasts) = self.out.unwrap_or_default();
        let took = text::duration(span.0 as f64);
        let lost = text::count(self.lost as u64);
        let (figure, what) = match (self.out, lasts) {
            (None, _) => (String::from("no takeover yet"), String::from("no takeover yet")),
            (_, true) => (format!("{took} so far"), format!("no write for {took} so far")),
            (_, false) => (
                format!("{took}, {lost} lost"),
                format!("writes were out for {took}; {lost} acknowledged writes lost"),
            ),
        };
        let out = Bar {
            id: format!("race/out/{}", self.id),
            name: &self.name,
            part: span.0 as f64 / longest.max(1) as f64,
            ghost: None,
            figure,
            tone: if lasts { Tone::Fail } else { Tone::Control },
            label: format!("{}: {what}", self.name),
        };
        let paid = Bar {
            id: format!("race/paid/{}", self.id),
            name: "",
            part: self.machines as f64 / most.max(1) as f64,
            ghost: None,
            figure: self.machines(),
            tone: Tone::Ink3,
            label: format!("{}: {} paid for every month", self.name, self.machines()),
        };
        [out, paid]
    }
}

impl Log<'_> {
    /// All databases with standbys, on one clock; of one alone the words on standbys say enough.
    pub(super) fn race(&self, sheet: &mut Sheet) {
        let components = self.subject.world.blueprint().components.iter().enumerate();
        let runners: Vec<_> =
            components.filter_map(|it| Runner::of(it, self.subject)).take(SHOWN).collect();
        if self.params.failover == Failover::None || runners.len() < 2 {
            return;
        }
        let outages = runners.iter().filter_map(|it| it.out);
        let longest = outages.map(|it| it.0.0).max().unwrap_or(0);
        let most = runners.iter().map(|it| it.machines).max().unwrap_or(1);
        let bars: Vec<_> = runners.iter().flat_map(|it| it.bars(longest, most)).collect();
        sheet.space(8.0);
        sheet.caption("race", ["Standbys, side by side", "out for; paid every month"]);
        Column::on(sheet, |column| column.bars(&bars, None));
    }
}
