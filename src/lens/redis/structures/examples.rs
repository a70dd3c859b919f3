//! Commands to press, a few for each type: each press adds something new.

use crate::algorithm::redis::Keyspace;
use crate::scene::layout::chips::Chip;
use crate::scene::layout::sheet::Sheet;
use crate::scene::{CellStyle, Tone};

use super::{Act, Data};

/// What the type to try is noted under.
const TRY: &str = "try";

/// Types to try: the name in notes, the word, and what for.
const TYPES: [(&str, &str, &str); 10] = [
    ("string", "String", "Text, numbers, any bytes up to 512 MB: cached pages, counters, flags."),
    (
        "list",
        "List",
        "Quick at both ends. LPUSH with RPOP: first in, first out, a queue; LPUSH with LPOP: last in, first out, a stack.",
    ),
    ("hash", "Hash", "Fields with values under one key: an object, a session, a basket."),
    ("set", "Set", "Each member once, in no order: tags, who has been here."),
    ("sorted", "Sorted set", "Members in the order of their scores: leaderboards, deadlines."),
    ("bitmap", "Bitmap", "The bits of a string: one per user or day, for what was seen."),
    ("hyperloglog", "HyperLogLog", "Counts different things in at most 12 kB, to ±0.81 %."),
    ("stream", "Stream", "A log of entries that groups of consumers read and acknowledge."),
    ("geo", "Geo", "Places in a sorted set, their scores being cells of the map."),
    ("expiry", "Expiry", "Any key may end at a moment: sessions, locks, caches."),
];

/// Places of Sicily: the documentation's two, and others.
const PLACES: [(&str, &str); 6] = [
    ("13.361389 38.115556", "Palermo"),
    ("15.087269 37.502669", "Catania"),
    ("15.554015 38.193814", "Messina"),
    ("13.576540 37.311090", "Agrigento"),
    ("15.286586 37.075474", "Syracuse"),
    ("12.514440 38.017640", "Trapani"),
];

const FIELDS: [&str; 6] =
    ["name Ann", "city Catania", "visits 3", "basket 77", "seen 12:04", "plan pro"];

const TAGS: [&str; 6] = ["red", "green", "blue", "amber", "teal", "grey"];

const PLAYERS: [&str; 6] = ["ann", "bob", "cy", "dee", "eve", "flo"];

impl Data<'_> {
    pub(super) fn examples(&self, sheet: &mut Sheet) {
        sheet.space(8.0);
        let name = self.inside.name(self.server.own);
        sheet.caption("data/try", [&format!("Commands to press, for {name}"), ""]);
        let noted = self.inside.subject.noted(TRY);
        let chosen = TYPES.iter().find(|it| noted.as_deref() == Some(it.0)).unwrap_or(&TYPES[0]);
        let chip = |it: &(&str, &str, &str)| {
            let mut chip = Chip::new(format!("data/try/{}", it.0), it.1);
            chip.label = Some(format!("{}: {}", it.1, it.2));
            chip.action = Some(Act::Note(TRY.into(), it.0.into()).to_string());
            let style = if it.0 == chosen.0 { CellStyle::Strong } else { CellStyle::Plain };
            chip.styled(Tone::Ink, style)
        };
        let chips: Vec<_> = TYPES.iter().map(chip).collect();
        sheet.chips("data/try", &chips, 8, chips.len());
        sheet.space(3.0);
        sheet.words("data/try/what", chosen.2);
        sheet.space(3.0);
        let (member, up) = (self.server.own, self.is_up());
        let press = |(index, words): (usize, String)| {
            let mut chip = Chip::new(format!("data/press/{index}"), &words);
            chip.label = Some(format!("Type at {name}: {words}"));
            chip.action = up.then(|| Act::Command(member, words).to_string());
            chip.styled(Tone::Ink, CellStyle::Filled)
        };
        let all = commands(chosen.0, &self.inside.primary().keys).into_iter().enumerate();
        let chips: Vec<_> = all.map(press).collect();
        sheet.chips("data/press", &chips, chips.len(), chips.len());
    }
}

/// What to press of a type, by what is there already.
pub(super) fn commands(of: &str, keys: &Keyspace) -> Vec<String> {
    let size = |key: &str| keys.value(key).map_or(0, |it| it.size());
    let next = |all: [&str; 6], key: &str| all[size(key) % all.len()].to_owned();
    match of {
        "list" => vec![
            format!("LPUSH jobs job{}", size("jobs") + 1),
            "RPOP jobs".into(),
            "LPOP jobs".into(),
            "LRANGE jobs 0 -1".into(),
        ],
        "hash" => vec![
            format!("HSET user:1 {}", next(FIELDS, "user:1")),
            "HINCRBY user:1 visits 1".into(),
            "HGETALL user:1".into(),
        ],
        "set" => vec![
            format!("SADD tags {}", next(TAGS, "tags")),
            format!("SADD numbers {}", 7 * (size("numbers") + 1)),
            "SISMEMBER tags red".into(),
            "SPOP tags".into(),
        ],
        "sorted" => {
            let count = size("board");
            vec![
                format!("ZADD board {} {}", 10 + count * 37 % 50, next(PLAYERS, "board")),
                "ZINCRBY board 15 ann".into(),
                "ZRANGE board 0 2 REV WITHSCORES".into(),
                "ZRANK board ann".into(),
            ]
        }
        "bitmap" => vec![
            format!("SETBIT seen {} 1", size("seen") * 8 + 1 + size("seen") * 5 % 7),
            "SETBIT seen 3 1".into(),
            "BITCOUNT seen".into(),
            "BITFIELD seen INCRBY u8 8 10".into(),
        ],
        "hyperloglog" => {
            // Ten that were not among those added before.
            let before = keys.value("visitors").map_or(0, estimate);
            let ten: Vec<_> = (1..=10).map(|it| format!("v{}", before * 10 + it)).collect();
            vec![
                format!("PFADD visitors {}", ten.join(" ")),
                "PFADD visitors v1 v2 v3".into(),
                "PFCOUNT visitors".into(),
            ]
        }
        "stream" => vec![
            format!("XADD log * temperature {}", 20 + size("log") % 9),
            "XREAD COUNT 3 STREAMS log 0".into(),
            "XGROUP CREATE log readers 0 MKSTREAM".into(),
            "XREADGROUP GROUP readers ann COUNT 1 STREAMS log >".into(),
        ],
        "geo" => {
            let (at, name) = PLACES[size("places") % PLACES.len()];
            vec![
                format!("GEOADD places {at} {name}"),
                "GEODIST places Palermo Catania km".into(),
                "GEOSEARCH places FROMLONLAT 15 37 BYRADIUS 200 km ASC".into(),
            ]
        }
        "expiry" => vec![
            "SET session:1 ann EX 10".into(),
            "EXPIRE page:home 5".into(),
            "TTL session:1".into(),
            "PERSIST session:1".into(),
        ],
        _ => vec![
            "SET page:home hello".into(),
            "SET page:home other NX".into(),
            "APPEND page:home \" world\"".into(),
            "INCR hits".into(),
        ],
    }
}

fn estimate(value: &crate::algorithm::redis::Value) -> u64 {
    use crate::algorithm::redis::{Value, hyperloglog};
    let Value::Text(it) = value else { return 0 };
    hyperloglog::registers(&it.bytes).map_or(0, |it| hyperloglog::estimate(&it))
}

#[cfg(test)]
mod tests {
    use super::{TYPES, commands};
    use crate::algorithm::redis::Keyspace;
    use crate::base::time::Nanos;

    /// Whoever presses them all, in any order, is answered by no error but those that Redis means.
    #[test]
    fn every_example_works() {
        let mut keys = Keyspace::default();
        for round in 0..12u64 {
            for (of, _, _) in TYPES {
                for index in 0..4 {
                    let Some(words) = commands(of, &keys).into_iter().nth(index) else { continue };
                    assert!(words.len() <= 200, "{words}");
                    let reply = keys.run(&words, Nanos::seconds(1 + round), round);
                    let again = reply.to_string().contains("BUSYGROUP");
                    assert!(!reply.is_error() || again, "{words}: {reply}");
                }
            }
        }
        // Of others as much may have been taken as was put in.
        for key in ["hits", "user:1", "numbers", "board", "seen", "visitors", "log", "places"] {
            assert!(keys.value(key).is_some(), "{key}");
        }
    }
}
