//! `ringside serve`: the static site on this machine.
//!
//! Files only, read fresh for each request; compressed siblings where the browser takes them.

use std::convert::Infallible;
use std::error::Error;
use std::fs;
use std::io::{self, Write as _};
use std::net::IpAddr;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{self, HeaderMap, HeaderName};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// Compressed siblings, the best first: name in HTTP, ending of the file.
const ENCODINGS: [(&str, &str); 2] = [("br", "br"), ("gzip", "gz")];
/// Hexadecimal digits of a content hash in a file name (`src/bin/site/assets.rs` puts them there).
const HASH_DIGITS: usize = 16;

type Answer = Response<Full<Bytes>>;

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
    let root = options.folder.canonicalize().map_err(|error| format!("{folder}: {error}"))?;
    if !root.join("index.html").is_file() {
        return Err(format!("{folder} has no index.html; `make dist` builds the site").into());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(listen(options.host, options.port, root.into()))
}

async fn listen(host: IpAddr, port: u16, root: Arc<Path>) -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind((host, port)).await;
    let listener = listener.map_err(|error| refusal(host, port, &error))?;
    println!("Ringside is at http://{}", listener.local_addr()?);
    println!("Control-C stops it.");
    io::stdout().flush()?;
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // The caller has gone, or too many are here: the next turn may be better.
            tokio::task::yield_now().await;
            continue;
        };
        let root = Arc::clone(&root);
        tokio::spawn(async move {
            let service = service_fn(|request: Request<_>| {
                let answer =
                    answer(request.method(), request.uri().path(), request.headers(), &root);
                async { Ok::<_, Infallible>(answer) }
            });
            // A browser that breaks off is its own affair.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

fn refusal(host: IpAddr, port: u16, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            format!("port {port} of {host} is taken; choose another one with --port")
        }
        io::ErrorKind::PermissionDenied => {
            format!("port {port} of {host} needs more rights; choose one above 1023 with --port")
        }
        _ => format!("cannot listen on port {port} of {host}: {error}"),
    }
}

/// The answer to a request, read from the disk while it waits: files here are small and near.
fn answer(method: &Method, address: &str, headers: &HeaderMap, root: &Path) -> Answer {
    if !matches!(*method, Method::GET | Method::HEAD) {
        return refused(StatusCode::METHOD_NOT_ALLOWED);
    }
    let Some(path) = path_below(root, address) else {
        return refused(StatusCode::NOT_FOUND);
    };
    if path.is_dir() && !address.ends_with('/') {
        // Relative addresses in the folder's page need the slash.
        let last = address.rsplit('/').next().unwrap_or_default();
        let location = (header::LOCATION, format!("./{last}/"));
        return response(StatusCode::MOVED_PERMANENTLY, &[location], Vec::new());
    }
    let path = if path.is_dir() { path.join("index.html") } else { path };
    // Links inside the folder may point out of it; nothing outside is served.
    match path.canonicalize() {
        Ok(path) if path.is_file() && path.starts_with(root) => file(&path, headers),
        _ => refused(StatusCode::NOT_FOUND),
    }
}

fn refused(status: StatusCode) -> Answer {
    let plain = (header::CONTENT_TYPE, content_type(".txt").to_owned());
    response(status, &[plain], status.to_string().into_bytes())
}

fn file(path: &Path, asked: &HeaderMap) -> Answer {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let caching = match is_hashed(&name) {
        true => "public, max-age=31536000, immutable",
        false => "no-cache",
    };
    let mut headers = vec![
        (header::CONTENT_TYPE, content_type(&name).to_owned()),
        (header::CACHE_CONTROL, caching.to_owned()),
        (header::VARY, "Accept-Encoding".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    let accepted = asked.get(header::ACCEPT_ENCODING).and_then(|list| list.to_str().ok());
    for (encoding, ending) in ENCODINGS {
        if !accepts(accepted.unwrap_or_default(), encoding) {
            continue;
        }
        if let Ok(bytes) = fs::read(path.with_file_name(format!("{name}.{ending}"))) {
            headers.push((header::CONTENT_ENCODING, encoding.to_owned()));
            return response(StatusCode::OK, &headers, bytes);
        }
    }
    match fs::read(path) {
        Ok(bytes) => response(StatusCode::OK, &headers, bytes),
        Err(_) => refused(StatusCode::NOT_FOUND),
    }
}

fn response(status: StatusCode, headers: &[(HeaderName, String)], bytes: Vec<u8>) -> Answer {
    // Said here because the answer to HEAD has no body to count.
    let mut response =
        Response::builder().status(status).header(header::CONTENT_LENGTH, bytes.len());
    for (name, value) in headers {
        response = response.header(name, value);
    }
    response.body(Full::from(bytes)).expect("header values here are plain ASCII")
}

/// The file that an address means, or none if it leads out of the folder.
fn path_below(root: &Path, address: &str) -> Option<PathBuf> {
    let decoded = percent_decoded(address.strip_prefix('/')?)?;
    if decoded.contains(['\\', '\0']) {
        return None;
    }
    let path = Path::new(&decoded);
    let inside = path.components().all(|part| matches!(part, Component::Normal(_)));
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
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(encoding));
        let weight = parts.find_map(|part| part.strip_prefix("q=")).map(str::parse::<f32>);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_stay_below_the_folder() {
        let below = |address| path_below(Path::new("/site"), address);
        assert_eq!(below("/"), Some("/site".into()));
        assert_eq!(below("/fonts/a%20b.woff2"), Some("/site/fonts/a b.woff2".into()));
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
    fn the_site_is_served_and_nothing_else() {
        let root = std::env::temp_dir().join(format!("ringside-serve-{}", std::process::id()));
        fs::create_dir_all(root.join("sub")).expect("folder");
        let root = root.canonicalize().expect("folder");
        for (name, text) in
            [("index.html", "page"), ("index.html.br", "brotli"), ("sub/a.wasm", "wasm")]
        {
            fs::write(root.join(name), text).expect("file");
        }
        let ask = |method: Method, address: &str, accepted: &'static str| {
            let accepted = header::HeaderValue::from_static(accepted);
            let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, accepted)]);
            let answer = answer(&method, address, &headers, &root);
            let shown = [header::CONTENT_LENGTH, header::CONTENT_ENCODING, header::LOCATION];
            let shown = shown.map(|name| {
                answer.headers().get(name).map_or("-", |it| it.to_str().expect("ASCII")).to_owned()
            });
            (answer.status().as_u16(), shown.join(" "))
        };
        assert_eq!(ask(Method::GET, "/", "gzip, br"), (200, "6 br -".into()));
        assert_eq!(ask(Method::HEAD, "/index.html", "gzip"), (200, "4 - -".into()));
        assert_eq!(ask(Method::GET, "/sub/a.wasm", "br"), (200, "4 - -".into()));
        assert_eq!(ask(Method::GET, "/sub", "br"), (301, "0 - ./sub/".into()));
        assert_eq!(ask(Method::GET, "/sub/", "br").0, 404);
        assert_eq!(ask(Method::GET, "/../x", "br").0, 404);
        assert_eq!(ask(Method::POST, "/", "br").0, 405);
        fs::remove_dir_all(root).expect("folder");
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
        assert_eq!(content_type("ringside_bg-0123456789abcdef.wasm"), "application/wasm");
        assert_eq!(content_type("a.js"), "text/javascript; charset=utf-8");
        assert_eq!(content_type("LICENSE"), "application/octet-stream");
    }

    #[test]
    fn only_hashed_names_are_kept_for_ever() {
        assert!(is_hashed("app-0123456789abcdef.css"));
        for name in
            ["index.html", "app-0123.css", "app-0123456789abcdeg.css", "manifest.webmanifest"]
        {
            assert!(!is_hashed(name), "{name}");
        }
    }
}
