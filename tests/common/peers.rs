//! A key–value store without a leader, and who reads and writes there.

use std::collections::BTreeSet;

use ringside::base::draw::mix;
use ringside::base::time::Nanos;
use ringside::base::unit::Rate;
use ringside::component::client::{Class, ClientParams, Does, Popularity};
use ringside::component::kv_store::{KvStoreParams, KvStoreState};
use ringside::component::{Spec, State};
use ringside::document::{Design, WireParams};
use ringside::engine::fault::{Fault, Ways};
use ringside::engine::{Note, Outcome, Verb};

use super::{Live, MS, World, add, design, slots, states, target, wire};

/// Two clients that read and write a few keys of a store, at every member in turn.
pub fn readers_and_writers(params: KvStoreParams, rate: f64, keys: u32) -> Design {
    let mut it = design();
    add(&mut it, "store", Spec::KvStore(params));
    for id in ["one", "two"] {
        let class = |name: &str, does| Class { name: name.into(), does, ..Class::default() };
        let classes = vec![class("read", Does::Read), class("write", Does::Write)];
        let (rate, popularity, zipf) = (Rate(rate), Popularity::Uniform, 0.0);
        let timeout = Nanos::seconds(1);
        let client =
            ClientParams { rate, classes, keys, popularity, zipf, timeout, ..Default::default() };
        add(&mut it, id, Spec::Client(client));
        wire(&mut it, id, "store", WireParams { latency: MS, ..WireParams::default() });
    }
    it
}

/// What its members hold.
pub fn holders(world: &World) -> Vec<&KvStoreState> {
    let states = states(world, "store").into_iter();
    states.filter_map(|it| if let State::KvStore(it) = it { Some(&**it) } else { None }).collect()
}

/// What a member holds of a key: its versions, in order.
pub fn held(state: &KvStoreState, key: u32) -> Vec<u32> {
    let row = state.rows.get(key.into());
    let mut it: Vec<_> = row.map_or(&[][..], |it| &it.copies).iter().map(|it| it.version).collect();
    it.sort_unstable();
    it
}

/// Writes that the store acknowledged: key and version.
pub fn acknowledged(live: &Live) -> BTreeSet<(u32, u32)> {
    let slots = slots(&live.world, "store");
    let of = |it: &(Nanos, u64, Note)| match it.2 {
        Note::Ended { member, request, outcome: Outcome::Ok, version, .. }
            if slots.contains(&member) && request.verb == Verb::Write =>
        {
            Some((request.key, version))
        }
        _ => None,
    };
    live.audit.notes.iter().filter_map(of).collect()
}

/// Clients ask for nothing more.
pub fn silence(live: &mut Live) {
    for client in ["one", "two"] {
        live.fault(Fault::Spike { target: target(client), factor: 0.0 });
    }
}

/// Six times in a row one of three members, by chance, is parted from the others, after 30 ms and up to `span_ms`
/// more. The last cut, `x`, stays.
pub fn part_by_turns(live: &mut Live, seed: u64, span_ms: u64) {
    for step in 0..6 {
        live.run_for(Nanos::millis(30 + mix(seed << 8 | step) % span_ms));
        let alone = mix(seed << 9 | step) % 3;
        let side = |with: bool| {
            let own = (0..3).filter(|it| (*it == alone) == with);
            own.map(|it| target(&format!("store/{it}"))).collect::<Vec<_>>()
        };
        let (one, other) = (side(true), side(false));
        live.fault(Fault::Partition { name: "x".into(), one, other, ways: Ways::Both });
    }
}
