//! The files of the site and how they refer to each other.
//!
//! A reference is a path that begins with `./` or `../`, in quotes or in `url(…)`, relative to the
//! file it stands in. Every file is renamed after its contents (`app-0123456789abcdef.css`) and
//! every reference rewritten, so a changed file has a new address and no cache can be stale.
//! A few files keep their name because their address is known from outside.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use sha2::{Digest, Sha256};

use crate::Result;

/// Where a visit begins.
const PAGE: &str = "index.html";
/// Found by their fixed address: the page, what a browser or host asks for by name, licences.
const KEEPS_NAME: [&str; 6] =
    [PAGE, "404.html", "proof.html", "manifest.webmanifest", "robots.txt", "service-worker.js"];
/// What wasm-bindgen writes; holds strings that look like references and are none.
const GLUE: [&str; 2] = ["ringside.js", FAST];
/// Loads the module that goes on with what the worker runs: not part of the first load.
const FAST: &str = "fast.js";
/// Loads the modules that come later: what it refers to is not part of the first load.
const LATER: &str = "rooms.js";
/// What later parts look like: fetched with them.
const LATER_LOOKS: &str = "rooms.css";
/// The worker of a trace that somebody brings: they say where it is.
const TRACE: &str = "trace.js";
/// Stands in the page's policy for the hashes of its inline scripts.
const SCRIPT_HASHES: &str = "{script-hashes}";
/// Hexadecimal digits of the contents' SHA-256 in a file name (the server knows them by that).
const HASH_DIGITS: usize = 16;

/// A finished file of the site.
pub struct Output {
    /// Path below the site's root.
    pub name: String,
    /// Contents, references rewritten.
    pub bytes: Vec<u8>,
    /// Whether the first paint and the first run need it.
    pub first: bool,
}

impl Output {
    /// A file that nothing refers to.
    pub fn plain(name: &str, bytes: Vec<u8>) -> Self {
        Self { name: name.to_owned(), bytes, first: false }
    }
}

/// The sources, by path, and what has been made of them so far.
pub struct Assets {
    sources: BTreeMap<String, Vec<u8>>,
    /// Names of the modules and their glue, which refer to each other in circles and only work
    /// together: named after the contents of all of them.
    code: BTreeMap<String, String>,
    built: BTreeMap<String, Output>,
    /// Sources whose references are being followed: a file cannot be named after itself.
    open: Vec<String>,
}

impl Assets {
    /// Takes sources, and the modules with their glue, under the paths by which they refer to each
    /// other.
    pub fn new(
        mut sources: BTreeMap<String, Vec<u8>>,
        mut code: BTreeMap<String, Vec<u8>>,
    ) -> Self {
        for (_, glue) in code.iter_mut().filter(|it| GLUE.contains(&it.0.as_str())) {
            let text = String::from_utf8_lossy(glue);
            let text =
                ["ringside_bg.wasm", "fast_bg.wasm"].iter().fold(text.into_owned(), |it, name| {
                    let it = it.replace(&format!("'{name}'"), &format!("'./{name}'"));
                    it.replace(&format!("\"{name}\""), &format!("\"./{name}\""))
                });
            // There it is the name under which the module asks for it, and no reference.
            *glue = text.replace("\"./rooms.js\":", "[\"./rooms\" + \".js\"]:").into_bytes();
        }
        let all: Vec<u8> = code.values().flatten().copied().collect();
        let names = code.keys().map(|path| (path.clone(), final_name(path, &all))).collect();
        sources.append(&mut code);
        Self { sources, code: names, built: BTreeMap::new(), open: Vec::new() }
    }

    /// Renames and rewrites all files; the page's and all it leads to are marked as first.
    pub fn build(mut self) -> Result<Vec<Output>> {
        self.finish(PAGE)?;
        for (path, output) in &mut self.built {
            output.first = ![LATER_LOOKS, TRACE].contains(&path.as_str());
        }
        for path in self.sources.keys().cloned().collect::<Vec<_>>() {
            self.finish(&path)?;
        }
        let names: BTreeSet<_> = self.built.values().map(|output| &output.name).collect();
        assert_eq!(names.len(), self.built.len(), "two files of one name");
        Ok(self.built.into_values().collect())
    }

    /// The final name of a source, whose references are finished before it.
    fn finish(&mut self, path: &str) -> Result<String> {
        if let Some(output) = self.built.get(path) {
            return Ok(output.name.clone());
        }
        if self.open.iter().any(|open| open == path) {
            if keeps_name(path) {
                return Ok(path.to_owned());
            }
            if let Some(name) = self.code.get(path) {
                return Ok(name.clone());
            }
            return Err(format!("{} refer to each other in a circle", self.open.join(", ")).into());
        }
        let bytes = self.sources.get(path).ok_or_else(|| format!("there is no {path}"))?.clone();
        self.open.push(path.to_owned());
        let bytes = match is_text(path) {
            true => self.rewrite(path, String::from_utf8(bytes)?)?.into_bytes(),
            false => bytes,
        };
        self.open.pop();
        let name = self.code.get(path).cloned().unwrap_or_else(|| final_name(path, &bytes));
        self.built.insert(path.to_owned(), Output { name: name.clone(), bytes, first: false });
        Ok(name)
    }

    fn rewrite(&mut self, path: &str, text: String) -> Result<String> {
        let mut done = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some((before, reference)) = next_reference(rest) {
            done.push_str(before);
            rest = &rest[before.len() + reference.len()..];
            let wanted = resolve(path, reference).ok_or_else(|| {
                format!("{path} refers to {reference}, which is outside of the site")
            })?;
            // The folder itself, or a string in the glue that only looks like a reference.
            if wanted.is_empty() || (GLUE.contains(&path) && !self.sources.contains_key(&wanted)) {
                done.push_str(reference);
                continue;
            }
            let name = match self.code.get(&wanted) {
                Some(name) if path == LATER || wanted == FAST => name.clone(),
                _ => self.finish(&wanted).map_err(|error| format!("{path}: {error}"))?,
            };
            // Files keep their folders, so only the last part of the reference changes.
            let kept = reference.rfind('/').map_or(0, |slash| slash + 1);
            done.push_str(&reference[..kept]);
            done.push_str(name.rsplit('/').next().expect("a split has a last part"));
        }
        done.push_str(rest);
        match path.ends_with(".html") {
            true => Ok(done.replace(SCRIPT_HASHES, &script_hashes(&done).join(" "))),
            false => Ok(done),
        }
    }
}

fn is_text(path: &str) -> bool {
    [".html", ".css", ".js", ".mjs", ".webmanifest"].iter().any(|ending| path.ends_with(ending))
}

/// What comes before the next reference, and the reference.
fn next_reference(text: &str) -> Option<(&str, &str)> {
    let mut from = 0;
    while let Some(found) = text[from..].find("./") {
        let at = from + found;
        let start = if text[..at].ends_with('.') { at - 1 } else { at };
        let close = match text[..start].chars().next_back() {
            Some(quote @ ('"' | '\'' | '`')) => Some(quote),
            Some('(') if text[..start].ends_with("url(") => Some(')'),
            _ => None,
        };
        let end = close.and_then(|close| text[start..].find([close, '\n', '$']));
        if let (Some(close), Some(length)) = (close, end)
            && text[start + length..].starts_with(close)
        {
            return Some((&text[..start], &text[start..start + length]));
        }
        from = at + 2;
    }
    None
}

/// The path below the root that a reference in `path` means.
fn resolve(path: &str, reference: &str) -> Option<String> {
    let mut parts: Vec<&str> = path.split('/').collect();
    parts.pop();
    for part in reference.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                parts.pop()?;
            }
            _ => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

fn keeps_name(path: &str) -> bool {
    KEEPS_NAME.contains(&path) || path.ends_with(".txt")
}

fn final_name(path: &str, bytes: &[u8]) -> String {
    if keeps_name(path) {
        return path.to_owned();
    }
    let hash: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let hash = &hash[..HASH_DIGITS];
    let file = path.rfind('/').map_or(0, |slash| slash + 1);
    match path[file..].rfind('.') {
        Some(dot) => format!("{}-{hash}{}", &path[..file + dot], &path[file + dot..]),
        None => format!("{path}-{hash}"),
    }
}

/// A policy source for each inline script, in the order of the page.
fn script_hashes(page: &str) -> Vec<String> {
    let mut hashes = Vec::new();
    let mut rest = page;
    while let Some(found) = rest.find("<script") {
        rest = &rest[found..];
        let (Some(open), Some(close)) = (rest.find('>'), rest.find("</script>")) else {
            break;
        };
        if !rest[..open].contains(" src=") {
            let hash = BASE64.encode(Sha256::digest(&rest[open + 1..close]));
            hashes.push(format!("'sha256-{hash}'"));
        }
        rest = &rest[close..];
    }
    hashes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(sources: &[(&str, &str)]) -> Result<BTreeMap<String, String>> {
        let outputs = Assets::new(owned(sources), BTreeMap::new()).build()?;
        let text = |output: Output| (output.name, String::from_utf8(output.bytes).expect("text"));
        Ok(outputs.into_iter().map(text).collect())
    }

    fn owned(sources: &[(&str, &str)]) -> BTreeMap<String, Vec<u8>> {
        let owned = |(path, text): &(&str, &str)| ((*path).to_owned(), text.as_bytes().to_vec());
        sources.iter().map(owned).collect()
    }

    #[test]
    fn references_follow_the_contents_they_name() {
        let page = r#"<link href="./a.css"><a href="./">home</a> ./loose"#;
        let css = "x { background: url(./pictures/b.svg) }";
        let before = build(&[("index.html", page), ("a.css", css), ("pictures/b.svg", "1")]);
        let after = build(&[("index.html", page), ("a.css", css), ("pictures/b.svg", "2")]);
        let (before, after) = (before.expect("builds"), after.expect("builds"));
        // A changed picture renames the style sheet that shows it, too: only the page keeps its name.
        let shared: Vec<_> = before.keys().filter(|name| after.contains_key(*name)).collect();
        assert_eq!(shared, ["index.html"]);
        for (name, text) in &before {
            if name.starts_with("a-") {
                assert!(before["index.html"].contains(&format!(r#""./{name}""#)));
                assert!(text.contains("url(./pictures/b-"));
            }
        }
        assert!(before["index.html"].ends_with(r#"<a href="./">home</a> ./loose"#));
    }

    #[test]
    fn a_missing_file_is_an_error_that_names_both() {
        let error = build(&[("index.html", "<img src='./gone.svg'>")]).expect_err("must fail");
        assert_eq!(error.to_string(), "index.html: there is no gone.svg");
    }

    #[test]
    fn a_circle_is_an_error() {
        let sources = [("index.html", "'./a.js'"), ("a.js", "'./b.js'"), ("b.js", "'./a.js'")];
        assert!(build(&sources).expect_err("must fail").to_string().contains("circle"));
        // A name that stays can be known before its file is finished.
        let sources = [("index.html", "'./a.js'"), ("a.js", "'./index.html'")];
        assert!(build(&sources).is_ok());
    }

    #[test]
    fn code_is_named_together_and_what_comes_later_is_not_first() {
        let built = |later: &str| {
            let looks = "'./worker.js' './rooms.css'";
            let worker = ("worker.js", "'./ringside.js' './fast.js'");
            let rooms = ("rooms.css", "a { --worker: url(./trace.js) }");
            let trace = ("trace.js", "'./fast.js' './ringside.js'");
            let sources = owned(&[("index.html", looks), worker, rooms, trace]);
            let code = owned(&[
                ("ringside.js", "'./rooms.js' './first.wasm'"),
                ("rooms.js", "'./ringside.js' './later.wasm'"),
                ("first.wasm", "1"),
                ("later.wasm", later),
                ("fast.js", "'fast_bg.wasm'"),
                ("fast_bg.wasm", "3"),
            ]);
            Assets::new(sources, code).build().expect("builds")
        };
        let (before, after) = (built("2"), built("3"));
        for (one, other) in before.iter().zip(&after) {
            let code = one.name != "index.html";
            assert_eq!(one.name != other.name, code, "{}", one.name);
            let later = one.name.starts_with("later-") || one.name.ends_with(".css");
            let later = later || one.name.starts_with("fast") || one.name.starts_with("trace");
            assert_eq!(one.first, !later, "{}", one.name);
        }
        let rooms = before
            .iter()
            .find(|it| it.name.starts_with("rooms-") && it.name.ends_with(".js"))
            .expect("is there");
        let text = String::from_utf8_lossy(&rooms.bytes);
        assert!(before.iter().all(|it| it.name == "index.html"
            || it.name.starts_with("worker-")
            || it.name.starts_with("fast")
            || it.name.starts_with("trace")
            || it.name.ends_with(".css")
            || it.name.starts_with("rooms-")
            || it.name.starts_with("first-")
            || text.contains(&format!("'./{}'", it.name))));
    }

    #[test]
    fn references_resolve_relative_to_their_file() {
        assert_eq!(resolve("fonts/a.css", "../b.svg").as_deref(), Some("b.svg"));
        assert_eq!(resolve("fonts/a.css", "./b.svg").as_deref(), Some("fonts/b.svg"));
        assert_eq!(resolve("a.css", "../b.svg"), None);
    }

    #[test]
    fn only_inline_scripts_are_hashed() {
        let page = "<script src=\"./a.js\"></script><script>alert('x')</script>";
        // printf "alert('x')" | openssl dgst -sha256 -binary | base64
        assert_eq!(script_hashes(page), ["'sha256-JPoFjrDvGjII2ZQr0zVCLdwImped9XUzr7nzeL7Ser0='"]);
    }
}
