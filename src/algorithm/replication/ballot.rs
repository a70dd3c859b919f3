//! One leader a term, chosen by a majority: what a member knows of who leads, whom it has given its word to,
//! and, where logs are written under terms, where two of them part.
//!
//! Sources: Ongaro and Ousterhout, "In search of an understandable consensus algorithm", USENIX ATC 2014,
//! figure 2 (terms and votes); PostgreSQL's pg_rewind ("the last common ancestor in the timeline
//! histories").

use super::quorum::majority;

/// What a member knows of who leads. Term and vote survive a crash.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ballot {
    /// The latest term it knows of.
    pub term: u32,
    /// Whom it voted for in this term.
    pub voted_for: Option<u16>,
    /// Who leads in this term, as far as it knows.
    pub leader: Option<u16>,
    /// As long as it wants to lead in this term: who has voted for it.
    pub votes: Option<Vec<u16>>,
}

crate::stable! { Ballot { term, voted_for, leader, votes } }

impl Ballot {
    /// It has come back after a crash.
    pub fn recover(&mut self) {
        (self.leader, self.votes) = (None, None);
    }

    /// Whether it knows itself to lead.
    pub fn leads(&self, own: u16) -> bool {
        self.leader == Some(own)
    }

    /// Hears of a term; true if it is later than its own, which it follows from now on.
    pub fn hears_of(&mut self, term: u32) -> bool {
        let later = term > self.term;
        if later {
            *self = Self { term, ..Self::default() };
        }
        later
    }

    /// Follows who leads in its term.
    pub fn follow(&mut self, leader: u16) {
        (self.leader, self.votes) = (Some(leader), None);
    }

    /// Wants to lead, in the next term.
    pub fn stand(&mut self, own: u16) {
        *self = Self {
            term: self.term + 1,
            voted_for: Some(own),
            leader: None,
            votes: Some(vec![own]),
        };
    }

    /// Asked for its vote by somebody whose log goes at least as far as its own, or does not.
    pub fn grants(&mut self, term: u32, to: u16, as_far: bool) -> bool {
        let free = self.voted_for.is_none_or(|it| it == to);
        let grants = term == self.term && free && as_far;
        if grants {
            self.voted_for = Some(to);
        }
        grants
    }

    /// Somebody has voted for it in this term.
    pub fn has_vote(&mut self, term: u32, from: u16) {
        if let Some(votes) =
            self.votes.as_mut().filter(|it| term == self.term && !it.contains(&from))
        {
            votes.push(from);
        }
    }

    /// Leads from now on, if a majority of so many has voted for it.
    pub fn wins(&mut self, own: u16, members: usize) -> bool {
        let votes = self.votes.as_ref().map_or(0, Vec::len);
        let wins = self.votes.is_some() && votes >= majority(members as u32) as usize;
        if wins {
            self.follow(own);
        }
        wins
    }

    /// Votes of members that have been taken away do not count.
    pub fn shrink(&mut self, members: usize) {
        if let Some(votes) = &mut self.votes {
            votes.retain(|it| usize::from(*it) < members);
        }
    }
}

/// How far a majority is, of members that are so far each.
pub fn held_by_majority(mut far: Vec<u64>) -> u64 {
    crate::base::order::sort_few(&mut far, |a, b| a < b);
    far.get(far.len().saturating_sub(1) / 2).copied().unwrap_or(0)
}

/// Where two logs part, each given by the terms it was written under with the position at which each
/// began, and its length: as far as they were written under the same terms.
pub fn common(one: (&[(u32, u64)], u64), other: (&[(u32, u64)], u64)) -> u64 {
    let same = one.0.iter().zip(other.0).take_while(|it| it.0 == it.1).count();
    let until =
        |(lineage, end): (&[(u32, u64)], u64)| lineage.get(same).map_or(end, |it| it.1.min(end));
    if same == 0 { 0 } else { until(one).min(until(other)) }
}
