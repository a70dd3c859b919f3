//! Stale reads: what they found, what they missed, and how the old value came to be there.

use crate::base::text;
use crate::base::time::Nanos;
use crate::component::cache::{ADMITTED, MISS};
use crate::engine::accesses::Access;
use crate::engine::staleness::StaleRead;
use crate::engine::ways::Way;
use crate::scene::layout::chips::Chip;
use crate::scene::{CellStyle, Tone};

use super::super::Act;
use super::super::column::Column;
use super::{Inside, SECONDS, left};

/// Stale reads told one by one.
const TOLD: usize = 6;

/// How an old value came to be read, as far as that is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    /// Word of the write came while the old value was still being fetched.
    Overtaken,
    /// Two values were brought, the older one last.
    Swapped,
    /// Word of the write was lost.
    Lost,
    /// It had not arrived.
    UnderWay,
    /// The value was fetched after the write had been acknowledged.
    Behind,
    /// It was dropped, and has come back from the disk.
    Disk,
    /// Nobody has told the cache.
    Untold,
    /// The value came in before what is recorded.
    Unknown,
}

impl How {
    /// In a few words, to be counted.
    fn short(self) -> &'static str {
        match self {
            Self::Overtaken => "drop overtaken by a load",
            Self::Swapped => "older value brought last",
            Self::Lost => "drop lost",
            Self::UnderWay => "drop not yet there",
            Self::Behind => "fetched from a replica that is behind",
            Self::Disk => "back from the disk",
            Self::Untold => "cache not told",
            Self::Unknown => "not recorded",
        }
    }
}

/// What is known of one stale read.
struct Case<'a> {
    read: &'a StaleRead,
    way: &'a Way,
    /// When the value came in, and when its load began.
    came: Option<Nanos>,
    began: Option<Nanos>,
    how: How,
}

/// Judges by the order of what happened.
fn how(
    read: &StaleRead,
    way: &Way,
    came: Option<Nanos>,
    began: Option<Nanos>,
    back: Option<Nanos>,
) -> How {
    let Some(came) = came else { return How::Unknown };
    let start = began.unwrap_or(came);
    let heard = way.dropped.max(way.last.at);
    let (own, word) = (way.last.version == read.version, way.word == 0 || way.word > read.version);
    if back.is_some_and(|it| it > came && it <= read.read) && heard > came {
        How::Disk
    } else if own && way.before.version > read.version {
        How::Swapped
    } else if word
        && way.lost
        && way.sent > start
        && way.dropped < way.sent
        && (own || heard < way.sent)
    {
        How::Lost
    } else if word && !way.lost && way.sent > came && heard < way.sent {
        How::UnderWay
    } else if way.dropped <= came && began.is_some_and(|it| way.dropped >= it) {
        How::Overtaken
    } else if began.is_some_and(|it| it > read.acknowledged) {
        How::Behind
    } else if start < read.acknowledged {
        How::Untold
    } else {
        How::Unknown
    }
}

impl<'a> Case<'a> {
    fn new(it: &'a (StaleRead, Way), all: &[Access], back: Option<Nanos>) -> Self {
        let (read, way) = (&it.0, &it.1);
        let own = || all.iter().rev().filter(|it| it.key == read.key && it.at <= read.read);
        let admitted = own().find(|it| it.counter == ADMITTED).map(|it| (it.at, it.request));
        let brought = (way.last.version == read.version).then_some((way.last.at, way.last.request));
        let came = brought.or(admitted);
        let loads = |of: u64| {
            let load = |it: &&Access| of != 0 && it.counter == MISS && it.request == of;
            own().find(load).map(|it| it.at)
        };
        let began = came.and_then(|it| loads(it.1));
        let came = came.map(|it| it.0);
        let how = how(read, way, came, began, back);
        Self { read, way, came, began, how }
    }

    /// What was read, and what was missed.
    fn missed(&self, key: &str) -> String {
        let StaleRead { version, newest, acknowledged, read, .. } = *self.read;
        let ago = left(read.saturating_sub(acknowledged));
        format!("{key}: v{version} was read, {ago} after v{newest} had been acknowledged.")
    }

    /// How the old value came to be there.
    fn told(&self, ttl: Nanos) -> String {
        let (Way { before, dropped, sent, .. }, StaleRead { version, newest, read, .. }) =
            (*self.way, *self.read);
        let came = self.came.unwrap_or_default();
        match self.how {
            How::Overtaken => format!(
                "The load of v{version} was still out when the cache heard of the write and dropped the \
                 key; it came in {} later, and stayed.",
                left(came.saturating_sub(dropped)),
            ),
            How::Swapped => format!(
                "v{} had come in {} before; then v{version} was put over it.",
                before.version,
                left(came.saturating_sub(before.at)),
            ),
            How::Lost => format!("The network lost the word that v{newest} is there."),
            How::UnderWay => format!(
                "The word of the write had been sent {} before, and was not there yet.",
                left(read.saturating_sub(sent)),
            ),
            How::Behind => {
                "It was fetched after that: from a replica that did not have the write yet.".into()
            }
            How::Disk => {
                "What is on the disk is older than what was dropped or replaced: the value is \
                          back since the restart."
                    .into()
            }
            How::Untold if ttl > Nanos::ZERO => format!(
                "Nobody told the cache of v{newest}: the old value stays until it expires, {} after it \
                 came.",
                left(ttl),
            ),
            How::Untold => {
                format!(
                    "Nobody told the cache of v{newest}: the old value stays until it is evicted."
                )
            }
            How::Unknown => "How it came to be there is not recorded.".into(),
        }
    }

    /// What happened to the key, oldest first.
    fn moments(&self) -> Vec<(Nanos, &'static str)> {
        let StaleRead { acknowledged, read, .. } = *self.read;
        let since = self.began.or(self.came).unwrap_or(acknowledged).min(acknowledged);
        let word = |it: Nanos| (it > Nanos::ZERO && it >= since).then_some(it);
        let newer = (self.how == How::Swapped).then_some(self.way.before.at);
        let all = [
            (self.began, "load begins"),
            (newer, "newer value comes in"),
            (self.came, "value comes in"),
            (Some(acknowledged), "write acknowledged"),
            (word(self.way.dropped), "cache told"),
            (Some(read), "read"),
        ];
        let known = all.into_iter().filter_map(|(at, words)| Some((at?, words)));
        let mut moments: Vec<_> = known.filter(|it| it.0 <= read).collect();
        moments.sort_by_key(|it| it.0);
        moments
    }
}

impl Inside<'_> {
    /// Reads that returned an older version than one acknowledged before they began.
    pub(super) fn stale(&self, column: &mut Column) {
        let staleness = &self.subject.recorder.staleness;
        if !staleness.knows(self.subject.component) {
            return;
        }
        let now = self.subject.now();
        let since = now.saturating_sub(Nanos::seconds(SECONDS as u64));
        let recent = |it: &&(StaleRead, Way)| it.0.read <= now && it.0.read >= since;
        let caught: Vec<_> = staleness.caught_at(self.subject.component).filter(recent).collect();
        let span = Nanos::seconds(SECONDS as u64);
        let count = staleness.within(self.subject.component, now, span).max(caught.len() as u64);
        column.space(8.0);
        let mut figure = text::count(count);
        if let Some(age) = staleness.age(self.subject.component, now, span) {
            figure += &format!(", {} old on average", text::duration(age * 1e9));
        }
        column.caption("stale", ["Stale reads, 10 s", &figure]);
        if caught.is_empty() {
            column.words(
                "stale/none",
                "None: no read returned an older version than one acknowledged before.",
            );
            return;
        }
        // Of their keys only, since each case looks through all of it.
        let own = |access: &&Access| caught.iter().any(|it| it.0.key == access.key);
        let all: Vec<Access> = self.accesses.iter().filter(own).copied().collect();
        let back = self.state.disk.as_ref().and_then(|it| it.toll).map(|it| it.at);
        let cases: Vec<_> = caught.iter().map(|it| Case::new(it, &all, back)).collect();
        let chip = |(index, it): (usize, &Case)| {
            let key = self.subject.key(it.read.key);
            let words = format!("{key} v{} < v{}", it.read.version, it.read.newest);
            let mut chip = Chip::new(format!("stale/{index}"), words);
            chip.label = Some(format!("{} Go there", it.missed(&key)));
            chip.action = Some(Act::At(it.read.read.0).to_string());
            chip.styled(Tone::Stale, CellStyle::Plain)
        };
        let chips: Vec<_> = cases.iter().take(TOLD).enumerate().map(chip).collect();
        column.chips_of("stale", &chips, 3, count as usize);
        column.space(2.0);
        if let Some(newest) = cases.first() {
            self.case(newest, column);
        }
        let mut kinds: Vec<(How, u64)> = Vec::new();
        for it in &cases {
            match kinds.iter_mut().find(|of| of.0 == it.how) {
                Some(of) => of.1 += 1,
                None => kinds.push((it.how, 1)),
            }
        }
        kinds.sort_by_key(|it| std::cmp::Reverse(it.1));
        let kinds: Vec<_> = kinds.iter().map(|it| format!("{} {}", it.0.short(), it.1)).collect();
        let words = format!("Of the last {}: {}.", cases.len(), kinds.join(", "));
        column.words("stale/kinds", &words);
    }

    /// One of them: what it found, how that came to be there, and the moments to go to.
    fn case(&self, it: &Case, column: &mut Column) {
        let key = self.subject.key(it.read.key);
        let words = format!("{} {}", it.missed(&key), it.told(self.params.ttl));
        column.words("stale/how", &words);
        column.space(3.0);
        let chip = |(index, (at, words)): (usize, (Nanos, &str))| {
            let ago = it.read.read.saturating_sub(at);
            let text =
                if ago == Nanos::ZERO { words.into() } else { format!("−{} {words}", left(ago)) };
            let mut chip = Chip::new(format!("stale/at/{index}"), text);
            chip.label = Some(format!("{key}: {words}. Go there"));
            chip.action = Some(Act::At(at.0).to_string());
            chip
        };
        let chips: Vec<_> = it.moments().into_iter().enumerate().map(chip).collect();
        column.chips("stale/at", &chips, 4);
        column.space(3.0);
    }
}
