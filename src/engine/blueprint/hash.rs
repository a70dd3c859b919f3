//! What of a compiled design counts in the state hash: all of it.

use crate::base::stable::{StableHash, StableHasher};

use super::{Blueprint, Component, Kinds, Switch, Wire};

impl<K: Kinds> StableHash for Component<K> {
    fn stable_hash(&self, h: &mut StableHasher) {
        let Self { id, spec, members, station, programs, out, mesh, apart, .. } = self;
        let Self { addressing, switch, reserve, watchers, stream, .. } = self;
        id.stable_hash(h);
        spec.stable_hash(h);
        members.stable_hash(h);
        station.stable_hash(h);
        programs.stable_hash(h);
        out.stable_hash(h);
        mesh.latency.stable_hash(h);
        // What is seldom there is hashed only where it is.
        if mesh.bandwidth > 0.0 || mesh.loss > 0.0 {
            (mesh.bandwidth, mesh.loss).stable_hash(h);
        }
        // What is seldom there is hashed only where it is.
        apart.iter().for_each(|it| it.stable_hash(h));
        addressing.stable_hash(h);
        match switch {
            Switch::Members => {}
            Switch::Address => h.word(1),
            Switch::Name { ttl } => (2u8, *ttl).stable_hash(h),
            Switch::Session => h.word(4),
        }
        if *reserve > 0 {
            h.word((*reserve).into());
        }
        if *watchers > 0 {
            (3u8, *watchers).stable_hash(h);
        }
        h.word(stream.0);
    }
}

impl<K: Kinds> StableHash for Wire<K> {
    fn stable_hash(&self, h: &mut StableHasher) {
        let Self { id, from, to, alive, out_index, link, patience, picker, reads, .. } = self;
        let Self { weights, health, distance, apart, stream, path, policy, pool, .. } = self;
        id.stable_hash(h);
        (*from, *to).stable_hash(h);
        (*alive, *out_index).stable_hash(h);
        link.stable_hash(h);
        patience.stable_hash(h);
        picker.stable_hash(h);
        reads.stable_hash(h);
        weights.stable_hash(h);
        health.stable_hash(h);
        distance.stable_hash(h);
        // What is seldom there is hashed only where it is.
        apart.iter().for_each(|it| it.stable_hash(h));
        path.iter().for_each(|it| it.stable_hash(h));
        policy.iter().for_each(|it| it.stable_hash(h));
        pool.iter().for_each(|it| it.stable_hash(h));
        h.word(stream.0);
    }
}

impl<K: Kinds> StableHash for Blueprint<K> {
    fn stable_hash(&self, h: &mut StableHasher) {
        let Self { seed, components, wires, members, classes, priorities, .. } = self;
        let Self { script, zones, .. } = self;
        h.word(*seed);
        components.stable_hash(h);
        wires.stable_hash(h);
        for (component, ordinal) in members {
            (*component, u32::from(*ordinal)).stable_hash(h);
        }
        classes.stable_hash(h);
        priorities.stable_hash(h);
        script.stable_hash(h);
        zones.stable_hash(h);
    }
}
