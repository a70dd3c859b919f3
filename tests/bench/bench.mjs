// `make bench`: one table of ours natively (with a profile and without) and in WebAssembly, under Node and in Chromium, beside
// SimPy and Ciw on the same workloads, all measured now, one after the other.

import { execFileSync, spawnSync } from "node:child_process";
import { createServer } from "node:http";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import path from "node:path";

const root = fileURLToPath(new URL("../..", import.meta.url));
const target = path.resolve(root, process.env.CARGO_TARGET_DIR ?? "target");
const pkg = path.join(target, "bench");
const only = process.argv[2] ?? "";

const say = (text) => process.stderr.write(`${text}\n`);
const run = (command, args, options = {}) =>
  execFileSync(command, args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"], ...options });

/** Builds the module as the site's fast one, with the benchmarks in it. */
function build() {
  say("building the module …");
  const module = path.join(target, "wasm32-unknown-unknown/release/ringside.wasm");
  run("cargo", ["rustc", "--release", "--locked", "--lib", "--no-default-features", "--features", "bench",
    "--target", "wasm32-unknown-unknown", "--crate-type", "cdylib"]);
  run("wasm-bindgen", ["--target", "web", "--no-typescript", "--out-name", "bench", "--out-dir", pkg, module]);
  const optimiser = path.join(target, "tools/node_modules/.bin/wasm-opt");
  const bytes = path.join(pkg, "bench_bg.wasm");
  if (existsSync(optimiser)) {
    // What the module uses it says itself; more than that, Node may not know yet.
    run(optimiser, ["-O3", bytes, "-o", bytes]);
  }
}

/** Node: in a process of its own, so that memory is the module's alone. */
function node() {
  say("Node …");
  const script = `
    import { readFileSync } from "node:fs";
    import * as bench from ${JSON.stringify(pathToFileURL(path.join(pkg, "bench.js")).href)};
    const { memory } = bench.initSync({ module: readFileSync(${JSON.stringify(path.join(pkg, "bench_bg.wasm"))}) });
    const told = JSON.parse(bench.bench(${JSON.stringify(only)}, () => performance.now()));
    console.log(JSON.stringify({ ...told, memory: memory.buffer.byteLength }));`;
  return JSON.parse(run("node", ["--input-type=module", "-e", script]));
}

/** Chromium: in a worker of a page, where the app's session lives too. */
async function chromium() {
  say("Chromium …");
  const { chromium } = await import(pathToFileURL(path.join(root, "tests/e2e/node_modules/playwright-core/index.mjs")));
  const worker = `
    import init, { bench } from "./bench.js";
    const { memory } = await init({ module_or_path: "./bench_bg.wasm" });
    const told = JSON.parse(bench(${JSON.stringify(only)}, () => performance.now()));
    postMessage({ ...told, memory: memory.buffer.byteLength });`;
  const types = { ".js": "text/javascript", ".wasm": "application/wasm" };
  const server = createServer((request, response) => {
    const name = request.url.slice(1);
    // Both headers: clocks tell microseconds only to pages that are by themselves.
    const headers = { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" };
    headers["content-type"] = types[path.extname(name)] ?? "text/html";
    response.writeHead(200, headers);
    if (name === "worker.js") response.end(worker);
    else response.end(name.startsWith("bench") ? readFileSync(path.join(pkg, path.basename(name))) : "<title>bench</title>");
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
  });
  try {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${server.address().port}/`);
    return await page.evaluate(() => new Promise((resolve, reject) => {
      const worker = new Worker("./worker.js", { type: "module" });
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(message));
    }));
  } finally {
    await browser.close();
    server.close();
  }
}

/** SimPy and Ciw from PyPI, in an environment of their own. */
function peers() {
  say("SimPy and Ciw …");
  const venv = path.join(target, "bench-venv");
  const python = path.join(venv, "bin/python");
  if (!existsSync(python)) run("python3", ["-m", "venv", venv]);
  if (spawnSync(python, ["-c", "import simpy, ciw"]).status !== 0) {
    run(python, ["-m", "pip", "install", "--quiet", "simpy==4.1.2", "ciw==3.2.7"]);
  }
  return JSON.parse(run(python, [path.join(root, "tests/bench/peers.py")]));
}

const million = (it) => (it === undefined ? "–" : (it / 1e6).toFixed(it < 1e6 ? 3 : 2));
const row = (cells) => console.log(cells.map((it, at) => (at ? String(it).padStart(12) : it.padEnd(14))).join(""));

/** The command line tool: compiled by a profile of its own runs (`.ci/profiled`), and plainly. */
const natively = (built) => JSON.parse(run(path.join(target, built), ["bench", "--json", "--only", only]));

build();
say("natively …");
const native = natively("profiled/ringside");
say("natively, compiled without a profile …");
const plain = natively("release/ringside");
const places = [["native", native], ["plain", plain], ["Node", node()], ["Chromium", await chromium()]];
/** Those in WebAssembly. */
const modules = places.slice(2);
const others = only === "" ? peers() : {};

/** What must hold, as the issue that asked for it says: name, measured, limit, whether more is better. */
const limits = [];
const atLeast = (name, measured, limit) => limits.push({ name, measured, limit, holds: measured >= limit, sign: "≥" });
const atMost = (name, measured, limit) => limits.push({ name, measured, limit, holds: measured <= limit, sign: "≤" });
const of = (told, name) => told.benchmarks.find((it) => it.name === name);

console.log("\nMillions of events a second, best of three, and ns an event");
row(["", ...places.flatMap((it) => [it[0], "ns"])]);
for (const { name } of native.benchmarks) {
  const each = places.map((it) => of(it[1], name));
  row([name, ...each.flatMap((it) => [million(it?.events_per_second), it ? it.ns_per_event.toFixed(0) : "–"])]);
}
for (const [place, told] of places) {
  const [small, large] = [of(told, "chain-4"), of(told, "chain-400")];
  if (!small || !large) continue;
  const ratio = large.ns_per_event / small.ns_per_event;
  console.log(`An event of chain-400 costs ${ratio.toFixed(2)} times one of chain-4 (${place}).`);
  if (place === "native") atMost("chain-400 to chain-4, an event", ratio, 2.5);
}
for (const [name, million] of [["chain-100", 5], ["chain-400", 4]]) {
  if (of(native, name)) atLeast(`${name}, million events/s, native`, of(native, name).events_per_second / 1e6, million);
}
for (const [place, told] of modules) {
  if (of(told, "chain-100")) {
    atLeast(`chain-100, million events/s, ${place}`, of(told, "chain-100").events_per_second / 1e6, 3);
  }
}
if (of(native, "mm1")) {
  const customers = of(native, "mm1").requests_per_second;
  atLeast("mm1, million customers/s, native", customers / 1e6, 3);
  // The 3 M are of a machine on which SimPy does 0.13 M: the same limit whatever the machine.
  const simpy = Object.entries(others).find(([name]) => name.startsWith("SimPy"))?.[1].mm1;
  if (simpy) atLeast("mm1, native, times SimPy's", customers / simpy, 3 / 0.13);
}
console.log("\nMillions of completed requests (customers) a second, best of three");
row(["", ...places.map((it) => it[0]), ...Object.keys(others)]);
for (const { name } of native.benchmarks) {
  const ours = places.map((it) => of(it[1], name)?.requests_per_second);
  row([name, ...[...ours, ...Object.values(others).map((it) => it[name])].map(million)]);
}
console.log("\nSeek with a lens and a chart open, frame included, in ms");
row(["", "", "median", "worst", "shown", "exact"]);
console.log("  (median and worst within the last 5,000,000 events; before that, worst until shown and until exact)");
for (const [place, told] of modules) {
  for (const it of told.seeks) {
    row([it.name, place, ...[it.median_ms, it.worst_ms, it.shown_ms, it.older_ms].map((it) => it.toFixed(1))]);
    atMost(`${it.name}, seek, median ms, ${place}`, it.median_ms, 50);
    atMost(`${it.name}, seek, worst ms, ${place}`, it.worst_ms, 150);
    atMost(`${it.name}, older, exact ms, ${place}`, it.older_ms, 2_000);
  }
  if (told.frame) {
    const { components, messages, produce_ms, encode_ms, decode_ms } = told.frame;
    const all = produce_ms + encode_ms + decode_ms;
    console.log(`Frame in ${place}: ${components} components, ${messages} messages on their way: ${all.toFixed(2)} ms ` +
      `(make ${produce_ms.toFixed(2)}, write ${encode_ms.toFixed(2)}, read ${decode_ms.toFixed(2)})`);
    atMost(`frame, ms, ${place}`, all, 4);
  }
  console.log(`Memory of the module in ${place} after all: ${(told.memory / 1e6).toFixed(0)} MB`);
  atMost(`memory, MB, ${place}`, told.memory / 1e6, 256);
}
console.log("\nCaches of 20,000 entries, millions of requests a second, best of five");
row(["", ...places.map((it) => it[0])]);
for (const { policy, requests_per_second: best } of native.caches ?? []) {
  const each = places.map((it) => it[1].caches?.find((of) => of.policy === policy));
  row([policy, ...each.map((it) => million(it?.requests_per_second))]);
  for (const [at, it] of each.entries()) {
    if (at > 1 && it) atLeast(`cache ${policy}, part of native, ${places[at][0]}`, it.requests_per_second / best, 0.5);
  }
}
console.log("\nA trace that somebody brings, in ms");
row(["", "requests", "read", "curves", "exact"]);
for (const [place, { trace }] of places) {
  if (!trace) continue;
  row([place, trace.requests, ...[trace.read_ms, trace.known_ms, trace.exact_ms].map((it) => it.toFixed(0))]);
  atMost(`trace, read and curves known, ms, ${place}`, trace.read_ms + trace.known_ms, 5_000);
}
console.log("\nLimits");
for (const it of limits) {
  row([it.name.padEnd(44), it.measured.toFixed(2), `${it.sign} ${it.limit}`, it.holds ? "holds" : "MISSED"]);
}
process.exitCode = limits.every((it) => it.holds) ? 0 : 1;
