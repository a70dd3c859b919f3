//! What a router decides: for the latest requests, why the map sent them where it did; for queries, whom
//! it had to ask.

use crate::algorithm::placement::{Placed, Scheme, geographic};
use crate::base::text;
use crate::base::time::Nanos;
use crate::component::sharded_db::{Indexing, Lookup, Query, Sought};
use crate::scene::Font;
use crate::scene::layout::measure;

use super::super::column::Column;
use super::Shards;

/// Requests listed.
const LISTED: usize = 5;

/// A turn of the circle, of `at` among `2^bits` places.
fn round(at: u64, bits: u32) -> String {
    text::percent(libm::ldexp(at as f64, -(bits as i32)))
}

/// Names, with "and" before the last.
fn list(names: &[String]) -> String {
    match names {
        [] => "nobody".into(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

impl Shards<'_> {
    /// The latest requests and queries, a sentence each.
    pub(super) fn decisions(&self, column: &mut Column) {
        let mut latest: Vec<(Nanos, u32, usize)> = Vec::new();
        for (ordinal, shard) in self.shards.iter().enumerate() {
            let of = shard.state.iter().flat_map(|it| &it.latest);
            latest.extend(of.map(|(at, key)| (*at, *key, ordinal)));
        }
        latest.sort_unstable_by(|one, other| other.cmp(one));
        column.caption("routed", ["Latest requests: why they went where", "newest first"]);
        if latest.is_empty() {
            column.words("routed/none", "Nothing was asked for yet.");
        }
        let among = self.by.ordinals();
        let placed = self.by.place(&among).ok();
        let sentence = |(_, key, shard): &(Nanos, u32, usize)| {
            let why = self.why(*key, &among, placed.as_ref());
            let mut words = format!("{} {why}: shard {}", self.key(*key), self.name(*shard));
            let meant = usize::from(self.map.owner(*key));
            if meant != *shard {
                words +=
                    &format!(", where its row still is; by the map it is {}'s", self.name(meant));
            }
            format!("{words}.")
        };
        let sentences: Vec<_> = latest.iter().take(LISTED).map(sentence).collect();
        // As many lines each, so that what stands below keeps its place while they change.
        let lines = |it: &String| measure::wrap(it, Font::SMALL, column.width).len();
        let most = sentences.iter().map(lines).max().unwrap_or(0);
        for (index, words) in sentences.iter().enumerate() {
            let end = column.y + most as f32 * measure::line_height(Font::SMALL);
            column.words(&format!("routed/{index}"), words);
            column.y = end;
        }
        if let Some(it) = self.latest(|it| it.sought == Sought::Keys) {
            column.words("routed/range", &self.range_query(it));
        }
        if let Some(it) = self.latest(|it| it.sought != Sought::Keys) {
            column.words("routed/value", &self.value_query(it));
        }
        column.space(8.0);
    }

    /// Why a key is where the map says, to go before "shard B".
    fn why(&self, key: u32, among: &[usize], placed: Option<&Placed>) -> String {
        let mut text = String::new();
        self.by.write_key(key, &mut text);
        let hash = self.by.settings.hash;
        let value = hash.of(text.as_bytes());
        let point = placed.and_then(|it| {
            let ((points, bits), at) = (it.points()?, it.position(text.as_bytes())?);
            let next = points[points.partition_point(|it| it.at < at) % points.len()];
            Some((round(at, bits), round(next.at, bits)))
        });
        match self.params.scheme.0 {
            Scheme::Range => {
                let pieces = self.pieces();
                let next = pieces.partition_point(|it| it.0 <= key);
                let first = next.checked_sub(1).map_or(0, |it| pieces[it].0);
                let last = pieces.get(next).map_or(self.params.keys, |it| it.0).saturating_sub(1);
                let [first, last] = [first, last].map(|it| text::count(it.into()));
                format!("lies in {first} to {last}")
            }
            Scheme::Modulo => {
                let count = among.len().max(1) as u64;
                format!("has hash({text}) mod {count} = {}", value % count)
            }
            Scheme::Ring => {
                let (at, next) = point.unwrap_or_default();
                format!("has hash({text}) {at} of the way round the ring, next point at {next}")
            }
            Scheme::Rendezvous => {
                format!("has the highest of {} bids for hash({text})", among.len())
            }
            Scheme::Jump => {
                let to = placed.and_then(|it| it.find(text.as_bytes(), &[]).ok()).unwrap_or(0);
                format!(
                    "jumps with hash({text}) to place {to} of 0 to {}",
                    among.len().saturating_sub(1)
                )
            }
            Scheme::Directory => {
                let known = match self.params.lookup {
                    Lookup::Known => "known to callers",
                    Lookup::Each => "asked each time",
                    Lookup::Cached => "asked and remembered",
                };
                match self.by.settings.rows.iter().any(|it| it.0 == text) {
                    true => format!("has a row in the directory ({known})"),
                    false => format!("has no row in the directory ({known}), so its ring decides"),
                }
            }
            Scheme::List => {
                let group = text.split(':').next().unwrap_or_default();
                format!("belongs to the group {group}")
            }
            Scheme::Geographic => self.nearest(&text, among),
            _ => "goes by the map".into(),
        }
    }

    /// Where a place is nearest to.
    fn nearest(&self, place: &str, among: &[usize]) -> String {
        let site = |it: &usize| {
            let name = &self.by.nodes[*it].name;
            let row = self.by.settings.rows.iter().find(|it| it.0 == *name);
            row.and_then(|it| geographic::place(&it.1))
        };
        let here = geographic::place(place);
        let far = among.iter().filter_map(|it| Some(geographic::distance(here?, site(it)?)));
        let far = far.reduce(f64::min).unwrap_or_default();
        let far = text::count(libm::round(far) as u64);
        format!("belongs at {place} (latitude:longitude), {far} km from the nearest site")
    }

    /// Whom a query had to ask, in words.
    fn asked_of(&self, query: &Query) -> (String, bool) {
        let names: Vec<_> = query.shards.iter().map(|it| self.name(it.0.into())).collect();
        let all = names.len() == self.shards.len() && names.len() > 1;
        let words = match names.as_slice() {
            [only] => format!("asked {only} alone"),
            some if all => format!("asked all {}", some.len()),
            some => format!("asked {}", list(some)),
        };
        (words, all)
    }

    /// A query over neighbouring keys.
    fn range_query(&self, query: &Query) -> String {
        let (asked, all) = self.asked_of(query);
        let why = match (self.params.scheme.0, query.shards.len()) {
            (Scheme::Range, 1) => "the keys lie in its ranges",
            (Scheme::Range, _) => "the keys lie in ranges of theirs",
            (Scheme::List | Scheme::Geographic, _) if all => "neighbours belong to all groups",
            _ if all => "a hash scatters neighbours",
            _ => "only these have some of the keys",
        };
        format!("Query over {}: {asked}, {why}.", self.range(query.first, query.keys))
    }

    /// A query by another attribute.
    fn value_query(&self, query: &Query) -> String {
        let Sought::Value { value, how, index, .. } = query.sought else { return String::new() };
        let (asked, _) = self.asked_of(query);
        let what = format!("Query by {}", self.valued(value));
        match how {
            Indexing::None | Indexing::Local => {
                format!("{what}: {asked}, no shard key in the query.")
            }
            Indexing::Global => {
                let index = self.name(index.into());
                format!("{what}: the index at {index} knew the keys, so it {asked}.")
            }
        }
    }
}
