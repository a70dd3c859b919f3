//! Designs to begin with, besides the one that newcomers see.

use leptos::prelude::*;

use super::Keeper;
use crate::app::store::App;
use crate::session::kept::Kept;

/// A design that is there.
pub struct Ready {
    /// What people call it.
    pub name: &'static str,
    /// What there is to see in it.
    pub about: &'static str,
    /// Its file.
    text: &'static str,
}

/// All of them.
pub const ALL: &[Ready] = &[
    Ready {
        name: "Product cache",
        about: "why caches hit: its size, a full scan, and the day it dies",
        text: include_str!("../../../static/designs/product-cache.json"),
    },
    Ready {
        name: "Cache cluster",
        about: "three caches share the keys: what moves when a fourth joins?",
        text: include_str!("../../../static/designs/cache-cluster.json"),
    },
    Ready {
        name: "Blog cache",
        about: "20 ms from the cache, 800 ms without it: and how long is a new post an old one?",
        text: include_str!("../../../static/designs/blog-cache.json"),
    },
    Ready {
        name: "Cache layers",
        about: "three caches in a row: misses multiply, and when one dies?",
        text: include_str!("../../../static/designs/cache-layers.json"),
    },
    Ready {
        name: "Three ways to write",
        about: "cache-aside, write-through, write-behind: who waits, and what does a crash lose?",
        text: include_str!("../../../static/designs/three-writes.json"),
    },
    Ready {
        name: "Out of memory",
        about: "10 MB are full: writes refused, or entries pushed out?",
        text: include_str!("../../../static/designs/out-of-memory.json"),
    },
    Ready {
        name: "Yesterday's hits",
        about: "readers want other stories all at once: who follows, LRU or LFU?",
        text: include_str!("../../../static/designs/yesterdays-hits.json"),
    },
    Ready {
        name: "Memory beside disk",
        about: "the same read from memory, SSD and disk: and when the power fails?",
        text: include_str!("../../../static/designs/memory-disk.json"),
    },
    Ready {
        name: "Browser cache",
        about: "an edited page: which version do browser, CDN and site have, and for how long?",
        text: include_str!("../../../static/designs/browser-cache.json"),
    },
    Ready {
        name: "Caches that disagree",
        about: "each server caches for itself: who still shows the old page, and until when?",
        text: include_str!("../../../static/designs/in-process-caches.json"),
    },
    Ready {
        name: "Leaderboard",
        about: "every score is written twice: what if the second write, or the board, is lost?",
        text: include_str!("../../../static/designs/leaderboard.json"),
    },
    Ready {
        name: "Redis cluster",
        about: "16,384 slots on three nodes: whose is a key, and what moves when one joins?",
        text: include_str!("../../../static/designs/redis-cluster.json"),
    },
    Ready {
        name: "Sessions in Redis",
        about: "three sentinels watch a primary: it dies, who takes over, and what is lost?",
        text: include_str!("../../../static/designs/redis-sentinel.json"),
    },
    Ready {
        name: "From modulo to ring",
        about: "four caches are too few: move to the ring first, or add a fifth at once?",
        text: include_str!("../../../static/designs/modulo-to-ring.json"),
    },
    Ready {
        name: "Ring with a bad hash",
        about: "three caches on a ring, and every key goes to one: why, and what helps?",
        text: include_str!("../../../static/designs/ring-sample.json"),
    },
    Ready {
        name: "Mumbai–Delhi cut",
        about: "one value in three places: who may answer when the network is cut?",
        text: include_str!("../../../static/designs/mumbai-delhi.json"),
    },
    Ready {
        name: "Leaderless store",
        about: "three copies and no leader: how many must answer, so that nobody reads old prices?",
        text: include_str!("../../../static/designs/leaderless.json"),
    },
    Ready {
        name: "Shopping cart",
        about: "phone and laptop fill one cart at the same time: is anything lost?",
        text: include_str!("../../../static/designs/shopping-cart.json"),
    },
    Ready {
        name: "Group chat",
        about: "question and reply, and a reader far away: which of them comes first?",
        text: include_str!("../../../static/designs/group-chat.json"),
    },
    Ready {
        name: "Two primaries",
        about: "North and South both give out id 101: who keeps it?",
        text: include_str!("../../../static/designs/two-primaries.json"),
    },
    Ready {
        name: "Users, sharded",
        about: "three databases share the users: which of them gives in first?",
        text: include_str!("../../../static/designs/users-sharded.json"),
    },
    Ready {
        name: "Orders by month",
        about: "one table in twelve partitions: who has to know, what is read, what is not won?",
        text: include_str!("../../../static/designs/table-partitions.json"),
    },
    Ready {
        name: "Regional shards",
        about: "a festival in the south: which shard feels it, and what do the others do?",
        text: include_str!("../../../static/designs/regional-shards.json"),
    },
    Ready {
        name: "Scaling ladder",
        about: "load climbs: index, cache, bigger machine, replicas, shards: what helps when?",
        text: include_str!("../../../static/designs/scaling-ladder.json"),
    },
    Ready {
        name: "Divide and combine",
        about: "one job on five machines: who waits for whom if its pieces are uneven?",
        text: include_str!("../../../static/designs/divide-combine.json"),
    },
    Ready {
        name: "Shuffle",
        about: "all to all: what does one common word do to the reducers?",
        text: include_str!("../../../static/designs/shuffle.json"),
    },
    Ready {
        name: "News site",
        about: "a primary and two replicas: who reads old stories, and what is lost when it dies?",
        text: include_str!("../../../static/designs/news-site.json"),
    },
    Ready {
        name: "Shared folder",
        about: "a file goes from copy to copy: who opens an old one, and what if copies are offline?",
        text: include_str!("../../../static/designs/shared-folder.json"),
    },
    Ready {
        name: "Bank transfer",
        about: "a standby that has every transfer: the primary dies, and no money is lost",
        text: include_str!("../../../static/designs/bank-transfer.json"),
    },
    Ready {
        name: "Available database",
        about: "one primary, three replicas: who notices that it died, and how long does it take?",
        text: include_str!("../../../static/designs/available-database.json"),
    },
    Ready {
        name: "Standby race",
        about: "a hot, a warm and a cold standby: three equal crashes on one clock",
        text: include_str!("../../../static/designs/standby-race.json"),
    },
    Ready {
        name: "Active–active",
        about: "all instances work, or one works and one waits: what if one dies?",
        text: include_str!("../../../static/designs/active-active.json"),
    },
    Ready {
        name: "Multi-region site",
        about: "GeoDNS sends everybody to the nearest region: what if that region is lost?",
        text: include_str!("../../../static/designs/multi-region.json"),
    },
];

/// Opens one as it was made; what was open stays on the shelf.
pub fn open(app: App, keep: Keeper, it: &Ready) {
    let Ok((kept, _)) = Kept::read(it.text) else { return };
    super::leave(app, keep);
    app.look.set(Default::default());
    super::take(app, keep, kept, None);
}
