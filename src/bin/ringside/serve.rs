//! `ringside serve`: the static site on this machine.
//!
//! Files only, read fresh for each request; compressed siblings where the browser takes them.

use std::error::Error;
use std::fs::File;
use std::io::{self, Write as _};
use std::net::{IpAddr, SocketAddr};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::thread;

use clap::Args;
use tiny_http::{Header, Method, Request, Response, Server, StatusCode};

/// Requests answered at once: as many connections as a browser opens to one host.
const THREADS: usize = 6;
/// Compressed siblings, the best first: name in HTTP, ending of the file.
const ENCODINGS: [(&str, &str); 2] = [("br", "br"), ("gzip", "gz")];
/// Hexadecimal digits of a content hash in a file name (`src/bin/site/assets.rs` puts them there).
const HASH_DIGITS: usize = 16;

/// Options of `ringside serve`.
#[derive(Args)]
pub struct Options {
    /// The folder to serve.
    #[arg(default_value = "dist")]
    folder: PathBuf,
    /// The port to listen on; 0 takes any free one.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// The address to listen on; 0.0.0.0 lets other machines in.
    #[arg(long, default_value = "127.0.0.1")]
    host: IpAddr,
}

/// Serves until the process is stopped.
pub fn serve(options: &Options) -> Result<(), Box<dyn Error>> {
    let folder = options.folder.display();
    let root = options
        .folder
        .canonicalize()
        .map_err(|error| format!("{folder}: {error}"))?;
    if !root.join("index.html").is_file() {
        return Err(format!("{folder} has no index.html; `make dist` builds the site").into());
    }
    let (host, port) = (options.host, options.port);
    let server = Server::http((host, port)).map_err(|error| refusal(host, port, &*error))?;
    let address = server
        .server_addr()
        .to_ip()
        .unwrap_or(SocketAddr::new(host, port));
    println!("Ringside is at http://{address}");
    println!("Control-C stops it.");
    io::stdout().flush()?;

    let server = Arc::new(server);
    let threads: Vec<_> = (0..THREADS)
        .map(|_| {
            let (server, root) = (Arc::clone(&server), root.clone());
            thread::spawn(move || {
                while let Ok(request) = server.recv() {
                    answer(request, &root);
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().map_err(|_| "a server thread panicked")?;
    }
    Ok(())
}

fn refusal(host: IpAddr, port: u16, error: &(dyn Error + 'static)) -> String {
    let kind = error.downcast_ref::<io::Error>().map(io::Error::kind);
    match kind {
        Some(io::ErrorKind::AddrInUse) => {
            format!("port {port} of {host} is taken; choose another one with --port")
        }
        Some(io::ErrorKind::PermissionDenied) => {
            format!("port {port} of {host} needs more rights; choose one above 1023 with --port")
        }
        _ => format!("cannot listen on port {port} of {host}: {error}"),
    }
}

fn answer(request: Request, root: &Path) {
    // A browser that has gone away is its own affair.
    let _ = match reply(&request, root) {
        Reply::File(path) => send_file(request, &path),
        Reply::Folder(address) => {
            let moved = Response::empty(301).with_header(header("Location", &address));
            request.respond(moved)
        }
        Reply::Refused(status) => {
            let text = status.default_reason_phrase();
            let header = header("Content-Type", "text/plain; charset=utf-8");
            request.respond(
                Response::from_string(text)
                    .with_status_code(status)
                    .with_header(header),
            )
        }
    };
}

enum Reply {
    File(PathBuf),
    /// A folder asked for without its slash; relative addresses in its page need the slash.
    Folder(String),
    Refused(StatusCode),
}

fn reply(request: &Request, root: &Path) -> Reply {
    if !matches!(request.method(), Method::Get | Method::Head) {
        return Reply::Refused(StatusCode(405));
    }
    let address = request.url().split(['?', '#']).next().unwrap_or_default();
    let Some(path) = path_below(root, address) else {
        return Reply::Refused(StatusCode(404));
    };
    if path.is_dir() && !address.ends_with('/') {
        let last = address.rsplit('/').next().unwrap_or_default();
        return Reply::Folder(format!("./{last}/"));
    }
    let path = if path.is_dir() {
        path.join("index.html")
    } else {
        path
    };
    // Links inside the folder may point out of it; nothing outside is served.
    match path.canonicalize() {
        Ok(path) if path.is_file() && path.starts_with(root) => Reply::File(path),
        _ => Reply::Refused(StatusCode(404)),
    }
}

fn send_file(request: Request, path: &Path) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let accepted = request
        .headers()
        .iter()
        .find(|header| header.field.equiv("Accept-Encoding"))
        .map_or("", |header| header.value.as_str());
    let sibling = ENCODINGS
        .iter()
        .filter(|(encoding, _)| accepts(accepted, encoding))
        .find_map(|(encoding, ending)| {
            let file = File::open(path.with_file_name(format!("{name}.{ending}"))).ok()?;
            Some((*encoding, file))
        });
    let (encoding, file) = match sibling {
        Some((encoding, file)) => (Some(encoding), file),
        None => (None, File::open(path)?),
    };
    let caching = match is_hashed(&name) {
        true => "public, max-age=31536000, immutable",
        false => "no-cache",
    };
    let mut headers = vec![
        header("Content-Type", content_type(&name)),
        header("Cache-Control", caching),
        header("Vary", "Accept-Encoding"),
        header("X-Content-Type-Options", "nosniff"),
    ];
    headers.extend(encoding.map(|encoding| header("Content-Encoding", encoding)));
    let length = usize::try_from(file.metadata()?.len()).ok();
    let response = Response::new(StatusCode(200), headers, file, length, None);
    request.respond(response.with_chunked_threshold(usize::MAX))
}

/// The file that an address means, or none if it leads out of the folder.
fn path_below(root: &Path, address: &str) -> Option<PathBuf> {
    let decoded = percent_decoded(address.strip_prefix('/')?)?;
    if decoded.contains(['\\', '\0']) {
        return None;
    }
    let path = Path::new(&decoded);
    let inside = path
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    inside.then(|| root.join(path))
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        if first != b'%' {
            bytes.push(first);
            rest = tail;
            continue;
        }
        let (digits, tail) = tail.split_at_checked(2)?;
        let digit = |index: usize| (digits[index] as char).to_digit(16);
        bytes.push(u8::try_from(digit(0)? * 16 + digit(1)?).ok()?);
        rest = tail;
    }
    String::from_utf8(bytes).ok()
}

/// Whether a list such as `gzip, br;q=0.5, zstd;q=0` takes an encoding.
fn accepts(list: &str, encoding: &str) -> bool {
    list.split(',').any(|item| {
        let mut parts = item.split(';').map(str::trim);
        let named = parts
            .next()
            .is_some_and(|name| name.eq_ignore_ascii_case(encoding));
        let weight = parts
            .find_map(|part| part.strip_prefix("q="))
            .map(str::parse::<f32>);
        named && !matches!(weight, Some(Ok(weight)) if weight <= 0.0)
    })
}

/// Whether a name carries a content hash: such a file never changes.
fn is_hashed(name: &str) -> bool {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    stem.rsplit_once('-').is_some_and(|(_, hash)| {
        hash.len() == HASH_DIGITS && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "md" | "txt" => "text/plain; charset=utf-8",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "wasm" => "application/wasm",
        "webmanifest" => "application/manifest+json",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}

fn header(name: &str, value: &str) -> Header {
    Header::from_bytes(name, value).expect("names and values here are plain ASCII")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_stay_below_the_folder() {
        let below = |address| path_below(Path::new("/site"), address);
        assert_eq!(below("/"), Some("/site".into()));
        assert_eq!(
            below("/fonts/a%20b.woff2"),
            Some("/site/fonts/a b.woff2".into())
        );
        let outside = [
            "",
            "index.html",
            "/..",
            "/../x",
            "/a/../../x",
            "/%2e%2e/x",
            "/%2E./x",
            "//etc/passwd",
            "/%2fetc/passwd",
            "/..%5cx",
            "/a%00",
            "/%zz",
            "/%2",
            "/%ff",
            "/./../x",
        ];
        for address in outside {
            assert_eq!(below(address), None, "{address}");
        }
    }

    #[test]
    fn encodings_are_taken_as_the_browser_says() {
        assert!(accepts("gzip, deflate, br", "br"));
        assert!(accepts("BR;q=0.1", "br"));
        for list in ["", "gzip", "br;q=0", "br; q=0.000", "brx"] {
            assert!(!accepts(list, "br"), "{list}");
        }
    }

    #[test]
    fn types_are_right() {
        assert_eq!(
            content_type("ringside_bg-0123456789abcdef.wasm"),
            "application/wasm"
        );
        assert_eq!(content_type("a.js"), "text/javascript; charset=utf-8");
        assert_eq!(content_type("LICENSE"), "application/octet-stream");
    }

    #[test]
    fn only_hashed_names_are_kept_for_ever() {
        assert!(is_hashed("app-0123456789abcdef.css"));
        for name in [
            "index.html",
            "app-0123.css",
            "app-0123456789abcdeg.css",
            "manifest.webmanifest",
        ] {
            assert!(!is_hashed(name), "{name}");
        }
    }
}
