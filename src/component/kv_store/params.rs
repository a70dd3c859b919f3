//! How a key–value store can be set.

use crate::algorithm::replication::quorum::majority;
use crate::base::time::Nanos;
use crate::base::unit::Share;
use crate::engine::network::Connecting;

crate::choices! {
    /// What it does when its members cannot all reach each other.
    pub enum WhenCut {
        /// A majority goes on; who is without one refuses.
        Consistent = "stays-consistent",
        /// Everybody goes on, with what they have.
        Available = "keeps-answering",
        /// By numbers of one's own.
        Quorums = "quorums",
        /// Everybody goes on, and nobody shows an effect before its causes.
        Causal = "causal",
    }
}

crate::choices! {
    /// What becomes of writes that did not know of each other.
    pub enum Conflicts {
        /// The one with the later clock stays.
        LastWriteWins = "last-write-wins",
        /// Both stay, until somebody writes over both.
        Siblings = "siblings",
        /// Both stay, until somebody reads both: the application unites them.
        Merge = "merge",
        /// The one with the earlier clock stays.
        FirstWriteWins = "first-write-wins",
        /// Both stay, until a person picks one.
        ByHand = "by-hand",
    }
}

const fn quorums(it: &KvStoreParams) -> bool {
    matches!(it.when_cut, WhenCut::Quorums)
}

const fn loose(it: &KvStoreParams) -> bool {
    !matches!(it.when_cut, WhenCut::Consistent)
}

const fn apart(it: &KvStoreParams) -> bool {
    !matches!(it.when_cut, WhenCut::Causal)
}

const fn spread(it: &KvStoreParams) -> bool {
    loose(it) && apart(it) && it.copies > 0 && it.copies < it.members
}

const fn sloppy(it: &KvStoreParams) -> bool {
    spread(it) && it.sloppy
}

crate::params! {
    /// Parameters of a key–value store.
    pub struct KvStoreParams {
        /// Members.
        members: u32 = 3, in 1..=9, "members";
        /// Members that keep a copy of each key, its homes (N): the next so many clockwise from the key
        /// on a ring. 0: all members keep all keys.
        copies: u32 = 0, in 0..=9, "members", when apart;
        /// The zones that the members stand in, by name, in their order and with commas between:
        /// `Mumbai, Delhi, Delhi`. Callers ask the nearest. Empty: all stand where this does.
        places: String = String::new();
        /// When members cannot reach each other, it stays consistent (CP): who reaches a majority of a
        /// key's homes goes on, who does not refuses. Or it keeps answering (AP): one home is enough.
        /// Or it goes by quorums of your own. Or it keeps answering, and holds a write back until all
        /// that its client had seen before is there too (causal): all members keep all keys then, and
        /// each caller stays with one member.
        when_cut: WhenCut = WhenCut::Consistent;
        /// Copies that have to answer a read (R).
        read_quorum: u32 = 2, in 1..=9, "members", when quorums;
        /// Copies that have to take a write before it is acknowledged (W).
        write_quorum: u32 = 2, in 1..=9, "members", when quorums;
        /// Sloppy quorum: in place of a home that does not answer, the next member down the ring is
        /// asked and counts. It keeps what it takes with a hint whom that is for, and hands it over
        /// when that home answers again. W + R > N then does not make sure that a read meets the last
        /// write.
        sloppy: bool = false, when spread;
        /// How long a member waits for a home before it asks a stand-in; the silent one is passed over
        /// until it is heard from again.
        stand_in_after: Nanos = Nanos::millis(100),
            in Nanos::millis(1)..=Nanos::seconds(60), when sloppy;
        /// Of two writes that did not know of each other, either the one with the later time on its
        /// member's clock wins (last write wins), or both stay side by side (siblings) until one
        /// writes over them, or until one reads both and writes back what unites them (merge): a
        /// shopping cart, to which each write adds. Or the one with the earlier time wins (first write
        /// wins): who has the number first keeps it. Or both stay until a person picks one inside (by
        /// hand).
        conflicts: Conflicts = Conflicts::LastWriteWins, when loose;
        /// How long a member waits for enough others before it refuses.
        patience: Nanos = Nanos::millis(500), in Nanos::millis(1)..=Nanos::seconds(60);
        /// Hinted handoff: how often a member tries to bring writes to the homes that have not confirmed
        /// them; 0s for never.
        handoff: Nanos = Nanos::millis(500), in Nanos::ZERO..=Nanos::seconds(3_600);
        /// Whether reads bring what they found to members that answered with something older.
        read_repair: bool = true, when quorums;
        /// Anti-entropy: how often a member compares with another all that both keep, by hash trees
        /// (Merkle), and exchanges what differs: every 100 ms at most; 0s for never.
        anti_entropy: Nanos = Nanos::ZERO, in Nanos::ZERO..=Nanos::seconds(3_600);
        /// Mean time of one read or write at the member that is asked.
        work: Nanos = Nanos::millis(1), in Nanos::ZERO..=Nanos::seconds(60);
        /// Requests one member works at at once; waiting for others takes no place.
        workers: u32 = 16, in 1..=10_000, "workers";
        /// Mean time a message takes between members, one way, their zones' distance left out.
        mesh_latency: Nanos = Nanos::micros(500), in Nanos::ZERO..=Nanos::seconds(10);
        /// How much goes from one member to another: each message takes 100 bytes, each row or log
        /// entry in it 256 more, one message after the other. 0 for no limit.
        mesh_bandwidth: f64 = 0.0, in 0.0..=1_000_000.0, "Mbit/s";
        /// Messages between members that get lost and are sent again, after 200 ms or three round
        /// trips, then twice as long each time (TCP, RFC 6298); those behind them wait.
        mesh_loss: Share = Share(0.0);
        /// How a member connects to another before it first talks to that life of it: it is connected
        /// (open), by TCP (1 round trip), TLS 1.3 (2) or TLS 1.2 (3).
        mesh_connection: Connecting = Connecting::Open;
    }
}

impl KvStoreParams {
    /// How many members keep a copy of each key (N).
    pub fn homes(&self) -> u32 {
        if self.copies == 0 || self.is_causal() { self.members } else { self.copies.min(self.members) }
    }

    /// Whether writes wait for their causes.
    pub fn is_causal(&self) -> bool {
        !apart(self)
    }

    /// Whether others stand in for homes that do not answer.
    pub fn stands_in(&self) -> bool {
        sloppy(self)
    }

    /// How many copies have to take part in a read and in a write.
    pub fn quorum(&self) -> [u32; 2] {
        let n = self.homes();
        match self.when_cut {
            WhenCut::Consistent => [majority(n); 2],
            WhenCut::Available | WhenCut::Causal => [1; 2],
            WhenCut::Quorums => [self.read_quorum.min(n), self.write_quorum.min(n)],
        }
    }
}
