//! Builds the static site: compiles the library to WebAssembly, names every file by its contents,
//! and writes `dist/` with compressed siblings and `first-load.json`.
//!
//! Run by `make dist`, which has seen to the tools.

mod assets;
mod compress;
mod light;
mod shed;

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use clap::Parser;
use ringside::document::file::read;

use assets::{Assets, Output};

/// The oldest `wasm-opt` that is trusted: 108 accepts today's modules and breaks them silently.
const WASM_OPT_VERSION_MIN: u32 = 120;
/// Erased views share their code: without it the page is a fifth larger. What is behind
/// `cfg(split)` is split off, for which the linker must leave its notes in.
const WEB_FLAGS: &str = " --cfg erase_components --cfg split -C link-args=--emit-relocs";
/// The light module tells what a panic says and not where: 6 kB of names of files and numbers of lines.
/// The fast one, which soon runs in its place, tells both. Left out where the compiler does not know it.
const NO_PLACES: &str = "-Zlocation-detail=none";
/// The page with all its parts, and what goes on with what its worker runs: profile, and features.
const LIGHT_BUILD: (&str, &[&str]) = ("web", &[]);
const FAST_BUILD: (&str, &[&str]) = ("release", &["--no-default-features"]);
/// What rustc's modules use; a module split off does not say so itself.
const FEATURES: [&str; 8] = [
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-call-indirect-overlong",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];
/// What newcomers see.
const OPENING: &str = "static/designs/bookstore.json";
/// What the first visit needs, and what it weighs.
const LISTING: &str = "first-load.json";

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Builds the static site.
#[derive(Parser)]
struct Options {
    /// Where the site goes; replaced as a whole.
    #[arg(long, default_value = "dist")]
    out: PathBuf,
    /// The `wasm-bindgen` to use; its version must be that of Cargo.lock.
    #[arg(long, default_value = "wasm-bindgen")]
    wasm_bindgen: PathBuf,
    /// The `wasm-opt` to use; without it the module stays a little larger and slower.
    #[arg(long)]
    wasm_opt: Option<PathBuf>,
    /// The `esbuild` to use; without it scripts and style sheets stay as they were written.
    #[arg(long)]
    esbuild: Option<PathBuf>,
    /// Only packs what newcomers see, into this file.
    #[arg(long)]
    opening: Option<PathBuf>,
}

fn main() -> ExitCode {
    match build(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("site: {error}");
            ExitCode::FAILURE
        }
    }
}

fn build(options: &Options) -> Result<()> {
    if let Some(path) = &options.opening {
        return Ok(fs::write(path, opening()?)?);
    }
    let target = PathBuf::from(std::env::var_os("CARGO_TARGET_DIR").unwrap_or("target".into()));
    let work = target.join("site");
    fs::create_dir_all(&work)?;

    check_bindgen(&options.wasm_bindgen)?;
    let wasm_opt = options.wasm_opt.as_deref().filter(|path| path.exists());
    let package = package(&target, &work, &options.wasm_bindgen, wasm_opt)?;

    let mut sources = BTreeMap::new();
    for folder in [Path::new("www"), Path::new("static")] {
        read_tree(folder, folder, &mut sources)?;
    }
    sources.insert("opening.bin".to_owned(), opening()?);
    let mut code = BTreeMap::new();
    read_tree(&package, &package, &mut code)?;
    let esbuild = options.esbuild.as_deref().filter(|path| path.exists());
    if esbuild.is_none() {
        println!("No esbuild: scripts and style sheets are as they were written.");
    }
    light::all(&mut sources, esbuild)?;
    light::all(&mut code, esbuild)?;
    let outputs = Assets::new(sources, code).build()?;
    write(&outputs, &options.out)
}

/// What newcomers see, packed: the page need not read text to show it.
fn opening() -> Result<Vec<u8>> {
    let text = fs::read_to_string(OPENING).map_err(|error| format!("{OPENING}: {error}"))?;
    let (file, notices) = read(&text).map_err(|error| format!("{OPENING}: {error}"))?;
    match notices.first() {
        Some(notice) => Err(format!("{OPENING}: {notice}").into()),
        None => Ok(file.pack()),
    }
}

/// The library as WebAssembly with its JavaScript glue, in a folder in `work`, which is handed back.
fn package(
    target: &Path,
    work: &Path,
    wasm_bindgen: &Path,
    wasm_opt: Option<&Path>,
) -> Result<PathBuf> {
    let folder = &work.join("pkg");
    // From scratch, so that no glue of an older build stays behind.
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder)?;
    let first = work.join("first.wasm");
    let (mut modules, fast) = std::thread::scope(|scope| {
        let fast = scope.spawn(|| library(target, FAST_BUILD, "").map_err(|it| it.to_string()));
        let light = library(target, LIGHT_BUILD, WEB_FLAGS);
        let split = light.and_then(|module| split(&module, folder, &first));
        Ok::<_, Box<dyn std::error::Error>>((split?, fast.join().expect("builds or says why not")?))
    })?;
    bind(wasm_bindgen, &first, folder, "ringside")?;
    bind(wasm_bindgen, &fast, folder, "fast")?;
    let main = folder.join("ringside_bg.wasm");
    let module = fs::read(&main)?;
    let names = shed::short_names(&module)?;
    fs::write(&main, shed::shed(&module, shed::is_idle, &names)?)?;
    let glue = folder.join("ringside.js");
    fs::write(&glue, shed::rename(&fs::read_to_string(&glue)?, &names))?;
    modules.push(main);

    let Some(wasm_opt) = wasm_opt else {
        println!("No wasm-opt: the modules are built without it (install npm to have it).");
        return Ok(folder.to_owned());
    };
    check_wasm_opt(wasm_opt)?;
    let fast = folder.join("fast_bg.wasm");
    let levels = modules.iter().map(|it| ("-Oz", it)).chain([("-O3", &fast)]);
    for (level, module) in levels {
        let mut command = Command::new(wasm_opt);
        command.args([level, "--strip-debug", "--strip-producers"]).args(FEATURES);
        run(command.arg(module).arg("-o").arg(module))?;
    }
    Ok(folder.to_owned())
}

/// The library as a WebAssembly module: its profile, and what else Cargo is told.
fn library(target: &Path, (profile, options): (&str, &[&str]), flags: &str) -> Result<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or("cargo".into());
    let mut cargo = Command::new(cargo);
    let mut flags = std::env::var("RUSTFLAGS").unwrap_or_default() + flags;
    if profile == LIGHT_BUILD.0 && knows(NO_PLACES) {
        flags = format!("{flags} {NO_PLACES}");
        cargo.env("RUSTC_BOOTSTRAP", "1");
    }
    cargo.env("RUSTFLAGS", flags.trim()).args(["rustc", "--locked", "--lib"]);
    cargo.args(["--profile", profile]).args(options);
    run(cargo.args(["--target", "wasm32-unknown-unknown", "--crate-type", "cdylib"]))?;
    Ok(target.join("wasm32-unknown-unknown").join(profile).join("ringside.wasm"))
}

/// Whether the compiler takes an option that is not stable.
fn knows(option: &str) -> bool {
    let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or("rustc".into()));
    let asked = rustc.env("RUSTC_BOOTSTRAP", "1").args([option, "--print", "sysroot"]).output();
    asked.is_ok_and(|it| it.status.success())
}

/// A module with its JavaScript glue.
fn bind(wasm_bindgen: &Path, module: &Path, folder: &Path, name: &str) -> Result<()> {
    run(Command::new(wasm_bindgen)
        .args(["--target", "web", "--no-typescript", "--out-name", name])
        .args(["--remove-name-section", "--remove-producers-section", "--keep-lld-exports"])
        .arg("--out-dir")
        .arg(folder)
        .arg(module))
}

/// Splits off what comes after the first run (`app/rooms.rs`): writes the rest to `first`, and the
/// modules that come later, which are handed back, with the script that loads them to `folder`.
fn split(module: &Path, folder: &Path, first: &Path) -> Result<Vec<PathBuf>> {
    let module = fs::read(module)?;
    let mut options = wasm_split_cli_support::Options::new(&module);
    options.output_dir = folder;
    options.main_out_path = first;
    options.link_name = "./rooms.js";
    options.main_module = "./ringside.js";
    let split = wasm_split_cli_support::transform(options)
        .map_err(|error| format!("the module cannot be split: {error:#}"))?;

    // Some hosts do not know the type of WebAssembly files, which streaming insists on.
    let (link, streaming) = (folder.join("rooms.js"), "WebAssembly.instantiateStreaming(src, ");
    let script = fs::read_to_string(&link)?;
    if !script.contains(streaming) {
        return Err("the splitter's script has changed: it no longer streams".into());
    }
    let anyhow = "WebAssembly.instantiate(await (await src).arrayBuffer(), ";
    fs::write(&link, script.replace(streaming, anyhow))?;
    Ok(split.split_modules)
}

/// Glue and command line tool must be of one version; Cargo.lock decides which.
fn check_bindgen(wasm_bindgen: &Path) -> Result<()> {
    let lock = fs::read_to_string("Cargo.lock")?;
    let wanted = lock
        .split("[[package]]")
        .find(|package| package.contains("name = \"wasm-bindgen\"\n"))
        .and_then(|package| package.split("version = \"").nth(1)?.split('"').next())
        .ok_or("Cargo.lock does not name wasm-bindgen")?;
    let found = version(wasm_bindgen)?;
    if found.split_whitespace().any(|word| word == wanted) {
        return Ok(());
    }
    Err(format!("{} is {found}; Cargo.lock wants {wanted}", wasm_bindgen.display()).into())
}

fn check_wasm_opt(wasm_opt: &Path) -> Result<()> {
    let found = version(wasm_opt)?;
    let number = found.split_whitespace().find_map(|word| word.parse::<u32>().ok());
    if number.is_some_and(|number| number >= WASM_OPT_VERSION_MIN) {
        return Ok(());
    }
    Err(format!("{} is {found}; need at least {WASM_OPT_VERSION_MIN}", wasm_opt.display()).into())
}

fn version(tool: &Path) -> Result<String> {
    let output = Command::new(tool)
        .arg("--version")
        .output()
        .map_err(|error| format!("{}: {error}", tool.display()))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn run(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .map_err(|error| format!("{}: {error}", command.get_program().display()))?;
    if status.success() {
        return Ok(());
    }
    Err(format!("{} failed: {status}", command.get_program().display()).into())
}

/// Every file below `folder`, under its path relative to `root` with forward slashes.
fn read_tree(root: &Path, folder: &Path, sources: &mut BTreeMap<String, Vec<u8>>) -> Result<()> {
    for entry in fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            read_tree(root, &path, sources)?;
            continue;
        }
        let parts = path.strip_prefix(root)?.iter().map(|part| part.to_string_lossy());
        let name = parts.collect::<Vec<_>>().join("/");
        // Notes for people who read the sources, and what editors leave behind.
        if name.ends_with(".md") || name.contains("/.") || name.starts_with('.') {
            continue;
        }
        if sources.insert(name.clone(), fs::read(&path)?).is_some() {
            return Err(format!("two files want to be {name}").into());
        }
    }
    Ok(())
}

/// Writes the site, the listing last: make takes it as the sign that all is there.
fn write(outputs: &[Output], out: &Path) -> Result<()> {
    let compressed = compress::all(outputs);
    let listing = Output::plain(LISTING, compress::first_load(outputs, &compressed)?);
    let listing_compressed = compress::all(std::slice::from_ref(&listing));

    let _ = fs::remove_dir_all(out);
    let all = outputs.iter().zip(&compressed);
    for (output, siblings) in all.chain([(&listing, &listing_compressed[0])]) {
        let path = out.join(&output.name);
        fs::create_dir_all(path.parent().expect("a file lies in a folder"))?;
        if let Some(siblings) = siblings {
            fs::write(out.join(format!("{}.br", output.name)), &siblings.brotli)?;
            fs::write(out.join(format!("{}.gz", output.name)), &siblings.gzip)?;
        }
        fs::write(&path, &output.bytes)?;
    }
    println!("The site is in {}.", out.display());
    Ok(())
}
