//! The inside of a Redis with sentinels, in two views: how it is replicated, and what data types its keys are.
//!
//! The first shows each server with its role, its offset and its part of the stream;
//! what each sentinel believes, and writes into its log; how the last failover went, step by step; and the
//! acknowledged writes that it lost.

use crate::algorithm::replication::ballot::common;
use crate::base::text;
use crate::base::time::Nanos;
use crate::component::redis::{RedisParams, RedisState, Sentinel, Server, has_replicas};
use crate::component::{Spec, State};
use crate::engine::takeover::{Ledger, Written};
use crate::scene::layout::chips::Chip;
use crate::scene::layout::figures::Figure;
use crate::scene::layout::sheet::Sheet;
use crate::scene::{CellStyle, Scene, Tone};

use super::column::Column;
use super::mesh::Mesh;
use super::{Act, Subject, beside, phases};

mod failover;
mod sentinels;
mod strips;
mod structures;

/// Rows of lost writes.
const LOST_ROWS: usize = 12;

/// What all parts have in common.
struct Inside<'a> {
    subject: &'a Subject<'a>,
    params: &'a RedisParams,
    servers: Vec<(u32, &'a Server)>,
    sentinels: Vec<(u32, &'a Sentinel)>,
    /// The primary whose stream began last, or has been the last, by ordinal.
    lead: usize,
    ledger: Option<&'a Ledger>,
}

/// Draws it.
pub fn draw(subject: &Subject) -> Scene {
    let title = format!("Inside {}", subject.label);
    let component = &subject.world.blueprint().components[subject.component as usize];
    let (mut servers, mut sentinels) = (Vec::new(), Vec::new());
    for (slot, (state, _)) in component.members.iter().zip(subject.members()) {
        let Some(State::Redis(state)) = state else { continue };
        match state as &RedisState {
            RedisState::Server(it) => servers.push((*slot, it)),
            RedisState::Sentinel(it) => sentinels.push((*slot, it)),
        }
    }
    let Some(Spec::Redis(params)) = component.spec.as_ref().filter(|_| !servers.is_empty()) else {
        return Sheet::new(subject.width, title, "Nothing is inside yet.").finish();
    };
    let rank = |it: &(usize, &(u32, &Server))| (it.1.1.leads(), it.1.1.id(), it.1.1.offset());
    let lead = servers.iter().enumerate().max_by_key(rank).map_or(0, |it| it.0);
    let ledger = subject.recorder.takeovers.of(subject.component);
    let inside = Inside { subject, params, servers, sentinels, lead, ledger };
    let mut sheet = Sheet::new(subject.width, title, inside.description());
    inside.views(&mut sheet);
    if inside.shows_data() {
        inside.data(&mut sheet);
        inside.strips(&mut sheet);
        inside.acts(&mut sheet);
    } else {
        inside.figures(&mut sheet);
        inside.failover(&mut sheet);
        Mesh::of(subject).parted(&mut sheet);
        inside.strips(&mut sheet);
        inside.acts(&mut sheet);
        inside.believe(&mut sheet);
        inside.logs(&mut sheet);
        inside.lost_writes(&mut sheet);
        Column::on(&mut sheet, |column| beside::draw(subject, column));
    }
    sheet.space(2.0);
    sheet.finish()
}

impl<'a> Inside<'a> {
    fn now(&self) -> Nanos {
        self.subject.now()
    }

    /// What a member is called.
    fn name(&self, ordinal: u16) -> String {
        self.subject.member_name(ordinal.into())
    }

    fn is_up(&self, slot: u32) -> bool {
        self.subject.world.is_up(slot)
    }

    fn primary(&self) -> &'a Server {
        self.servers[self.lead].1
    }

    /// Who takes writes, by ordinal.
    fn leading(&self) -> Vec<u16> {
        let leads = |it: &&(u32, &Server)| it.1.leads() && self.is_up(it.0);
        self.servers.iter().filter(leads).map(|it| it.1.own).collect()
    }

    /// How far a server's data are a part of the primary's.
    fn agreed(&self, server: &Server) -> u64 {
        let lead = self.primary();
        common((&server.lineage, server.offset()), (&lead.lineage, lead.offset()))
    }

    /// Acknowledged writes that the latest primary does not have.
    fn lost(&self) -> usize {
        self.ledger.map_or(0, |it| it.lost(self.now()).count())
    }

    /// The slowest of those that follow the primary, or the primary if none does.
    fn slowest(&self) -> &'a Server {
        let lead = self.primary();
        let follow =
            self.servers.iter().filter(|it| it.1.follows == Some(lead.own) && self.is_up(it.0));
        follow.map(|it| it.1).min_by_key(|it| it.offset()).unwrap_or(lead)
    }

    fn description(&self) -> String {
        let names: Vec<_> = self.leading().into_iter().map(|it| self.name(it)).collect();
        let lead = match names.as_slice() {
            [] => "Nobody takes writes".into(),
            [one] => format!("{one} takes writes"),
            all => format!("Split brain: {} take writes", all.join(" and ")),
        };
        let (behind, age) = self.primary().lag_of(self.slowest(), self.now());
        let lag = match behind {
            0 => "all that follow are level".into(),
            1 => "the slowest is 1 command behind".into(),
            it => {
                let age = text::duration(age.0 as f64);
                format!("the slowest is {} commands and {age} behind", text::count(it))
            }
        };
        let down = self.sentinels.iter().filter(|it| self.is_up(it.0) && it.1.finds_down()).count();
        format!(
            "{lead}, {} commands in the stream; {lag}. {down} of {} sentinels find their primary down. {} \
             acknowledged writes lost.",
            text::count(self.primary().offset()),
            self.sentinels.len(),
            text::count(self.lost() as u64),
        )
    }

    fn figures(&self, sheet: &mut Sheet) {
        let lead = self.primary();
        let (behind, age) = lead.lag_of(self.slowest(), self.now());
        let (lag, unit) = text::duration_parts(age.0 as f64);
        let lost = self.lost();
        let mut gone = Figure::new("lost", "Lost writes", text::count(lost as u64), "");
        if lost > 0 {
            gone.tone = Tone::Fail;
        }
        let figures = [
            Figure::new("offset", "Offset", text::count(lead.offset()), ""),
            Figure::new("lag", "Slowest lags", lag, unit),
            Figure::new("behind", "Commands behind", text::count(behind), ""),
            gone,
        ];
        sheet.figures("figures", &figures);
        sheet.space(4.0);
        let names: Vec<_> = self.leading().into_iter().map(|it| self.name(it)).collect();
        match names.as_slice() {
            [] => phases::verdict("none", Tone::Fail, "No server takes writes.", sheet),
            [_] => {}
            all => {
                let words = format!("Split brain: {} take writes.", all.join(" and "));
                phases::verdict("split", Tone::Fail, &words, sheet);
            }
        }
        let short = self.leading().into_iter().filter(|it| {
            let server = self.servers.get(usize::from(*it)).map(|it| it.1);
            server.is_some_and(|it| !has_replicas(it, self.params, self.now()))
        });
        for server in short {
            let words = format!(
                "{} refuses writes (NOREPLICAS): fewer than {} replicas have been heard of in the last {}.",
                self.name(server),
                self.params.min_replicas_to_write,
                text::duration(self.params.min_replicas_max_lag.0 as f64),
            );
            phases::verdict(&format!("short/{server}"), Tone::Warn, &words, sheet);
        }
        let how = "A write is acknowledged once the primary has run it; replicas are sent the command, and \
                   waited for by nobody.";
        sheet.words("how", how);
    }

    /// What can be done to the members.
    fn acts(&self, sheet: &mut Sheet) {
        let servers = self.servers.iter().map(|it| (it.0, it.1.own));
        let all = servers.chain(self.sentinels.iter().map(|it| (it.0, it.1.own)));
        let chip = |(slot, own): (u32, u16)| {
            let (id, verb, act) = match self.is_up(slot) {
                true => ("kill", "Kill", Act::Crash(own)),
                false => ("back", "Bring back", Act::Restart(own)),
            };
            let mut chip =
                Chip::new(format!("act/{id}/{own}"), format!("{verb} {}", self.name(own)));
            chip.action = Some(act.to_string());
            chip
        };
        let chips: Vec<_> = all.map(chip).collect();
        sheet.space(4.0);
        sheet.chips("act", &chips, 6, chips.len());
    }

    /// The acknowledged writes that are gone, one by one.
    fn lost_writes(&self, sheet: &mut Sheet) {
        let Some(ledger) = self.ledger.filter(|it| it.term(self.now()) > 0) else { return };
        let lost: Vec<&Written> = ledger.lost(self.now()).collect();
        sheet.space(8.0);
        let count = text::count(lost.len() as u64);
        sheet.caption("lost", ["Acknowledged writes lost, oldest left", &count]);
        if lost.is_empty() {
            return sheet.words("lost/none", "None.");
        }
        let chip = |(index, it): (usize, &&Written)| {
            let words = format!("{} v{}", self.subject.key(it.key), it.version);
            let at = it.acknowledged.unwrap_or(it.committed);
            let mut chip = Chip::new(format!("lost/{index}"), &words);
            chip.label = Some(format!(
                "{words}, command {} of its stream, acknowledged at {}: lost",
                text::count(it.position + 1),
                self.subject.moment(at)
            ));
            chip.action = Some(Act::At(at.0).to_string());
            chip.styled(Tone::Fail, CellStyle::Struck)
        };
        let chips: Vec<_> = lost.iter().enumerate().map(chip).collect();
        sheet.chips("lost", &chips, LOST_ROWS, chips.len());
    }
}
