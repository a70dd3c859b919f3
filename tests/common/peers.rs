//! A key–value store without a leader, and who reads and writes there.

use ringside::base::time::Nanos;
use ringside::base::unit::Rate;
use ringside::component::client::{Class, ClientParams, Does, Popularity};
use ringside::component::kv_store::{KvStoreParams, KvStoreState};
use ringside::component::{Spec, State};
use ringside::document::{Design, WireParams};

use super::{MS, World, add, design, states, wire};

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
