//! The members of each shard: who leads, how far its replicas are behind, and what a replaced primary has
//! lost.

use crate::base::text;
use crate::component::Kind;
use crate::component::sharded_db::{Copying, Group, REPLICA_READ, ShardedDb};
use crate::scene::layout::chips::Chip;
use crate::scene::{CellStyle, Tone};

use super::super::Act;
use super::super::column::Column;
use super::Shards;

/// One member of a shard.
pub(super) struct Member<'a> {
    pub ordinal: u16,
    pub group: Option<&'a Group>,
    pub up: bool,
}

/// What a way of acknowledging writes is called, and what it means.
fn described(copying: Copying) -> (&'static str, &'static str) {
    match copying {
        Copying::Async => (
            "By the primary",
            "A write is acknowledged as soon as the primary has it: what its replicas have not, is lost with it.",
        ),
        Copying::Majority => (
            "By a majority",
            "A write is acknowledged once a majority of the shard's members has it: no takeover loses it.",
        ),
    }
}

impl Shards<'_> {
    /// Who leads each shard, and how far the others are.
    pub(super) fn members(&self, column: &mut Column) {
        if self.params.replicas == 0 {
            column.caption("members", ["Replicas of each shard", "none"]);
            let mut chip = Chip::new("members/begin", "Two replicas each");
            chip.label = Some("Each shard gets two replicas; the database begins anew".into());
            chip.action = Some(Self::set("replicas", "2".into()));
            column.chips("members", &[chip], 1);
            column.space(8.0);
            return;
        }
        let each = text::some(self.params.replicas.into(), "replica");
        column.caption("members", ["Members of each shard", &format!("{each} each")]);
        for (at, shard) in self.shards.iter().enumerate() {
            let lead =
                shard.members.iter().find(|it| it.ordinal == shard.lead).and_then(|it| it.group);
            let chips: Vec<_> = shard.members.iter().map(|it| self.member(it, lead)).collect();
            column.chips(&format!("members/{at}"), &chips, 2);
            column.space(4.0);
        }
        column.space(4.0);
        let choice = |it: &Copying| (it.word(), described(*it));
        let own = self.params.replication.word();
        column.choices(["replication", "replication"], Copying::ALL.iter().map(choice), own);
        let mut words = Vec::new();
        if let Some([reads]) = self.rates([REPLICA_READ]).filter(|it| it[0] > 0.0) {
            words.push(format!("Replicas answer {} reads a second.", text::number(reads)));
        }
        let groups = || self.shards.iter().flat_map(|it| &it.members).filter_map(|it| it.group);
        let takeovers: u64 = groups().filter(|it| it.leads()).map(Group::takeovers).sum();
        let lost: u64 = groups().map(|it| it.lost).sum();
        if takeovers > 0 {
            words.push(format!("Takeovers so far: {}.", text::count(takeovers)));
        }
        if lost > 0 {
            let lost = text::count(lost);
            words.push(format!(
                "Log entries that only a replaced primary had, and are lost: {lost}."
            ));
        }
        column.words("members/words", &words.join(" "));
        column.space(8.0);
    }

    fn member(&self, it: &Member, lead: Option<&Group>) -> Chip {
        let name = ShardedDb::member_name(self.params, it.ordinal);
        let leads = it.group.is_some_and(|it| it.leads());
        let behind = lead.zip(it.group).and_then(|(lead, it)| {
            let same = it.has && it.log.0 == lead.log.0;
            same.then(|| lead.log.1.saturating_sub(it.log.1))
        });
        let (word, why, style) = match (it.up, leads, behind) {
            (false, ..) => ("down".to_owned(), "is down; click brings it back".to_owned(), CellStyle::Struck),
            (_, true, _) => {
                let term = it.group.map_or(0, |it| it.ballot.term);
                ("leads".into(), format!("leads, in term {term}; a click kills it"), CellStyle::Strong)
            }
            (_, _, Some(0)) => {
                ("level".into(), "has all that its primary has; a click kills it".into(), CellStyle::Plain)
            }
            (_, _, Some(behind)) => {
                let entries = text::count(behind);
                let words = format!("is {entries} log entries behind its primary; a click kills it");
                (format!("−{entries}"), words, CellStyle::Plain)
            }
            (_, _, None) => (
                "apart".into(),
                "has not heard of the latest primary, or has not been sent anything; a click kills it".into(),
                CellStyle::Plain,
            ),
        };
        let mut chip = Chip::new(format!("member/{name}"), format!("{name} {word}"));
        chip.label = Some(format!("{name} {why}"));
        let act = if it.up { Act::Crash(it.ordinal) } else { Act::Restart(it.ordinal) };
        chip.action = Some(act.to_string());
        chip.styled(if behind.is_some_and(|it| it > 0) { Tone::Warn } else { Tone::Ink }, style)
    }
}
