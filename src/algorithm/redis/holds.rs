//! What a store is used for: commands that requests run, so that no value grows without end.

use crate::base::draw::mix;

crate::choices! {
    /// What the values of a Redis are.
    pub enum Holds {
        /// `SET item:k`, `GET item:k`.
        Strings = "strings",
        /// `LPUSH queue:k`, `RPOP queue:k`: queues, first in, first out.
        Lists = "lists",
        /// `HSET user:k field value`, `HGETALL user:k`.
        Hashes = "hashes",
        /// `SADD tags:k`, `SMEMBERS tags:k`.
        Sets = "sets",
        /// `ZINCRBY board:k`, the ten best of `board:k`.
        SortedSets = "sorted sets",
        /// `SETBIT seen:k`, `BITCOUNT seen:k`.
        Bitmaps = "bitmaps",
        /// `PFADD visitors:k`, `PFCOUNT visitors:k`.
        Hyperloglogs = "hyperloglogs",
        /// `XADD log:k MAXLEN 32`, the ten newest of `log:k`.
        Streams = "streams",
        /// `GEOADD places:k`, those within 100 km of Sicily's middle.
        Geo = "geo",
    }
}

/// Members of a set, fields, players: as many names.
const NAMES: u64 = 24;

impl Holds {
    /// The key that a request's key means.
    pub fn key(self, key: u32) -> String {
        let prefix = match self {
            Self::Strings => "item",
            Self::Lists => "queue",
            Self::Hashes => "user",
            Self::Sets => "tags",
            Self::SortedSets => "board",
            Self::Bitmaps => "seen",
            Self::Hyperloglogs => "visitors",
            Self::Streams => "log",
            Self::Geo => "places",
        };
        format!("{prefix}:{key}")
    }

    /// What a request runs: bounded, whatever comes.
    pub fn command(self, write: bool, key: u32, draw: u64) -> String {
        let key = self.key(key);
        let below = |most: u64| draw % most;
        match (self, write) {
            (Self::Strings, true) => format!("SET {key} v{}", below(1_000_000)),
            (Self::Strings, false) => format!("GET {key}"),
            // Now and then what has waited longest is given up, lest queues grow without end.
            (Self::Lists, true) if draw.is_multiple_of(8) => format!("LTRIM {key} 0 31"),
            (Self::Lists, true) => format!("LPUSH {key} job{}", below(100_000)),
            // Who takes from a queue changes it.
            (Self::Lists, false) => format!("RPOP {key}"),
            (Self::Hashes, true) => {
                let fields = ["name", "mail", "city", "visits", "basket", "seen"];
                let field = fields[below(fields.len() as u64) as usize];
                format!("HSET {key} {field} {}", mix(draw) % 10_000)
            }
            (Self::Hashes, false) => format!("HGETALL {key}"),
            (Self::Sets, true) if draw.is_multiple_of(3) => {
                format!("SREM {key} tag{}", mix(draw) % NAMES)
            }
            (Self::Sets, true) => format!("SADD {key} tag{}", mix(draw) % NAMES),
            (Self::Sets, false) => format!("SMEMBERS {key}"),
            (Self::SortedSets, true) => {
                format!("ZINCRBY {key} {} player{}", 1 + below(9), mix(draw) % NAMES)
            }
            (Self::SortedSets, false) => format!("ZREVRANGE {key} 0 9 WITHSCORES"),
            (Self::Bitmaps, true) => format!("SETBIT {key} {} 1", below(512)),
            (Self::Bitmaps, false) => format!("BITCOUNT {key}"),
            (Self::Hyperloglogs, true) => format!("PFADD {key} visitor{}", below(1_000_000)),
            (Self::Hyperloglogs, false) => format!("PFCOUNT {key}"),
            (Self::Streams, true) => {
                format!("XADD {key} MAXLEN 32 * sensor {} value {}", below(4), mix(draw) % 100)
            }
            (Self::Streams, false) => format!("XREVRANGE {key} + - COUNT 10"),
            (Self::Geo, true) => {
                let (east, north) = (below(300), mix(draw) % 150);
                let name = mix(mix(draw)) % NAMES;
                let at = |it: u64| format!("{}.{:02}", it / 100, it % 100);
                format!("GEOADD {key} {} {} place{name}", at(1_250 + east), at(3_670 + north))
            }
            (Self::Geo, false) => {
                format!("GEOSEARCH {key} FROMLONLAT 14 37.5 BYRADIUS 100 km ASC COUNT 10")
            }
        }
    }
}
