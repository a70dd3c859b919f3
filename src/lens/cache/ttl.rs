//! The time to live, to be changed.

use crate::base::text;
use crate::base::time::Nanos;

use super::super::Act;
use super::super::column::Column;
use super::{Inside, left};

/// Times that can be chosen, in seconds; 0: for ever.
const TIMES: [u64; 14] = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1_800, 3_600, 86_400, 0];

/// A time in words.
fn words(ttl: Nanos) -> String {
    if ttl == Nanos::ZERO { "for ever".into() } else { text::shortest(&left(ttl)) }
}

impl Inside<'_> {
    /// How long an entry is good for, from when it comes in.
    pub(super) fn ttl(&self, column: &mut Column) {
        let own = match self.subject.trial() {
            Some(Act::Set(field, value)) if field == "ttl" => {
                TIMES.iter().map(|it| Nanos::seconds(*it)).find(|it| value == told(*it))
            }
            _ => None,
        };
        let own = own.unwrap_or(self.params.ttl);
        let spot = |seconds: &u64| {
            let time = Nanos::seconds(*seconds);
            (Act::Set("ttl".into(), told(time)).to_string(), words(time))
        };
        let rank = |it: Nanos| if it == Nanos::ZERO { Nanos::MAX } else { it };
        let at = TIMES.iter().rposition(|it| rank(Nanos::seconds(*it)) <= rank(own));
        let spots = TIMES.iter().map(spot).collect();
        column.space(6.0);
        column.slider("ttl", ["Time to live, of what comes in", &words(own)], spots, at);
    }
}

/// As the setting is written.
fn told(ttl: Nanos) -> String {
    format!("\"{}s\"", ttl.0 / Nanos::SECOND.0)
}
