//! The inside of a sharded database: what the shards hold and have to do against what they can, where
//! in the key space requests land, how rows move when the map changes, and which shards a query asks.
//! Everything is drawn from the state at the cursor, so that it can be rewound.

use crate::base::text;
use crate::base::time::Nanos;
use crate::component::sharded_db::{Map, Row, ShardedDbParams, ShardedDbState};
use crate::component::{Membership, Spec, State};
use crate::engine::by_member::MemberCounts;
use crate::scene::Scene;
use crate::scene::layout::figures::Figure;
use crate::scene::layout::sheet::Sheet;

use super::column::Column;
use super::{Act, Subject, hits};

mod across;
mod attribute;
mod auto;
mod change;
mod decisions;
mod directory;
mod members;
mod panels;
mod partitions;
mod queries;
mod space;

/// From this width on there are two columns.
const WIDE: f32 = 600.0;
/// Whole seconds that requests are counted over.
const SECONDS: usize = 3;
/// A key with this part of its shard's requests is named.
const HOT: f64 = 0.1;

/// One shard.
struct Shard<'a> {
    name: String,
    /// What its primary remembers; also while it is down.
    state: Option<&'a ShardedDbState>,
    /// Whether it has a primary that is up.
    up: bool,
    /// Its members, and the ordinal of its primary.
    members: Vec<members::Member<'a>>,
    lead: u16,
    /// Requests that wait for a worker.
    waiting: u32,
    /// Requests and parts of queries a second, over the last whole seconds; those sent on left out.
    load: f64,
    /// Rows.
    held: u32,
    /// The key that came most often, and its part of the requests, if that is much.
    hot: Option<(u32, f64)>,
}

/// All that is drawn.
struct Shards<'a> {
    subject: &'a Subject<'a>,
    params: &'a ShardedDbParams,
    by: Membership,
    shards: Vec<Shard<'a>>,
    /// The directory, if there is one to ask.
    directory: Option<Shard<'a>>,
    /// Where rows belong, and where they did before the latest change; when that was.
    map: Map,
    before: Option<(Nanos, &'a ShardedDbParams, Map)>,
}

/// Draws it.
pub fn draw(subject: &Subject) -> Scene {
    let title = format!("Inside {}", subject.label);
    let component = &subject.world.blueprint().components[subject.component as usize];
    let Some(inside) = component.spec.as_ref().and_then(|it| Shards::new(subject, it)) else {
        return Sheet::new(subject.width, title, "Nothing is inside yet.").finish();
    };
    let mut sheet = Sheet::new(subject.width, title, inside.describe());
    inside.figures(&mut sheet);
    sheet.space(8.0);
    let (y, width) = (sheet.block(0.0).y, sheet.width());
    let wide = width >= WIDE;
    let left = if wide { (width - 24.0) * 0.52 } else { width };
    let marks = sheet.marks();
    let mut column = Column { marks, x: 0.0, y, width: left };
    inside.loads(&mut column);
    // Of one alone what lies in it says most.
    let alone = inside.shards.len() == 1;
    if alone {
        inside.partitions(&mut column);
    }
    inside.space(&mut column);
    inside.members(&mut column);
    inside.held(&mut column);
    inside.decisions(&mut column);
    let end = column.y;
    let mut column = match wide {
        true => Column { marks, x: left + 24.0, y, width: width - left - 24.0 },
        false => Column { marks, x: 0.0, y: end + 8.0, width },
    };
    inside.resharding(&mut column);
    inside.auto(&mut column);
    inside.directory(&mut column);
    inside.change(&mut column);
    inside.across(&mut column);
    inside.queries(&mut column);
    if !alone {
        inside.partitions(&mut column);
    }
    inside.attribute(&mut column);
    inside.schemes(&mut column);
    let end = column.y.max(end);
    sheet.block(end - y + 4.0);
    sheet.finish()
}

fn params(spec: &Spec) -> Option<&ShardedDbParams> {
    match spec {
        Spec::ShardedDb(it) => Some(it),
        _ => None,
    }
}

/// What the only shard counted in the last whole seconds: all that the database did.
fn alone(subject: &Subject) -> MemberCounts {
    let windows = hits::seconds(subject);
    let lately = &windows[windows.len().saturating_sub(SECONDS)..];
    let count = |of: u8| lately.iter().map(|it| hits::counter(it, of) as u32).sum();
    let offered = lately.iter().map(|it| it.offered).sum();
    MemberCounts { offered, counters: [count(0), count(1)] }
}

impl<'a> Shards<'a> {
    /// Who has a row, and the row; nobody while it is on its way.
    ///
    /// Every shard knows whose each row is, as far as it has heard: the first is asked, and only if it knows
    /// no better are all.
    fn row(&self, key: u32) -> Option<(usize, &'a Row)> {
        let at = |it: usize| {
            let row = self.shards.get(it)?.state?.rows.get(key.into())?;
            (usize::from(row.owner) == it).then_some((it, row))
        };
        let known = self.shards.iter().find_map(|it| it.state?.rows.get(key.into()));
        let known = known.and_then(|it| at(it.owner.into()));
        known.or_else(|| (0..self.shards.len()).find_map(at))
    }

    fn new(subject: &'a Subject<'a>, spec: &'a Spec) -> Option<Self> {
        let (params_now, by) = (params(spec)?, spec.membership()?);
        let record = subject.record();
        let component = &subject.world.blueprint().components[subject.component as usize];
        let counts = match component.members.len() {
            1 => vec![alone(subject)],
            _ => record.map(|it| it.by_member.until(subject.now(), SECONDS)).unwrap_or_default(),
        };
        let member = |(state, up): (Option<&'a State>, bool)| match state {
            Some(State::ShardedDb(it)) => (Some(it as &ShardedDbState), up),
            _ => (None, up),
        };
        let all: Vec<(Option<&ShardedDbState>, bool)> =
            subject.members().into_iter().map(member).collect();
        let copies = usize::from(params_now.copies());
        let load = |ordinal: usize| {
            let MemberCounts { offered, counters } =
                counts.get(ordinal).copied().unwrap_or_default();
            (offered + counters[0]).saturating_sub(counters[1])
        };
        let waits = |it: &usize| subject.world.member(component.members[*it]).desk.waiting_count;
        let shard = |(at, members): (usize, &[(Option<&'a ShardedDbState>, bool)])| {
            let own = at * copies..at * copies + members.len();
            // The primary of the latest term; if there is none, whoever has most.
            let standing = |it: &usize| {
                let (state, up) = all[*it];
                let group = state.and_then(|it| it.group.as_deref());
                (up && state.is_some_and(ShardedDbState::leads), group.map(|it| it.log))
            };
            let lead = own.clone().rev().max_by_key(standing).unwrap_or(own.start);
            let (state, _) = all[lead];
            let hot = state.and_then(|it| it.hottest(subject.now()));
            let hot = hot.map(|(key, count, of)| (key, f64::from(count) / f64::from(of.max(1))));
            let member = |(ordinal, it): (usize, &(Option<&'a ShardedDbState>, bool))| {
                let group = it.0.and_then(|it| it.group.as_deref());
                members::Member { ordinal: ordinal as u16, group, up: it.1 }
            };
            Shard {
                name: text::letter(at as u16),
                state,
                up: standing(&lead).0,
                members: own.clone().zip(members).map(member).collect(),
                lead: lead as u16,
                waiting: own.clone().map(|it| waits(&it)).sum(),
                load: f64::from(own.map(load).sum::<u32>()) / SECONDS as f64,
                held: state.map_or(0, |it| it.held),
                hot: hot.filter(|it| it.1 >= HOT),
            }
        };
        let mut shards: Vec<_> = all.chunks(copies).enumerate().map(shard).collect();
        let directory = params_now.directory_at().and_then(|_| shards.pop());
        let before = subject.earlier.iter().filter_map(|it| Some((it.0, params(it.1)?, it.1)));
        let before = before.into_iter().find(|it| it.2.membership().as_ref() != Some(&by));
        let before = before.map(|(at, params, _)| (at, params, Map::of(params)));
        let auto = shards.first().and_then(|it| it.state?.auto.as_deref());
        let map =
            auto.map_or_else(|| Map::of(params_now), |it| Map::of_pieces(params_now, &it.pieces));
        Some(Self { subject, params: params_now, by, shards, directory, map, before })
    }

    /// Requests a second that all shards serve together.
    fn asked(&self) -> f64 {
        self.shards.iter().map(|it| it.load).sum()
    }

    /// Who has most to do.
    fn hottest(&self) -> Option<&Shard<'a>> {
        let busy = self.shards.iter().filter(|it| it.load > 0.0);
        busy.max_by(|one, other| one.load.total_cmp(&other.load))
    }

    /// How much could come in all before the busiest shard has more to do than it can, requests
    /// being dealt out as they are.
    fn usable(&self) -> Option<f64> {
        self.hottest().map(|it| self.params.capacity() * self.asked() / it.load)
    }

    fn key(&self, key: u32) -> String {
        format!("{}:{key}", self.subject.key_name)
    }

    fn name(&self, ordinal: usize) -> String {
        text::letter(ordinal as u16)
    }

    /// The act that sets a parameter.
    fn set(field: &str, value: String) -> String {
        Act::Set(field.into(), value).to_string()
    }

    fn describe(&self) -> String {
        let (asked, capacity) = (self.asked(), self.params.capacity());
        let mut words = format!(
            "{} by {}, {} requests a second each.",
            text::some(self.shards.len() as u64, "shard"),
            self.params.scheme.0.label().to_lowercase(),
            text::number(capacity),
        );
        if let Some(it) = self.hottest() {
            words += &format!(
                " {} has most to do: {} of {} a second, {}.",
                it.name,
                text::number(it.load),
                text::number(asked),
                text::percent(it.load / asked),
            );
        }
        let hot = self.shards.iter().filter_map(|it| Some((it, it.hot?)));
        for (shard, (key, share)) in hot {
            let (key, share) = (self.key(key), text::percent(share));
            words += &format!(" {key} is hot: {share} of {}'s requests.", shard.name);
        }
        let (left, total) = self.progress();
        if left > 0 {
            let (left, total) = (text::count(left), text::count(total));
            words += &format!(" Resharding: {left} of {total} rows have still to move.");
        }
        words
    }

    fn figures(&self, sheet: &mut Sheet) {
        let capacity = self.params.capacity();
        let up = self.shards.iter().filter(|it| it.up).count();
        let usable = self.usable().map_or("–".into(), text::number);
        let mut usable = Figure::new("usable", "Usable", usable, "/s");
        usable.help = Some(
            "What could come in all before the busiest shard has more to do than it can, with \
             requests dealt out as in the last seconds."
                .into(),
        );
        sheet.figures(
            "figures",
            &[
                Figure::new("installed", "Installed", text::number(capacity * up as f64), "/s"),
                usable,
                Figure::new("asked", "Asked, last 3 s", text::number(self.asked()), "/s"),
            ],
        );
    }
}
