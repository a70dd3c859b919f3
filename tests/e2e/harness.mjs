// What every journey needs: the site served as users get it, a real browser, and no mercy for
// errors. A journey is a test that fails on anything the console or the network complains about.
//
//   import { journey } from "./harness.mjs";
//   journey("the page opens", async ({ page, open, shot }) => { await open(); await shot("open"); });

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { createInterface } from "node:readline";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import path from "node:path";
import { chromium } from "playwright-core";

export const root = fileURLToPath(new URL("../..", import.meta.url));
const target = path.resolve(root, process.env.CARGO_TARGET_DIR ?? "target");
export const screenshots = path.join(target, "screenshots");

const LAUNCH = {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
  ],
};
const JOURNEY_MS_MAX = 240_000;

/** Serves a folder (the site, or what SITE names) on a free port; `address` has no slash at its end. */
export async function serve(folder = process.env.SITE ?? path.join(root, "dist")) {
  const server = spawn(path.join(target, "release/ringside"), ["serve", "--port", "0", folder], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const gone = new Promise((_, reject) => {
    server.once("error", reject);
    server.once("exit", (code) => reject(new Error(`ringside serve ended with ${code}`)));
  });
  gone.catch(() => {});
  const lines = createInterface({ input: server.stdout })[Symbol.asyncIterator]();
  const { value } = await Promise.race([lines.next(), gone]);
  const address = /http:\S+/.exec(value ?? "")?.[0];
  assert.ok(address, `ringside serve says where it is, not: ${value}`);
  return { address, stop: () => server.kill() };
}

let shared; // One server and one browser for all journeys of a file.
function start() {
  shared ??= Promise.all([serve(), chromium.launch(LAUNCH)]);
  return shared;
}
after(async () => {
  if (!shared) return;
  const [server, browser] = await shared;
  await browser.close();
  server.stop();
});

/**
 * A test with a fresh browser profile. The body is handed:
 * - `page`, Playwright's page; `context`; `address`, where the site is;
 * - `begin(suffix)`, which opens the site and waits until the app has taken over from the shell;
 * - `open(suffix)`, which waits for the parts too that come after the first run: keys, panels;
 * - `shot(name)`, which keeps a picture in target/screenshots/;
 * - `complaints`, what went wrong so far; whatever is in it at the end fails the journey.
 *
 * Options: those of Playwright's `newContext` (viewport, colorScheme, hasTouch, …), and
 * `forgive`, a list of patterns of complaints that are expected.
 */
export function journey(name, options, body) {
  if (typeof options === "function") return journey(name, {}, options);
  // Journeys go by the clock of a machine that may be busy: continuous integration lets one that failed
  // try once more, and tells of it (.ci/test lists them). By hand the first failure counts.
  const attempts = process.env.CI ? 2 : 1;
  return test(name, { timeout: (attempts + 0.5) * JOURNEY_MS_MAX }, async () => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await travel(name, options, body);
      } catch (error) {
        if (attempt === attempts) throw error;
        console.log(`second attempt: ${name}: ${`${error.message}`.split("\n")[0]}`);
      }
    }
  });
}

/** A journey, once. */
async function travel(name, options, body) {
  const { forgive = [], ...contextOptions } = options;
  const [{ address }, browser] = await start();
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    ...contextOptions,
  });
  const complaints = [];
  context.on("weberror", (error) => complaints.push(`uncaught: ${error.error()?.stack ?? error.error()}`));
  context.on("console", (message) => {
    if (message.type() === "error") complaints.push(`console: ${message.text()}`);
  });
  context.on("requestfailed", (request) => {
    const reason = request.failure()?.errorText;
    // A page that is left or reloaded cancels what it was still loading.
    if (reason !== "net::ERR_ABORTED") complaints.push(`request: ${request.url()} ${reason}`);
  });
  context.on("response", (response) => {
    if (response.status() >= 400) complaints.push(`response: ${response.status()} ${response.url()}`);
  });
  const page = await context.newPage();
  const shot = (picture, options) => take(page, picture, options);
  const begin = async (suffix = "/", from = address) => {
    await page.goto(from + suffix);
    await page.locator("#shell").waitFor({ state: "detached" });
  };
  const open = async (...where) => {
    await begin(...where);
    await page.getByRole("button", { name: "Add a component", exact: true }).waitFor();
  };
  let bell;
  const late = new Promise((_, reject) => {
    bell = setTimeout(() => reject(new Error(`took more than ${JOURNEY_MS_MAX / 1000} s`)), JOURNEY_MS_MAX);
  });
  try {
    const walk = body({ page, context, browser, address, begin, open, shot, complaints });
    // What it is still at when it has taken too long, fails with its browser.
    walk.catch(() => {});
    await Promise.race([walk, late]);
    const left = complaints.filter((complaint) => !forgive.some((pattern) => pattern.test(complaint)));
    assert.deepEqual(left, [], "the browser complains");
  } catch (error) {
    await take(page, `failed-${name}`).catch(() => {});
    throw error;
  } finally {
    clearTimeout(bell);
    // What a route still answers is of no interest any more.
    await page.unrouteAll({ behavior: "ignoreErrors" });
    await context.close();
  }
}

/** Waits until `check` holds, or says what was there last. */
export async function until(check, what, ms = 30_000) {
  const end = Date.now() + ms;
  let last;
  while (Date.now() < end) {
    last = await check();
    if (last === true) return;
    await new Promise((next) => setTimeout(next, 100));
  }
  assert.fail(`${what}; last seen: ${last}`);
}

export const UNITS = { "µs": 1e-3, ms: 1, s: 1e3 };

/** A figure on a node: its number, durations in milliseconds; NaN while there is none. */
export async function figure(page, id, at) {
  const it = page.locator(`[data-node=${id}] .figure`).nth(at);
  const [number, unit] = [await it.locator("b").innerText(), await it.locator(".figure-unit").innerText()];
  return /\d/.test(number) ? Number(number.replace(/[^\d.]/g, "")) * (UNITS[unit.trim()] ?? 1) : NaN;
}

/** Waits until a figure on a node is as it should be. */
export const becomes = (page, id, at, check, what) =>
  until(async () => {
    const it = await figure(page, id, at);
    return check(it) || `${it}`;
  }, `${id}: ${what}`, 40_000);

/** Saves a picture as target/screenshots/NAME.png. */
async function take(page, name, options = {}) {
  await mkdir(screenshots, { recursive: true });
  const file = path.join(screenshots, `${name.replace(/[^\w.-]+/g, "-")}.png`);
  await page.screenshot({ path: file, ...options });
  return file;
}

/** Lets the page's workers be reached, as `globalThis.workers`, to kill one. */
export const knowWorkers = (page) =>
  page.addInitScript(() => {
    const start = globalThis.Worker;
    globalThis.Worker = class extends start {
      constructor(...all) {
        super(...all);
        globalThis.workers = [...(globalThis.workers ?? []), this];
      }
    };
  });

/** Drops a file with a text on something, as people do: on the canvas, if nothing else is named. */
export const drop = (page, name, text, on = ".stage") =>
  page.evaluate(([name, text, on]) => {
    const data = new DataTransfer();
    data.items.add(new File([text], name));
    for (const kind of ["dragover", "drop"]) {
      const event = new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true });
      document.querySelector(on).dispatchEvent(event);
    }
  }, [name, text, on]);
