// The fast worker: it goes on with the run in the light one's place, with the same state and the same
// picture; not while there is more to it than a run; and where it cannot be had, the light one goes on.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import path from "node:path";
import { journey, root, until } from "./harness.mjs";

const button = (page, name) => page.getByRole("button", { name, exact: true });
const clock = (page) => page.locator(".clock").innerText();
const ringside = path.join(root, process.env.CARGO_TARGET_DIR ?? "target", "release/ringside");

/** What the fast worker has come to, if it has taken over: simulated nanoseconds, and state hash. */
const taken = (page) =>
  page.workers()[0].evaluate(() => performance.getEntriesByName("ringside-fast")[0]?.detail.split(" "));
const isTaken = async (page) => Boolean(await taken(page));

/** Keeps the fast module back until it is called. */
async function hold(context) {
  let release;
  const held = new Promise((ready) => (release = ready));
  await context.route("**/fast_bg*.wasm", async (route) => {
    await held;
    await route.continue();
  });
  return release;
}

/** All that a person reads of the run; marks of a flow begin anew where the cursor has jumped. */
const read = (page) =>
  page.evaluate(() => {
    const places = [".node-figures", ".figure b", ".clock", ".event", ".story p", ".chart-head", ".percentile b", ".document"];
    const words = places.flatMap((it) => [...document.querySelectorAll(it)].map((it) => it.textContent));
    return [...words, ...[...document.querySelectorAll("canvas:not(.overlay)")].map((it) => it.toDataURL())];
  });

journey("the fast worker takes over in the very state that the command line has", async ({ page, open }) => {
  await open();
  await until(() => isTaken(page), "it takes over");
  const [now, hash] = await taken(page);
  const design = path.join(root, "static/designs/bookstore.json");
  const report = JSON.parse(execFileSync(ringside, ["run", design, "--json", "--for", `${now}ns`], { encoding: "utf8" }));
  assert.equal(report.simulated_ns, Number(now));
  assert.equal(report.state_hash, hash);
  const before = await clock(page);
  await until(async () => (await clock(page)) > before || (await clock(page)), "time runs on");
});

journey("nothing is seen of it, and what was done stays done", async ({ page, context, open, shot }) => {
  const release = await hold(context);
  await open();
  await until(async () => (await clock(page)) > "00:02" || (await clock(page)), "time runs");
  await button(page, "Kill the cache").click();
  await page.locator(".story p").waitFor();
  await page.keyboard.press("Space");
  await page.waitForTimeout(600);
  const before = await read(page);
  assert.ok(before.length > 20 && before.at(-1).startsWith("data:image/png") && before.some((it) => /Book cache was killed/.test(it)), before.join("\n"));
  await shot("fast-1-light");
  assert.equal(await isTaken(page), false);
  release();
  await until(() => isTaken(page), "it takes over");
  // Something is asked of it that changes nothing: what it answers is shown.
  await page.keyboard.press(",");
  await page.waitForTimeout(600);
  await button(page, "Latest").click();
  await page.waitForTimeout(600);
  await shot("fast-2-fast");
  const after = await read(page);
  assert.deepEqual(after, before);
  // The kill is told once, and can be taken back.
  await page.keyboard.press("Space");
  await button(page, "Bring the cache back").click();
  await page.locator(".node.down").waitFor({ state: "detached" });
});

journey("it waits as long as there are two futures", async ({ page, context, open }) => {
  const release = await hold(context);
  await open();
  await until(async () => (await clock(page)) > "00:01" || (await clock(page)), "time runs");
  await button(page, "What if…").click();
  await page.locator(".other [data-node=cache]").waitFor();
  release();
  await page.waitForTimeout(2_500);
  assert.equal(await isTaken(page), false, "not while there are two");
  assert.equal(await page.locator(".other [data-node=cache]").count(), 1, "both are there");
  await button(page, "Leave").click();
  await page.locator(".other").waitFor({ state: "detached" });
  await until(() => isTaken(page), "it takes over");
  const before = await clock(page);
  await until(async () => (await clock(page)) > before || (await clock(page)), "time runs on");
});

const lost = { forgive: [/503/] };
journey("where it cannot be had, the light worker goes on", lost, async ({ page, context, open }) => {
  await context.route("**/fast_bg*.wasm", (route) => route.fulfill({ status: 503, body: "" }));
  const said = page.waitForEvent("console", (it) => it.text().startsWith("The light worker goes on"));
  await open();
  await said;
  const before = await clock(page);
  await until(async () => (await clock(page)) > before || (await clock(page)), "time runs on");
  assert.equal(await page.locator(".notices .banner").count(), 0, "nobody is bothered");
  await button(page, "Kill the cache").click();
  await page.locator(".story p").waitFor();
});
