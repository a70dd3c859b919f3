//! What a server's keyspace holds, for commands that people type: the last of them with their answers, the
//! keys with type, encoding, size and time to live, and one of them drawn as what it is.

use std::fmt::Write;

use crate::algorithm::redis::{Entry, Value, cost, hyperloglog, words};
use crate::base::order::sort_few;
use crate::base::text;
use crate::base::time::Nanos;
use crate::component::redis::{Server, Typed};
use crate::scene::layout::chips::{self, Chip, Flow};
use crate::scene::layout::figures::Figure;
use crate::scene::layout::measure;
use crate::scene::layout::sheet::Sheet;
use crate::scene::{Anchor, CellStyle, Font, Mark, Point, Tone};

use super::{Act, Inside, phases};

mod examples;
mod forms;
mod ordered;

/// What the choice between the two views is noted under, and this one's name.
const VIEW: [&str; 2] = ["view", "data"];
/// What the server that is looked at is noted under, by ordinal.
const SERVER: &str = "data";
/// What the key that is looked at is noted under: how many commands had been typed, and the key as a word.
const KEY: &str = "key";
/// Commands that were typed last, shown with their answers.
const TYPED: usize = 4;
/// Keys that are listed.
const KEYS: usize = 10;
/// Lines of an answer, and characters of it that are looked at.
const ANSWER: [usize; 2] = [6, 2_000];
/// Bytes of a key or a member that are shown.
const SHOWN: usize = 48;

/// A server whose keys are looked at, and what is drawn of one of them.
struct Data<'a> {
    inside: &'a Inside<'a>,
    server: &'a Server,
    now: Nanos,
}

impl Inside<'_> {
    /// Whether the data types are looked at, and not how they are replicated.
    pub(super) fn shows_data(&self) -> bool {
        self.subject.noted(VIEW[0]).is_some_and(|it| it == VIEW[1])
    }

    /// The two ways to look at it.
    pub(super) fn views(&self, sheet: &mut Sheet) {
        let data = self.shows_data();
        let chip = |id: &str, words: &str, label: &str, own: bool| {
            let mut chip = Chip::new(format!("view/{id}"), words);
            chip.label = Some(label.into());
            chip.action = Some(Act::Note(VIEW[0].into(), id.into()).to_string());
            chip.styled(Tone::Ink, if own { CellStyle::Strong } else { CellStyle::Plain })
        };
        let failover = "Failover: who leads, how far replicas are, what sentinels believe";
        let types = "Data types: type commands, and see each key as what it is, at each server";
        let chips = [
            chip("failover", "Failover", failover, !data),
            chip(VIEW[1], "Data types", types, data),
        ];
        sheet.chips("view", &chips, 1, 2);
        sheet.space(6.0);
    }

    /// The panel.
    pub(super) fn data(&self, sheet: &mut Sheet) {
        let noted = self.subject.noted(SERVER).and_then(|it| it.parse::<usize>().ok());
        let at = noted.filter(|it| *it < self.servers.len()).unwrap_or(self.lead);
        let server = self.servers[at].1;
        let data = Data { inside: self, server, now: self.now() };
        data.servers(sheet);
        data.figures(sheet);
        data.console(sheet);
        data.examples(sheet);
        data.keys(sheet);
    }
}

impl Data<'_> {
    /// Whose keys are shown.
    fn servers(&self, sheet: &mut Sheet) {
        let chip = |(slot, it): &(u32, &Server)| {
            let name = self.inside.name(it.own);
            let what = match (self.inside.is_up(*slot), it.leads()) {
                (false, _) => "down",
                (true, true) => "primary",
                (true, false) => "replica",
            };
            let mut chip = Chip::new(format!("data/server/{}", it.own), format!("{name} {what}"));
            chip.label = Some(format!("{name} {what}: its keys; commands go to it"));
            chip.action = Some(Act::Note(SERVER.into(), it.own.to_string()).to_string());
            let own = it.own == self.server.own;
            chip.styled(Tone::Ink, if own { CellStyle::Strong } else { CellStyle::Plain })
        };
        let chips: Vec<_> = self.inside.servers.iter().map(chip).collect();
        sheet.chips("data/server", &chips, 3, chips.len());
        sheet.space(6.0);
    }

    fn is_up(&self) -> bool {
        let all = &self.inside.servers;
        all.iter().any(|it| it.1.own == self.server.own && self.inside.is_up(it.0))
    }

    fn figures(&self, sheet: &mut Sheet) {
        let keys = &self.server.keys;
        let size = text::bytes(keys.bytes() as f64);
        let (size, unit) = size.rsplit_once(' ').unwrap_or((&size, ""));
        let behind = self.inside.primary().offset().saturating_sub(self.server.offset());
        let figures = [
            Figure::new("data/keys", "Keys", text::count(keys.len() as u64), ""),
            Figure::new("data/memory", "Memory, about", size, unit),
            Figure::new("data/offset", "Offset", text::count(self.server.offset()), ""),
            Figure::new("data/behind", "Commands behind", text::count(behind), ""),
        ];
        sheet.figures("data/figures", &figures);
        sheet.space(4.0);
        if !self.is_up() {
            let words =
                format!("{} is down: it answers nobody.", self.inside.name(self.server.own));
            phases::verdict("data/down", Tone::Fail, &words, sheet);
        }
        if self.server.loading.is_some() {
            let words =
                "It copies all data, these keys with them: until that is done it answers LOADING.";
            phases::verdict("data/loading", Tone::Warn, words, sheet);
        }
    }

    /// The last commands that were typed at this server, as redis-cli prints them.
    fn console(&self, sheet: &mut Sheet) {
        sheet.space(4.0);
        let name = self.inside.name(self.server.own);
        let title = format!("Typed at {name}, newest last");
        let count = self.server.typed.last().map_or(0, |it| it.number);
        sheet.caption("data/typed", [&title, &text::count(count.into())]);
        if self.server.typed.is_empty() {
            let words = "Nothing yet. Type a command above, or press one below.";
            return sheet.words("data/typed/none", words);
        }
        let earlier = self.server.typed.len().saturating_sub(TYPED);
        for it in &self.server.typed[earlier..] {
            self.exchange(&format!("data/typed/{}", it.number), it, sheet);
        }
    }

    fn exchange(&self, id: &str, it: &Typed, sheet: &mut Sheet) {
        let line = measure::line_height(Font::NUMBER);
        let width = sheet.width();
        let at = self.inside.subject.moment(it.at);
        // Who had it alone has lost it to whoever leads now.
        let lost = it.place.is_some_and(|it| !self.inside.primary().has(it));
        let row = sheet.block(line);
        let time = measure::width(&at, Font::NUMBER);
        let when = Point::new(row.right(), row.y + 13.0);
        let mark = Mark::text(format!("{id}#at"), when, &at, Font::NUMBER).toned(Tone::Ink3);
        sheet.draw(mark.anchored(Anchor::End));
        let words = measure::fit(&format!("> {}", it.words), Font::NUMBER, width - time - 10.0);
        let mark = Mark::text(id, Point::new(0.0, row.y + 13.0), words, Font::NUMBER);
        let said = match lost {
            true => ", and lost: the primary does not have it",
            false => "",
        };
        let mark = mark.labelled(format!("At {at}: {}{said}", it.words));
        sheet.draw(mark.asking(Act::At(it.at.0).to_string()));
        let answer = bounded(&it.reply);
        let all: Vec<&str> = answer.lines().collect();
        let cut = all.len() > ANSWER[0] || answer.len() >= ANSWER[1];
        let shown = all.len().min(if cut { ANSWER[0] - 1 } else { ANSWER[0] });
        let tone = if it.reply.is_error() { Tone::Fail } else { Tone::Ink2 };
        for (index, words) in all[..shown].iter().enumerate() {
            // Errors are sentences: they wrap.
            let lines = match it.reply.is_error() {
                true => measure::wrap(words, Font::NUMBER, width - 12.0),
                false => vec![measure::fit(words, Font::NUMBER, width - 12.0)],
            };
            for (part, words) in lines.into_iter().enumerate() {
                let row = sheet.block(line);
                let id = format!("{id}/{index}/{part}");
                // Blanks in front have no width of their own in a picture.
                let blanks = words.len() - words.trim_start().len();
                let x = 12.0 + measure::width(&words[..blanks], Font::NUMBER);
                let at = Point::new(x, row.y + 13.0);
                let mark = Mark::text(id, at, words.trim_start(), Font::NUMBER);
                sheet.draw(mark.toned(tone));
            }
        }
        let more = if answer.len() >= ANSWER[1] {
            Some("… and more".to_owned())
        } else {
            (all.len() > shown).then(|| format!("… {} more lines", all.len() - shown))
        };
        let more =
            more.into_iter().chain(lost.then(|| "lost: the primary does not have it".into()));
        for (index, words) in more.enumerate() {
            let row = sheet.block(line);
            let at = Point::new(12.0, row.y + 13.0);
            let mark = Mark::text(format!("{id}/more/{index}"), at, words, Font::SMALL);
            sheet.draw(mark.toned(if lost { Tone::Fail } else { Tone::Ink3 }));
        }
        sheet.space(3.0);
    }

    /// All keys; then the one that is picked, as what it is.
    fn keys(&self, sheet: &mut Sheet) {
        let keys = &self.server.keys;
        sheet.space(8.0);
        let title = format!("Keys at {}", self.inside.name(self.server.own));
        sheet.caption("data/key", [&title, &text::count(keys.len() as u64)]);
        let Some((picked, entry)) = self.picked() else {
            let words = "None that was typed. (Requests are told by keys and versions only: their values are \
                         not here.)";
            return sheet.words("data/key/none", words);
        };
        // The one that is picked is always among them.
        let place = keys.entries().position(|it| it.0 == picked).unwrap_or(0);
        let first = place.saturating_sub(KEYS / 2).min(keys.len().saturating_sub(KEYS));
        for (index, (key, entry)) in keys.entries().enumerate().skip(first).take(KEYS) {
            self.key(index, key, entry, key == picked, sheet);
        }
        if keys.len() > KEYS {
            let words = format!("… {} more", text::count((keys.len() - KEYS) as u64));
            sheet.words("data/key/more", &words);
        }
        self.structure(picked, entry, sheet);
    }

    /// How many commands have been typed at all servers.
    fn count(&self) -> u32 {
        self.inside.servers.iter().filter_map(|it| it.1.typed.last()).map(|it| it.number).sum()
    }

    /// The key that is looked at: one that was picked, as long as nothing is typed after that; or else that
    /// of the last command, at whichever server, or the first.
    fn picked(&self) -> Option<(&Vec<u8>, &Entry)> {
        let find = |key: &[u8]| self.server.keys.entries().find(|it| it.0.as_slice() == key);
        let noted = self.inside.subject.noted(KEY).and_then(|it| {
            let (count, key) = it.split_once(' ')?;
            let holds = count.parse::<u32>().is_ok_and(|it| self.count() <= it);
            words::split(key).filter(|_| holds)?.pop()
        });
        let mut typed: Vec<&Typed> =
            self.inside.servers.iter().flat_map(|it| &it.1.typed).collect();
        sort_few(&mut typed, |a, b| a.at > b.at || a.at == b.at && a.number > b.number);
        let of = |it: &&Typed| words::split(&it.words)?.get(1).and_then(|it| find(it));
        let last = || typed.iter().find_map(of);
        noted.and_then(|it| find(&it)).or_else(last).or_else(|| self.server.keys.entries().next())
    }

    fn key(&self, index: usize, key: &[u8], entry: &Entry, picked: bool, sheet: &mut Sheet) {
        let id = format!("data/key/{index}");
        let name = shown(key);
        let size = text::bytes(cost(key, entry) as f64);
        let (kind, encoding) = (kind(&entry.value), entry.value.encoding());
        let left = self.left(entry).map_or_else(String::new, |it| format!(" · {it}"));
        let mut right = format!("{kind} · {encoding} · {size}{left}");
        // Where there is little room, the encoding is told of the one that is picked.
        if encoding == kind || measure::width(&right, Font::NUMBER) > sheet.width() {
            right = format!("{kind} · {size}{left}");
        }
        let lead = self.inside.primary();
        let other = lead.own != self.server.own && lead.keys.entry(key) != Some(entry);
        let mut chip = Chip::new(&id, if other { format!("{name} ≠") } else { name.clone() });
        chip.label = other.then(|| format!("{name} ≠ (the primary holds something else)"));
        let noted = format!("{} {}", self.count(), words::word(key));
        chip.action = Some(Act::Note(KEY.into(), noted).to_string());
        let chip = match (picked, other) {
            (true, _) => chip.styled(Tone::Ink, CellStyle::Strong),
            (_, true) => chip.styled(Tone::Ink, CellStyle::Dashed),
            _ => chip,
        };
        beside(&id, chip, &right, sheet);
    }

    /// How long a key has left, if it does not live for ever.
    fn left(&self, entry: &Entry) -> Option<String> {
        let until = Nanos::millis(entry.expires?);
        Some(match until < self.now {
            true => "expired".into(),
            false => format!("TTL {}", text::duration((until - self.now).0 as f64)),
        })
    }

    /// A key as what it is.
    fn structure(&self, key: &[u8], entry: &Entry, sheet: &mut Sheet) {
        sheet.space(8.0);
        let value = &entry.value;
        let title = format!("{}: {}", shown(key), about(value));
        sheet.caption("data/value", [&title, value.encoding()]);
        if let Some(left) =
            self.left(entry).filter(|_| self.server.own == self.inside.primary().own)
        {
            let words = match left.as_str() {
                "expired" => {
                    "It has expired: readers no longer see it, and the primary is about to remove it."
                }
                _ => "When its time is over, the primary removes it and tells its replicas DEL.",
            };
            sheet.words("data/value/left", words);
        } else if self.left(entry).is_some() {
            let words = "A replica removes nothing on its own: it waits for its primary's DEL, and hides what \
                         has expired from readers.";
            sheet.words("data/value/left", words);
        }
        match value {
            Value::Text(it) if hyperloglog::is_one(value) => forms::registers(&it.bytes, sheet),
            Value::Text(it) => self.text(&it.bytes, sheet),
            Value::List(it) => forms::list(&it.0, sheet),
            Value::Hash(it) => forms::hash(&it.fields, sheet),
            Value::Set(it) => forms::set(it, sheet),
            Value::Sorted(it) => self.sorted(it.ranked(), sheet),
            Value::Stream(it) => ordered::stream(it, sheet),
        }
    }

    /// Whether it is looked at another way than it would be of itself: what bits or places are, Redis does
    /// not know.
    fn other_way(&self, ways: [(&str, &str); 2], own: usize, sheet: &mut Sheet) -> usize {
        let noted = self.inside.subject.noted("as");
        let chosen = ways.iter().position(|it| noted.as_deref() == Some(it.0)).unwrap_or(own);
        let chip = |(index, (id, words)): (usize, (&str, &str))| {
            let mut chip = Chip::new(format!("data/as/{id}"), words);
            chip.label = Some(format!("Show it {words}: Redis does not know what is meant"));
            chip.action = Some(Act::Note("as".into(), id.into()).to_string());
            let style = if index == chosen { CellStyle::Strong } else { CellStyle::Plain };
            chip.styled(Tone::Ink, style)
        };
        let chips: Vec<_> = ways.into_iter().enumerate().map(chip).collect();
        sheet.chips("data/as", &chips, 1, 2);
        sheet.space(4.0);
        chosen
    }
}

/// What people call its type.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Text(_) if hyperloglog::is_one(value) => "HyperLogLog",
        Value::Sorted(_) => "sorted set",
        other => other.kind(),
    }
}

/// Its type and how much is in it.
fn about(value: &Value) -> String {
    let some = |what: &str| text::some(value.size() as u64, what);
    match value {
        Value::Text(_) if hyperloglog::is_one(value) => format!("HyperLogLog in {}", some("byte")),
        Value::Text(_) => format!("string of {}", some("byte")),
        Value::List(_) => format!("list of {}", some("element")),
        Value::Hash(_) => format!("hash of {}", some("field")),
        Value::Set(_) => format!("set of {}", some("member")),
        Value::Sorted(_) => format!("sorted set of {}", some("member")),
        Value::Stream(it) => {
            let entries = value.size() as u64;
            let word = if entries == 1 { "entry" } else { "entries" };
            let groups = text::some(it.groups.len() as u64, "consumer group");
            format!("stream of {} {word}, {groups}", text::count(entries))
        }
    }
}

/// Bytes as a word of a command, cut if they are many.
fn shown(bytes: &[u8]) -> String {
    match bytes.get(..SHOWN) {
        Some(first) if bytes.len() > SHOWN => format!("{}…", words::word(first)),
        _ => words::word(bytes),
    }
}

/// An answer as redis-cli prints it, or as much of its beginning as is looked at.
fn bounded(reply: &crate::algorithm::redis::Reply) -> String {
    struct Bounded(String);
    impl Write for Bounded {
        fn write_str(&mut self, text: &str) -> std::fmt::Result {
            let room = ANSWER[1].saturating_sub(self.0.len());
            let end = (0..=text.len().min(room)).rev().find(|it| text.is_char_boundary(*it));
            self.0.push_str(&text[..end.unwrap_or(0)]);
            if text.len() > room { Err(std::fmt::Error) } else { Ok(()) }
        }
    }
    let mut text = Bounded(String::new());
    // What has no room is not looked at.
    _ = write!(text, "{reply}");
    text.0
}

/// A cell, and words right of it; or below, where they have not the room. Its name says both.
fn beside(id: &str, mut chip: Chip, right: &str, sheet: &mut Sheet) {
    let name = chip.label.unwrap_or_else(|| chip.text.clone());
    chip.label = Some(format!("{name}: {right}"));
    let width = sheet.width();
    let font = Font::NUMBER;
    let both = chips::width(&chip) + 8.0 + measure::width(right, font) <= width;
    let row = sheet.block(chips::HEIGHT);
    let flow = Flow { x: row.x, y: row.y, width, rows_max: 1, total: 1 };
    chips::flow(sheet.marks(), id, &[chip], flow);
    let mut y = row.y + 15.0;
    if !both {
        y = sheet.block(measure::line_height(font)).y + 12.0;
    }
    let words = measure::fit(right, font, width);
    let mark = Mark::text(format!("{id}#right"), Point::new(row.right(), y), words, font);
    sheet.draw(mark.toned(Tone::Ink2).anchored(Anchor::End));
    sheet.space(chips::GAP);
}
