//! The inside of a sharded database: what the shards hold and have to do against what they can, where
//! in the key space requests land, how rows move when the map changes, and which shards a query asks.
//! Everything is drawn from the state at the cursor, so that it can be rewound.

use crate::base::text;
use crate::base::time::Nanos;
use crate::component::sharded_db::{Map, ShardedDbParams, ShardedDbState};
use crate::component::{Membership, Spec, State};
use crate::engine::by_member::MemberCounts;
use crate::scene::Scene;
use crate::scene::layout::figures::Figure;
use crate::scene::layout::sheet::Sheet;

use super::column::Column;
use super::{Act, Subject};

mod change;
mod panels;
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
    /// What it remembers; also while it is down.
    state: Option<&'a ShardedDbState>,
    up: bool,
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
    spec: &'a Spec,
    by: Membership,
    shards: Vec<Shard<'a>>,
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
    inside.space(&mut column);
    inside.held(&mut column);
    inside.decisions(&mut column);
    let end = column.y;
    let mut column = match wide {
        true => Column { marks, x: left + 24.0, y, width: width - left - 24.0 },
        false => Column { marks, x: 0.0, y: end + 8.0, width },
    };
    inside.resharding(&mut column);
    inside.change(&mut column);
    inside.queries(&mut column);
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

impl<'a> Shards<'a> {
    fn new(subject: &'a Subject<'a>, spec: &'a Spec) -> Option<Self> {
        let (params_now, by) = (params(spec)?, spec.membership()?);
        let record = subject.record();
        let counts =
            record.map(|it| it.by_member.until(subject.now(), SECONDS)).unwrap_or_default();
        let component = &subject.world.blueprint().components[subject.component as usize];
        let shard = |(ordinal, (state, up)): (usize, (Option<&'a State>, bool))| {
            let state = match state {
                Some(State::ShardedDb(it)) => Some(&**it),
                _ => None,
            };
            let MemberCounts { offered, counters } =
                counts.get(ordinal).copied().unwrap_or_default();
            let load = (offered + counters[0]).saturating_sub(counters[1]);
            let hot = state.and_then(|it| it.hottest(subject.now()));
            let hot = hot.map(|(key, count, of)| (key, f64::from(count) / f64::from(of.max(1))));
            Shard {
                name: spec.member_name(ordinal as u16),
                state,
                up,
                waiting: subject.world.member(component.members[ordinal]).desk.waiting_count,
                load: f64::from(load) / SECONDS as f64,
                held: state.map_or(0, |it| it.held),
                hot: hot.filter(|it| it.1 >= HOT),
            }
        };
        let shards: Vec<_> = subject.members().into_iter().enumerate().map(shard).collect();
        let before = subject.earlier.iter().filter_map(|it| Some((it.0, params(it.1)?, it.1)));
        let before = before.into_iter().find(|it| it.2.membership().as_ref() != Some(&by));
        let before = before.map(|(at, params, _)| (at, params, Map::of(params)));
        let map = Map::of(params_now);
        Some(Self { subject, params: params_now, spec, by, shards, map, before })
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
        self.spec.member_name(ordinal as u16)
    }

    /// The act that sets a parameter.
    fn set(field: &str, value: String) -> String {
        Act::Set(field.into(), value).to_string()
    }

    fn describe(&self) -> String {
        let (asked, capacity) = (self.asked(), self.params.capacity());
        let mut words = format!(
            "{} shards by {}, {} requests a second each.",
            self.shards.len(),
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
