//! A trace that somebody brings: its figures are the command line's, parts of the work add up to the
//! whole, and what cannot be used is said with what to do.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use ringside::algorithm::eviction::Policy;
use ringside::algorithm::eviction::survey::Point;
use ringside::algorithm::requests::Table;
use ringside::base::draw::mix;
use ringside::lens::cache::trace::Present;
use ringside::session::bring::{Asked, BYTES_MAX, Bring, Curves, Key, Told};
use serde_json::Value;

const PRESENT: Present = Present { policy: Policy::Arc, capacity: 400, width: 288.0 };

fn asked(bytes: usize, key: Key) -> Asked {
    Asked { bytes: bytes as u64, key, present: PRESENT }
}

/// Brings a file in pieces of so many bytes; the first failure ends it.
fn begin(text: &[u8], key: Key, piece: usize) -> Result<Bring, Told> {
    let mut it = Bring::new(asked(text.len(), key))?;
    for piece in text.chunks(piece) {
        match it.feed(piece) {
            Told::Reading(_) => {}
            told => return Err(told),
        }
    }
    match it.finish() {
        Told::Curves(_) => Ok(it),
        told => Err(told),
    }
}

fn known(it: &Bring) -> Curves {
    match it.told() {
        Told::Curves(it) => it,
        told => panic!("curves, not {told:?}"),
    }
}

/// One piece of work a step: a clock on which every look takes longer than the slice.
fn one_step(it: &mut Bring) -> bool {
    let time = std::cell::Cell::new(0.0);
    it.step(1.5, &|| {
        time.set(time.get() + 1.0);
        time.get()
    })
}

fn to_the_end(it: &mut Bring) -> Curves {
    assert!(it.step(f64::INFINITY, &|| 0.0));
    known(it)
}

#[track_caller]
fn refused(text: &[u8], expected: &[&str]) {
    match begin(text, Key::Find, 1 << 20) {
        Err(Told::Wrong(words)) => {
            for it in expected {
                assert!(words.contains(it), "{words:?} says {it:?}");
            }
        }
        Err(told) => panic!("refused, not {told:?}"),
        Ok(_) => panic!("refused, not read"),
    }
}

/// Some keys often, many seldom, and a scan now and then: keys below 20,000.
fn trace(requests: u64) -> Vec<u32> {
    let key = |at: u64| {
        let draw = (mix(at) >> 11) as f64 / (1u64 << 53) as f64;
        match at % 3_000 {
            0..600 => (at / 3_000 * 600 + at % 3_000) % 20_000,
            _ => (20_000.0 * draw * draw * draw) as u64,
        }
    };
    (0..requests).map(|at| key(at) as u32).collect()
}

fn lines(keys: &[u32]) -> String {
    keys.iter().map(|it| format!("object/{it}\n")).collect()
}

fn kept(name: &str, text: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, text).expect("can be written");
    path
}

fn command(arguments: &[&str]) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_ringside"))
        .args(["cache", "--json"])
        .args(arguments)
        .output()
        .expect("the command runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[track_caller]
fn points<'a>(curves: &'a Curves, id: &str) -> &'a [Point] {
    &curves.rules.iter().find(|it| it.1 == id).expect("there is such a rule").2
}

/// Every rule, every size, hit for hit; a table with a key column and other columns says the same.
#[test]
fn figures_are_the_command_lines() {
    let keys = trace(60_000);
    let text = lines(&keys);
    let path = kept("brought.txt", &text);
    let path = path.to_str().expect("a name");
    let curves = to_the_end(&mut begin(text.as_bytes(), Key::Find, 10_000).expect("is read"));
    let ids: Vec<&str> = curves.rules.iter().map(|it| it.1.as_str()).collect();
    assert_eq!(ids, ["lru", "arc", "sieve", "s3-fifo", "w-tinylfu", "belady"]);
    for (_, id, own) in &curves.rules {
        let told = command(&["--policy", id, "--curve", "12", path]);
        assert_eq!(told["requests"], curves.requests);
        assert_eq!(told["keys"], curves.keys);
        let told = told["points"].as_array().expect("points");
        assert_eq!(own.len(), 12, "{id}");
        assert_eq!(told.len(), 12);
        for (own, told) in own.iter().zip(told) {
            assert_eq!(own.size, told["capacity"].as_u64().expect("a size"));
            assert_eq!(own.hits, told["hits"].as_u64(), "{id} at {}", own.size);
            assert_eq!(own.error, 0.0);
        }
    }
    let row = |(at, key): (usize, &u32)| format!("{at},\"object/{key}\",17\r\n");
    let table: String = keys.iter().enumerate().map(row).collect();
    let table = format!("time,Key,bytes\r\n{table}");
    let same = to_the_end(&mut begin(table.as_bytes(), Key::Find, 4_096).expect("is read"));
    assert_eq!(same.rules, curves.rules);
}

/// Estimates come first, are those of `--sample` with the same share, have an error that shrinks, and
/// lie about as near to what is counted in the end as they say.
#[test]
fn samples_come_first_and_are_refined() {
    // As many keys as it takes for caches of 1 % of them.
    let keys: Vec<u32> = trace(510_000)
        .iter()
        .enumerate()
        .map(|(at, key)| key + 20_000 * (mix(at as u64) % 4) as u32)
        .collect();
    let text = lines(&keys);
    let path = kept("sampled.txt", &text);
    let path = path.to_str().expect("a name");
    let mut it = begin(text.as_bytes(), Key::Find, 1 << 20).expect("is read");
    let full = |it: &Bring| known(it).rules.iter().all(|it| it.2.len() == 12);
    let mut before = 0.0;
    while !full(&it) {
        assert!(!one_step(&mut it), "estimates of all sizes come before the end");
        let part = known(&it).part;
        assert!(part >= before && part < 0.5, "{part} after {before}");
        before = part;
    }
    let first = known(&it);
    assert!(points(&first, "lru").iter().all(|it| it.hits.is_some()), "LRU's is exact");
    let told = command(&["--policy", "sieve", "--curve", "12", "--sample", "0.01", path]);
    for (own, told) in points(&first, "sieve").iter().zip(told["points"].as_array().expect("them"))
    {
        // As far as numbers survive being written as text.
        for (own, name) in [(own.hit_ratio, "hit_ratio"), (own.error, "error")] {
            let told = told[name].as_f64().expect("a number");
            assert!((own - told).abs() < 1e-12, "{name}: {own}, {told}");
        }
        assert!(own.error > 0.0);
    }
    let error =
        |it: &Curves| it.rules.iter().flat_map(|it| &it.2).map(|it| it.error).fold(0.0, f64::max);
    let mut errors = vec![error(&first)];
    while !one_step(&mut it) {
        let now = error(&known(&it));
        if now < errors[errors.len() - 1] {
            errors.push(now);
        }
    }
    assert!(errors.len() > 2, "it shrinks in steps: {errors:?}");
    let last = known(&it);
    assert_eq!(error(&last), 0.0);
    assert_eq!(last.part, 1.0);
    // Twice the standard error of eight samples: Student's t with 7 degrees of freedom is within that
    // in 91 of 100 cases. Of 60 points that hang together, three quarters is what must be.
    let mut within = (0, 0);
    for (_, id, estimated) in first.rules.iter().filter(|it| it.1 != "lru") {
        for (one, other) in estimated.iter().zip(points(&last, id)) {
            within.1 += 1;
            within.0 += u32::from((one.hit_ratio - other.hit_ratio).abs() <= one.error + 1e-9);
        }
    }
    assert_eq!(within.1, 60);
    assert!(within.0 >= 45, "{} of {} within their error", within.0, within.1);
}

/// The picture has every curve, the errors while there are some, and the cache's size.
#[test]
fn the_picture_says_what_is_known() {
    let text = lines(&trace(60_000));
    let mut it = begin(text.as_bytes(), Key::Find, 1 << 20).expect("is read");
    let curves = to_the_end(&mut it);
    for name in ["LRU", "ARC", "SIEVE", "S3-FIFO", "W-TinyLFU", "Belady&#39;s MIN"] {
        let plain = name.replace("&#39;", "'");
        let id = format!("data-id=\"curves/line/{name}\"");
        let other = format!("data-id=\"curves/line/{plain}\"");
        assert!(curves.svg.contains(&id) || curves.svg.contains(&other), "{name}");
    }
    assert!(!curves.svg.contains("data-id=\"error/"), "all is counted");
    assert!(curves.svg.contains("data-id=\"curves/now\""));
    it.look(Present { width: 700.0, ..PRESENT });
    assert!(known(&it).svg.contains("width=\"700\""));
}

#[test]
fn what_cannot_be_used_is_said_with_what_to_do() {
    refused(b"", &["empty", "one key a line"]);
    refused(b"\n\n\r\n", &["no request", "one key a line"]);
    refused(b"a\0b\nc\n", &["not text", "UTF-8"]);
    refused(b"\x1f\x8b\x08\x00\x00", &["packed (gzip)", "Unpack"]);
    refused(b"PK\x03\x04\x14\x00", &["packed (zip)"]);
    refused(&vec![b'x'; (1 << 20) + 1], &["line 1 is longer than 1 MiB", "one key a line"]);
    let table = b"time,key\n1,a\n2\n3,c\n";
    refused(table, &["column: line 3 has 1 columns", "a table with a key column"]);
    // Its size is known before anything of it is read.
    let large = Asked { bytes: BYTES_MAX + 1, key: Key::Find, present: PRESENT };
    let Err(Told::Wrong(words)) = Bring::new(large) else { panic!("it is too large") };
    assert!(words.contains("257 MB") && words.contains("256 MB is the most"), "{words}");
}

/// More requests than are tried here: said while it is read, long before its end.
#[test]
fn too_many_requests_are_said_while_reading() {
    let piece = b"a\n".repeat(1 << 19);
    let mut it = Bring::new(asked(100 << 20, Key::Find)).expect("is small enough");
    let told = (0..60).map(|_| it.feed(&piece)).find(|it| !matches!(it, Told::Reading(_)));
    let Some(Told::Wrong(words)) = told else { panic!("refused") };
    assert!(words.contains("more than 20\u{202f}000\u{202f}000 requests"), "{words}");
    assert!(words.contains("head -n 20000000"), "{words}");
}

/// A table whose key column is not clear is asked about; either answer reads it.
#[test]
fn which_column_is_asked_where_it_is_not_clear() {
    let table = b"time,object\n1,a\n2,b\n3,a\n";
    let Err(Told::Which { first, named }) = begin(table, Key::Find, 100) else {
        panic!("it is not clear");
    };
    assert_eq!((first, named), (vec!["time".to_owned(), "object".to_owned()], true));
    let read = |key| known(&begin(table, key, 100).expect("is read"));
    let by_column = read(Key::Column { at: 1, named: true });
    assert_eq!((by_column.requests, by_column.keys), (3, 2));
    let by_line = read(Key::Line);
    assert_eq!((by_line.requests, by_line.keys), (4, 4));
    // Without names; numbers in the first line are places, whatever they say.
    let bare = b"2,1,x\n2,1,y\n2,1,x\n";
    let Err(Told::Which { named, .. }) = begin(bare, Key::Find, 100) else { panic!("asked") };
    assert!(!named);
    let third = known(&begin(bare, Key::Column { at: 2, named }, 100).expect("is read"));
    assert_eq!((third.requests, third.keys), (3, 2));
    // A column that is not there.
    let Err(Told::Wrong(words)) = begin(bare, Key::Column { at: 5, named }, 100) else {
        panic!("there is none");
    };
    assert!(words.contains("none of number 6"), "{words}");
}

/// Keys with spaces or single commas further down are no tables.
#[test]
fn tables_are_told_from_keys() {
    assert_eq!(Table::of(b"GET /a b\nGET /a\n"), None);
    assert_eq!(Table::of(b"a\nb,c\n"), None);
    let found = |text: &[u8]| Table::of(text).map(|it| (it.first.len(), it.named, it.key));
    assert_eq!(found(b"1 7 a\n2 8 b\n"), Some((3, false, None)));
    assert_eq!(found(b"t\tKEY\n1\tx\n"), Some((2, true, Some(1))));
    assert_eq!(found(b"\xef\xbb\xbfkey;size\nx;1\n"), Some((2, true, Some(0))));
    // Two columns called key: which?
    assert_eq!(found(b"key,key\nx,y\n"), Some((2, false, None)));
}
