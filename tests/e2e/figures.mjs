// Figures as they are shown: those of wires add up to those of nodes, and both are what the command line
// says of the same run, with and without a fault. All are read off the page as people read them.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { journey, root, until, UNITS } from "./harness.mjs";

const button = (page, name) => page.getByRole("button", { name, exact: true });
const clock = async (page) => (await page.locator(".clock").innerText()).trim();
const design = path.join(root, "static/designs/bookstore.json");
const { wires } = JSON.parse(await readFile(design, "utf8")).design;
const ringside = path.join(root, process.env.CARGO_TARGET_DIR ?? "target", "release/ringside");
/** The end of the page's warm-up, in seconds: what it shows as 0 s. */
const ZERO = 20;

/** A number as it is written, with the most that rounding can have changed. */
function parse(text) {
  const digits = /-?\d[\d\u202f]*(\.\d+)?/.exec(text)?.[0].replaceAll("\u202f", "");
  assert.ok(digits, `a number: ${text}`);
  return { value: Number(digits), half: 0.5 * 10 ** -(digits.split(".")[1]?.length ?? 0) };
}

/** All that is shown of components and wires, by id. */
async function shown(page) {
  const of = await page.evaluate(() => {
    const text = (it, what) => it.querySelector(what)?.textContent.trim() ?? "";
    const nodes = [...document.querySelectorAll("[data-node]")].map((node) => [
      node.dataset.node,
      {
        down: node.classList.contains("down"),
        figures: [...node.querySelectorAll(".figure")].map((it) => ({
          label: text(it, ".figure-label"),
          number: text(it, "b"),
          unit: text(it, ".figure-unit"),
        })),
        waiting: node.querySelector(".queue").hidden ? "" : text(node, ".queue"),
        load: node.querySelector(".load").hidden ? "" : node.querySelector(".load").title,
      },
    ]);
    const wires = [...document.querySelectorAll("[data-wire]")].map((wire) => [
      wire.dataset.wire,
      { words: wire.getAttribute("aria-label"), rate: text(wire, ".rate") },
    ]);
    return { nodes: Object.fromEntries(nodes), wires: Object.fromEntries(wires) };
  });
  for (const wire of Object.values(of.wires)) wire.calls = parse(wire.words.split(": ").at(-1)).value;
  return of;
}

/** The figures in the inspector of what is chosen. */
async function chosen(page, what) {
  await page.locator(what).focus();
  await page.keyboard.press("Enter");
  await page.locator(".inspector .figs").waitFor();
  const cells = await page.locator(".figs > div").evaluateAll((all) =>
    all.map((it) => [it.querySelector("small").textContent, it.querySelector("b").textContent]),
  );
  await page.keyboard.press("Escape");
  await page.locator(".inspector").waitFor({ state: "detached" });
  return Object.fromEntries(cells);
}

/** What the command line says of the last so many seconds before a moment of the page. */
function told(file, moment, span, ...more) {
  const since = (ZERO + moment) * 1_000 - span * 1_000;
  const options = ["--json", "--warmup", `${since}ms`, "--for", `${span * 1_000}ms`, ...more];
  return JSON.parse(execFileSync(ringside, ["run", file, ...options], { encoding: "utf8" })).components;
}

/** Stands still at a whole second. */
async function stopAt(page, moment) {
  await until(async () => (await clock(page)) > `00:${moment + 1}` || (await clock(page)), "it has run", 90_000);
  await button(page, "Pause").click();
  await page.locator(".track").focus();
  await page.keyboard.press("Home");
  for (let at = 0; at < moment; at += at + 10 <= moment ? 10 : 1) {
    await page.keyboard.press(at + 10 <= moment ? "PageUp" : "ArrowRight");
  }
  await until(async () => (await clock(page)) === `00:${moment}.000` || (await clock(page)), "it stands there");
  await page.waitForTimeout(600);
}

/** Every call that a node says arrives came over a wire that says so. Gives how many nodes were compared. */
async function addUp(page, at) {
  let compared = 0;
  for (const [id, node] of Object.entries(at.nodes)) {
    const into = Object.keys(wires).filter((wire) => wires[wire].to === id);
    if (into.length === 0) continue;
    const sum = into.reduce((sum, wire) => sum + at.wires[wire].calls, 0);
    const own = node.figures.find((it) => it.unit === "req/s");
    const text = own ? own.number : (await chosen(page, `[data-node=${id}]`)).Requests;
    if (!/\d/.test(text)) continue;
    // Whole calls in a whole second: nothing is lost by rounding.
    assert.equal(sum, parse(text).value, `${id}: ${into.map((wire) => `${wire} ${at.wires[wire].calls}`)}`);
    compared += 1;
  }
  return compared;
}

/** What nodes show is what the command line says. Gives the kinds of figures that were compared. */
function same(at, moment, ...run) {
  const [second, ten, quarter] = [1, 10, 0.25].map((span) => told(run[0], moment, span, ...run.slice(1)));
  const kinds = new Set();
  const near = (text, value, what, share = 0) => {
    const { value: seen, half } = parse(text);
    assert.ok(Math.abs(seen - value) <= half + Math.abs(value) * share + 1e-9, `${what}: ${text} is shown, ${value} told`);
    kinds.add(what.split(" ")[0]);
  };
  for (const [id, node] of Object.entries(at.nodes)) {
    for (const { label, number, unit } of node.figures) {
      if (!/\d/.test(number)) continue;
      const scale = (UNITS[unit] ?? 1) * 1e6;
      if (unit === "req/s") near(number, second[id].offered, `rate of ${id}`);
      // The window's percentiles and the total's come from histograms, each to within 1.6 %.
      if (label === "p99") near(number, second[id].latency.p99 / scale, `p99 of ${id}`, 0.016);
      if (label === "hits" && !node.down) near(number, ten[id].hit_ratio * 100, `hits of ${id}`);
      if (unit === "keys" && !node.down) near(number, quarter[id].entries, `entries of ${id}`);
      if (label === "lag") near(number, quarter[id].lag_ns / scale, `lag of ${id}`);
    }
    if (node.waiting) near(node.waiting, second[id].mean_queue_length, `waiting of ${id}`);
    if (node.load && !node.down) {
      const [work, held] = [...node.load.matchAll(/\d+(?= %)/g)].map((it) => it[0]);
      near(work, second[id].busy * 100, `busy of ${id}`);
      near(held, second[id].occupied * 100, `held of ${id}`);
    }
  }
  return [...kinds].sort();
}

const KINDS = ["busy", "entries", "held", "hits", "lag", "p99", "rate"];

journey("what wires show adds up to what nodes show, and is what the command line says", { reducedMotion: "reduce" }, async ({ page, open, shot }) => {
  await open();
  await stopAt(page, 11);
  const at = await shown(page);
  for (const [id, wire] of Object.entries(at.wires)) {
    assert.equal(wire.rate === "" ? 0 : parse(wire.rate).value, wire.calls, `${id}: on the wire, and in its name`);
  }
  assert.equal(await addUp(page, at), 10);
  assert.deepEqual(same(at, 11, design), KINDS);
  // The inspector says the same: of a wire, and of a service.
  const wire = await chosen(page, "[data-wire=books-database]");
  assert.equal(parse(wire.Calls).value, at.wires["books-database"].calls);
  const [books, cell] = [told(design, 11, 1).books, await chosen(page, "[data-node=books]")];
  for (const name of ["p50", "p99"]) {
    const value = books.latency[name] / 1e6;
    assert.ok(Math.abs(parse(cell[name]).value - value) <= 0.016 * value + parse(cell[name]).half, `${name}: ${cell[name]}, ${value}`);
  }
  await shot("figures-still");
});

journey("the same with the cache killed: the run that the page saves, played again", async ({ page, open, shot }) => {
  await open();
  await until(async () => (await clock(page)) > "00:12" || (await clock(page)), "it has run", 60_000);
  await button(page, "Kill the cache").click();
  await page.locator(".node.down").waitFor();
  await page.locator(".speed select").selectOption({ label: "5×" });
  await stopAt(page, 21);
  const at = await shown(page);
  assert.ok(at.nodes.cache.down && at.nodes.database.waiting, "it is felt");
  assert.ok((await addUp(page, at)) >= 9);
  await page.locator("#designs-button").click();
  const [download] = await Promise.all([page.waitForEvent("download"), button(page, "Save file").click()]);
  const file = await download.path();
  assert.deepEqual(same(at, 21, file, "--replay"), [...KINDS.filter((it) => it !== "entries" && it !== "hits"), "waiting"].sort());
  await shot("figures-killed");
});
