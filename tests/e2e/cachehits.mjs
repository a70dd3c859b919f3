// Cache hits, as in class: one key asked for twice; ten points more of hits; the size dragged along the
// curve; a full scan in two futures; the cache dies and comes back empty. All numbers come from the run.

import assert from "node:assert/strict";
import { journey, until } from "./harness.mjs";
import { lines, number, press, slide, told, words } from "./lens.mjs";

const button = (page, name) => page.getByRole("button", { name, exact: true });
const hits = async (page) => number(await words(page, "hit-ratio"));
const misses = async (page) => number(await words(page, "misses"));
const figure = async (page, node, at = 0, stage = ".middle > .stage") =>
  number(await page.locator(`${stage} [data-node=${node}] .figure b`).nth(at).innerText());
const mean = async (page) => {
  const [value, unit] = [await words(page, "caller"), await words(page, "caller#unit")];
  return number(value) * (unit === "s" ? 1000 : 1);
};
const seconds = (page) => page.evaluate(() => {
  const [minutes, seconds] = document.querySelector(".clock").innerText.split(":");
  return Number(minutes) * 60 + Number.parseFloat(seconds);
});

/** Another chart. */
async function chart(page, name) {
  const select = page.locator(".chart select");
  const options = await select.locator("option").allInnerTexts();
  await select.selectOption({ label: options.find((it) => name.test(it)) });
}

const quantity = (text) => number(text) * (/\d\s*s$/.test(text.trim()) ? 1000 : 1);
/** A line of the chart, at the cursor: durations in ms. */
const line = async (page, name) => quantity(await page.locator(".chart .percentile").filter({ hasText: name }).locator("b").innerText());
/** The same without the last deed: the twin. */
const without = async (page, name) => quantity(await page.locator(".chart .percentile").filter({ hasText: name }).locator("em").innerText());

async function inside(page, open) {
  await open();
  await page.locator("#designs-button").click();
  await page.getByRole("button", { name: /^Product cache/ }).click();
  await page.locator("[data-node=stock-report]").waitFor();
  await page.locator("[data-node=cache]").click();
  await page.getByRole("tab", { name: "Inside" }).click();
  await until(async () => Math.abs((await hits(page)) - 80.5) < 2.5 || (await hits(page)), "80 % of reads hit");
}

/** A setting of the chosen component. */
async function set(page, field, value) {
  await page.getByRole("tab", { name: "Settings" }).click();
  const input = page.locator(".inspector").getByLabel(field, { exact: true });
  if (await input.evaluate((it) => it.tagName === "SELECT")) return input.selectOption(value);
  await input.fill(value);
  await input.press("Enter");
}

journey("cache hits: one key twice, and the size along the curve", async ({ page, open, shot }) => {
  await inside(page, open);

  // A key that missed and then hit: the waterfall of either.
  await button(page, "Pause").click();
  // The last picture asked for comes in, and stays.
  await page.waitForTimeout(800);
  // Neither one that is always there nor one that is seldom asked for.
  const keys = await page.evaluate(() =>
    [...document.querySelectorAll('.lens [data-id^="part/0/"]')].map((it) => Number(it.dataset.id.slice(7))).filter((it) => it > 150 && it < 1800));
  let found = null;
  for (const key of keys) {
    await press(page, `part/0/${key}`);
    await until(async () => (await words(page, "picked/caption")) === `Key product:${key}` || (await words(page, "picked/caption")), "it is picked");
    const chips = [];
    for (let index = 0; index < 8; index++) chips.push(await words(page, `picked/${index}`));
    const [hit, miss] = ["hit", "miss"].map((it) => chips.findIndex((words) => words.startsWith(it)));
    if (hit >= 0 && miss > hit) found = { hit, miss };
    if (found) break;
  }
  assert.ok(found, "a key that missed, came in, and hit");
  assert.match(await lines(page, "picked/where"), /^Held|^Not held/);
  await shot("cachehits-1-key");
  const took = async (index) => {
    await page.getByRole("tab", { name: "Inside" }).click();
    await press(page, `picked/${index}`);
    const head = page.locator(".waterfall h3").filter({ hasText: /answered/ });
    await head.waitFor();
    return head.innerText();
  };
  const long = await took(found.miss);
  assert.match(long, /· 8[12]\d ms · answered/, "a miss takes 820 ms");
  assert.ok((await page.locator(".waterfall li").filter({ hasText: /database/i }).count()) > 0, "it asks the database");
  // The key lists what there is, and no more.
  const kinds = (bars) =>
    page.locator(bars).evaluateAll((all) => {
      const kind = (it) => (it.classList.contains("failed") ? "failed" : it.classList[1].replace("call", "job"));
      return [...new Set(all.map(kind))].sort();
    });
  assert.deepEqual(await kinds(".bar-key .bar"), await kinds(".waterfall li .bar"));
  await shot("cachehits-2-miss");
  // The entry appears: not held as the miss comes in, and at the end of the line once it was put there.
  const where = async () => {
    await page.getByRole("tab", { name: "Inside" }).click();
    return lines(page, "picked/where");
  };
  const goes = async (bar) => {
    await page.getByRole("tab", { name: "Requests" }).click();
    await bar(page.locator(".waterfall li .bar").filter({ hasText: /Product cache/ })).click();
  };
  const last = /^Held: number ([\d\s]+) of ([\d\s]+) in ".*"/;
  const place = (words) => last.exec(words)?.slice(1).map(number);
  await goes((it) => it.first());
  await until(async () => /^Not held/.test(await where()) || (await where()), "it is not there");
  await goes((it) => it.last());
  // From delivery to delivery, until the cache has done it.
  const newest = async () => {
    await page.keyboard.press(".");
    const found = place(await where());
    return (found && found[0] > found[1] - 40) || (await where());
  };
  await until(newest, "the entry appears, where what was used last is");
  await page.getByRole("tab", { name: "Requests" }).click();
  await button(page, "Let go").click();
  // Back to where it was stopped.
  await page.locator(".track").focus();
  await page.keyboard.press("End");
  await page.getByRole("tab", { name: "Inside" }).click();
  await until(async () => (await words(page, `picked/${found.hit}`)).startsWith("hit") && (await words(page, `picked/${found.miss}`)).startsWith("miss") || "", "the same accesses");
  const short = await took(found.hit);
  assert.match(short, /· (19|2\d)(\.\d)? ms · answered/, "a hit takes 20 ms");
  assert.equal(/key (\d+)/.exec(short)[1], /key (\d+)/.exec(long)[1], "the same key");
  await shot("cachehits-3-hit");
  // And moves: others came after it, and the hit puts it at the end again.
  await goes((it) => it.first());
  await until(async () => Boolean(place(await where())) || (await where()), "it is held");
  const [before] = place(await where());
  assert.ok(before < 1_490, `others came after it: number ${before}`);
  await until(newest, "it moves");
  await page.getByRole("tab", { name: "Requests" }).click();
  await button(page, "Let go").click();
  await page.locator(".track").focus();
  await page.keyboard.press("End");
  await page.getByRole("tab", { name: "Inside" }).click();
  await button(page, "Play").click();

  // From 80 to 90 % hits: the guess stays. Then the size is dragged along the curve.
  await until(async () => /LRU with 1.500 entries hits/.test(await lines(page, "curves/promise")) || (await lines(page, "curves/promise")), "the curves are there", 40_000);
  const at80 = { hits: await hits(page), misses: await misses(page), mean: await mean(page), load: await figure(page, "database") };
  const formula = (ratio) => 20 * (ratio / 100) + 820 * (1 - ratio / 100);
  assert.ok(Math.abs(at80.mean - formula(at80.hits)) < 12, `mean ${at80.mean} ms at ${at80.hits} %`);
  await slide(page, "guess", 0.42);
  await until(async () => /Your guess: \d+/.test(await lines(page, "guess/told")) || (await lines(page, "guess/told")), "a guess");
  const would = { seen: "" };
  await slide(page, "curves/size", 0.59, async () => {
    await until(async () => /2.\d{3} entries would hit/.test(await lines(page, "curves/promise")) || (await lines(page, "curves/promise")), "it is tried out");
    // What was shown on the way here is gone.
    await page.waitForTimeout(600);
    would.seen = await lines(page, "curves/promise");
    await shot("cachehits-4-tried");
  });
  const size = number(/with (\d.\d{3}) entries/.exec(would.seen)[1]);
  await until(async () => number(await words(page, "entries#unit")) === size || (await words(page, "entries#unit")), "it is done");
  const promised = number(/would hit (\d+\.\d)/.exec(would.seen)[1]);
  await until(async () => (await hits(page)) > 88.8 || (await hits(page)), "90 % of reads hit", 60_000);
  const after = { hits: await hits(page), misses: await misses(page), mean: await mean(page), load: await figure(page, "database") };
  assert.ok(Math.abs(after.misses / at80.misses - 0.5) < 0.1, `half: ${at80.misses}, then ${after.misses} a second`);
  assert.ok(Math.abs(after.mean - formula(after.hits)) < 15, `mean ${after.mean} ms at ${after.hits} %`);
  assert.ok(after.mean < 120 && at80.mean > 160, `${at80.mean} ms, then ${after.mean} ms`);
  assert.ok(after.load < 0.7 * at80.load, `database ${at80.load}, then ${after.load} a second`);
  // Curve and live dot agree.
  const dot = async () => Number(/Measured \(dot\): (\d+\.\d)/.exec(await lines(page, "curves/seen"))?.[1]);
  await until(async () => Math.abs((await dot()) - promised) < 1.5 || `${await dot()} of ${promised}`, "curve and dot agree", 40_000);
  await shot("cachehits-5-larger");
});

journey("cache hits: one full scan, LRU beside S3-FIFO", async ({ page, open, shot }) => {
  await inside(page, open);
  await page.locator("[data-node=stock-report]").click();
  await set(page, "Rate", "220/s");
  await page.keyboard.press("Escape");
  await button(page, "What if…").click();
  const other = ".other";
  await page.locator(`${other} [data-node=cache]`).waitFor();
  await page.locator(`${other} [data-node=cache]`).click();
  await set(page, "Policy", "s3-fifo");
  await page.keyboard.press("Escape");
  // LRU lets hot keys go for what nobody asks for again: the database has more to do than it can.
  const p99 = async (stage) => {
    const text = await page.locator(`${stage} [data-node=shoppers] .figure`).last().innerText();
    return number(text.replace("p99", "")) * (/ s$|\ds$/.test(text.trim()) ? 1000 : 1);
  };
  const both = async (of) => [await of(".middle > .stage"), await of(other)];
  const load = (stage) => figure(page, "database", 0, stage);
  const apart = async () => {
    const [[lru, s3], [slow, quick]] = [await both(load), await both(p99)];
    return (lru > 400 && s3 < 400 && slow > 1000 && quick < 1000) || `${lru}/s and ${slow} ms by LRU, ${s3}/s and ${quick} ms by S3-FIFO`;
  };
  await until(apart, "LRU's hot keys are pushed out", 60_000);
  const [lru, s3] = await both(load);
  console.log(`database, of 400 a second: ${lru} by LRU, ${s3} by S3-FIFO`);
  await shot("cachehits-6-scan");
});

journey("cache hits: the cache dies, and comes back empty", async ({ page, open, shot }) => {
  await inside(page, open);
  const inspector = page.locator(".inspector");
  await inspector.getByRole("button", { name: "Kill", exact: true }).first().click();
  await until(async () => (await figure(page, "database")) > 900 || (await figure(page, "database")), "the database is offered 1,000 of 400");
  assert.match(await lines(page, "lost/entries"), /1.500 entries are gone/);
  // It queues, requests time out, and less ends well than is done: late answers are of no use.
  const waiting = async () => number(await page.locator(".middle > .stage [data-node=database] .queue").innerText());
  await until(async () => (await waiting()) > 300 || (await waiting()), "a line before the database");
  await chart(page, /^Errors of Shoppers/);
  await until(async () => (await line(page, /time/i)) > 50 || (await page.locator(".chart").innerText()), "timeouts");
  await chart(page, /^Throughput of Shoppers/);
  const well = async () => {
    const [done, good] = [await line(page, /throughput/), await line(page, /goodput/)];
    return good < 0.6 * done || `${good} of ${done} a second`;
  };
  await until(well, "goodput under throughput");
  assert.ok((await without(page, /goodput/)) > 900, "the twin line: the same run without the kill");
  await shot("cachehits-7-dead");
  const died = await seconds(page);
  await inspector.getByRole("button", { name: "Restart", exact: true }).first().click();
  await until(async () => /^LRU cache.* with \d+ of/.test(await told(page)) || "", "it is back");
  await chart(page, /^Latency of Shoppers/);
  await until(async () => (await without(page, /p99/)) < 1_000 && (await line(page, /p99/)) > 1_000 || `${await line(page, /p99/)} ms, without it ${await without(page, /p99/)} ms`, "the twin line shows the cost");
  await until(async () => (await mean(page)) < 230 && (await hits(page)) > 76 || `${await mean(page)} ms, ${await hits(page)} %`, "it recovers", 60_000);
  const took = (await seconds(page)) - died;
  assert.ok(took > 3, `recovery is to be seen: ${took} s`);
  console.log(`recovered after ${took.toFixed(0)} s`);
  await shot("cachehits-8-back");
});
