// The book store: it runs at once; the cache is killed, which is felt, told and reversed; what was
// is looked at again; a parameter is changed while it runs.

import assert from "node:assert/strict";
import { journey, knowWorkers, until } from "./harness.mjs";

/** Longest wait for the first mark that moves, from navigation, in milliseconds. */
const MOVING_MS_MAX = 2_000;

const number = (text) => Number(text.replace(/[^\d.]/g, ""));
const hits = async (page) => number(await page.locator("[data-node=cache] .figure b").first().innerText());
/** A latency of the chart's head, in milliseconds. */
const latency = async (page, name) => {
  const text = await page.locator(`.percentile.${name} b`).innerText();
  return number(text) * (/\ds$|\d s$/.test(text) ? 1_000 : text.includes("µs") ? 0.001 : 1);
};
const clock = (page) => page.locator(".clock").innerText();
const button = (page, name) => page.getByRole("button", { name, exact: true });

const SIZES = [
  ["wide", { viewport: { width: 1440, height: 900 } }],
  ["middle", { viewport: { width: 1024, height: 768 } }],
  ["phone", { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }],
];

journey("marks move within two seconds of navigation", async ({ page, open }) => {
  await open();
  await page.waitForFunction(() => performance.getEntriesByName("ringside-moving").length > 0);
  const at = await page.evaluate(() => performance.getEntriesByName("ringside-moving")[0].startTime);
  console.log(`first moving mark after ${at.toFixed(0)} ms`);
  // A promise to people at their machines; in CI, where others may be working too, it may take longer.
  assert.ok(at < MOVING_MS_MAX * (process.env.CI ? 4 : 1), `${at} ms`);
  const picture = () => page.locator("canvas.overlay").evaluate((canvas) => canvas.toDataURL());
  const before = await picture();
  await page.waitForTimeout(200);
  assert.notEqual(await picture(), before);
  await page.keyboard.press("Space");
  await page.waitForTimeout(300);
  const paused = await picture();
  await page.waitForTimeout(300);
  assert.equal(await picture(), paused, "paused, nothing moves");
});

for (const [size, options] of SIZES) {
  journey(`the cache is killed and brought back (${size})`, options, async ({ page, open, shot }) => {
    await open();
    await until(async () => (await hits(page)) > 70 || (await hits(page)), "the cache is warm");
    await until(async () => (await latency(page, "p99")) < 150 || (await latency(page, "p99")), "it is quick");
    await shot(`bookstore-1-open-${size}`);
    const quick = await latency(page, "p99");

    await button(page, "Kill the cache").click();
    await until(async () => (await hits(page)) < 60 || (await hits(page)), "the hit ratio falls");
    await until(async () => (await latency(page, "p99")) > 3 * quick || (await latency(page, "p99")), "latency rises");
    const story = page.locator(".story p");
    await story.waitFor();
    assert.match(await story.innerText(), /Book cache was killed/);
    await shot(`bookstore-2-killed-${size}`);

    await button(page, "Bring the cache back").click();
    await until(async () => (await latency(page, "p99")) < 2 * quick || (await latency(page, "p99")), "it is quick again");
    await page.getByText("What fills it again?").waitFor();
    await shot(`bookstore-3-back-${size}`);
  });
}

journey("the past is shown as it was", async ({ page, open, shot }) => {
  await open();
  await until(async () => (await clock(page)) > "00:02" || (await clock(page)), "time runs");
  await page.keyboard.press("Space");
  await page.waitForTimeout(400);
  const figures = () => page.locator("[data-node=readers] .node-figures, [data-node=balancer] .node-figures").allInnerTexts();
  const [before, moment] = [await figures(), await clock(page)];
  await button(page, "Kill the cache").click();
  await page.locator(".story").waitFor({ timeout: 20_000 });
  assert.notDeepEqual(await figures(), before);
  await page.locator(".story .when").click();
  await until(async () => (await clock(page)) === moment || (await clock(page)), "the moment of the kill");
  await until(async () => (await figures()).join() === before.join() || (await figures()), "the figures of then");
  await shot("bookstore-4-past");
  await button(page, "Latest").click();
  await until(async () => (await clock(page)) > moment || (await clock(page)), "back at the newest");
});

journey("a parameter is changed while it runs", async ({ page, open, shot }) => {
  await open();
  await page.locator("[data-node=books]").click();
  const work = page.getByLabel("Work", { exact: true });
  await work.fill("40ms");
  await work.press("Enter");
  await page.locator(".event.edit").first().waitFor();
  await until(async () => (await latency(page, "p50")) > 45 || (await latency(page, "p50")), "the median feels it");
  await shot("bookstore-5-edited");
  await work.fill("soon");
  await work.press("Enter");
  await page.getByText("is not a duration").waitFor();
  await button(page, "Undo").click();
  await until(async () => (await work.inputValue()) === "18 ms" || (await work.inputValue()), "undone");
  await until(async () => (await latency(page, "p50")) < 40 || (await latency(page, "p50")), "the median is back");
});

journey("the inside of the cache", async ({ page, open, shot }) => {
  await open();
  const cache = page.locator("[data-node=cache]");
  await cache.focus();
  await page.keyboard.press("Enter");
  await page.getByRole("tab", { name: "Inside" }).click();
  await page.locator(".lens svg").waitFor();
  assert.match(await page.locator(".lens").innerText(), /LRU/);
  await shot("bookstore-6-inside");
  await page.keyboard.press("Escape");
  await page.locator(".inspector").waitFor({ state: "detached" });
});

for (const theme of ["dark", "projector"]) {
  journey(`the book store, ${theme}`, async ({ page, context, open, shot }) => {
    await context.addInitScript((theme) => localStorage.setItem("ringside.theme", theme), theme);
    await open();
    await page.waitForTimeout(1_500);
    await shot(`bookstore-7-${theme}`);
  });
}

journey("less motion: counts instead of flights", { reducedMotion: "reduce" }, async ({ page, open, shot }) => {
  await open();
  await page.locator(".wire .rate").first().waitFor();
  await shot("bookstore-8-still");
});


const dying = { forgive: [/panicked|unreachable|uncaught|console/] };
journey("a worker that dies is replaced, and the design stays", dying, async ({ page, open, shot }) => {
  await knowWorkers(page);
  await open();
  await until(async () => (await clock(page)) > "00:02" || (await clock(page)), "time runs");
  await page.evaluate(() => globalThis.workers[0].dispatchEvent(new ErrorEvent("error", { message: "a test" })));
  await page.getByRole("alert").waitFor();
  assert.match(await page.getByRole("alert").innerText(), /restarted/);
  assert.equal(await page.locator(".node").count(), 12);
  const moment = await clock(page);
  await until(async () => (await clock(page)) > moment || (await clock(page)), "time goes on");
  await shot("bookstore-9-restarted");
});

journey("a worker that is killed without a word is missed, and replaced", dying, async ({ page, open }) => {
  await knowWorkers(page);
  await open();
  await until(async () => (await clock(page)) > "00:02" || (await clock(page)), "time runs");
  await button(page, "Kill the cache").click();
  await page.locator(".event.crash").waitFor();
  // As when the system runs out of memory: nobody tells the page.
  await page.evaluate(() => globalThis.workers[0].terminate());
  const alert = page.locator(".banner");
  await alert.waitFor({ timeout: 40_000 });
  assert.match(await alert.innerText(), /same design, same seed, same faults/);
  const moment = await clock(page);
  await until(async () => (await clock(page)) > moment || (await clock(page)), "time goes on");
  await page.locator("[data-node=cache].down").waitFor();
});

journey("projected, nodes are legible from the last row", async ({ page, context, open }) => {
  await context.addInitScript(() => localStorage.setItem("ringside.theme", "projector"));
  await open();
  await page.locator(".chart canvas").waitFor();
  await page.waitForTimeout(500);
  const found = await page.locator(".node-name, .node-figures .figure, .node-figures b").evaluateAll((all) =>
    all.map((it) => {
      const zoom = new DOMMatrix(getComputedStyle(it.closest(".world")).transform).a;
      const cut = it.clientWidth > 0 && it.scrollWidth > it.clientWidth + 1;
      return { text: it.textContent, size: parseFloat(getComputedStyle(it).fontSize) * zoom, cut };
    }),
  );
  assert.ok(found.length > 30);
  assert.deepEqual(found.filter((it) => it.size < 18 || it.cut), [], "at least 18 px, and nothing is cut");
  const stage = await page.locator(".stage").boundingBox();
  for (const node of await page.locator(".node").all()) {
    const box = await node.boundingBox();
    const inside = box.x >= stage.x && box.x + box.width <= stage.x + stage.width && box.y + box.height <= stage.y + stage.height;
    assert.ok(inside, JSON.stringify(box));
  }
});

journey("the legend tells of what is to be seen, and of nothing else", async ({ page, open }) => {
  await open();
  const names = () => page.locator(".legend > span:not(.manner)").allInnerTexts();
  await until(async () => (await names()).includes("miss") || names(), "a warm cache misses at times");
  assert.ok((await names()).includes("answer"));
  await button(page, "Kill the cache").click();
  await until(async () => (await names()).includes("failed") || names(), "calls to the dead cache fail");
  await until(async () => !(await names()).includes("miss") || names(), "nobody misses any more");
  await page.locator("#designs-button").click();
  await button(page, "New design").click();
  await until(async () => (await names()).length === 0 || names(), "nothing moves");
  await page.getByText("nothing is on its way").waitFor();
});

journey("every figure of a story leads to its component, chart and moment", async ({ page, open }) => {
  await open();
  await until(async () => (await clock(page)) > "00:01" || (await clock(page)), "time runs");
  await button(page, "Kill the cache").click();
  const change = page.locator(".story a").filter({ hasText: "hits in Book cache" });
  await change.waitFor({ timeout: 30_000 });
  assert.equal(await page.locator(".story-place").getAttribute("aria-live"), "polite");
  await change.focus();
  await page.keyboard.press("Enter");
  await page.locator(".inspector h2").filter({ hasText: "Book cache" }).waitFor();
  assert.match(await page.locator(".which option:checked").innerText(), /Hit ratio of Book cache/);
  await button(page, "Latest").waitFor();
});

journey("marks on the timeline are reached by keyboard, and what has the focus explains itself", async ({ page, open }) => {
  await open();
  await until(async () => (await clock(page)) > "00:01" || (await clock(page)), "time runs");
  await button(page, "Kill the cache").click();
  await page.locator(".event.crash").waitFor();
  const tip = page.locator(".tip");
  await page.getByRole("slider", { name: "Moment" }).focus();
  await page.keyboard.press("Tab");
  await tip.filter({ hasText: "Book cache killed" }).waitFor();
  await page.keyboard.press("Enter");
  await button(page, "Latest").waitFor();
  await page.locator("[data-node=books]").focus();
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Tab");
  await tip.filter({ hasText: "Requests arriving per second" }).waitFor();
  // What another key leads to explains itself too; what has been read goes by Escape.
  await page.keyboard.press("ArrowRight");
  await tip.filter({ hasText: /hits [\d.]+ %|lag/ }).waitFor();
  await page.keyboard.press("Escape");
  await tip.waitFor({ state: "detached" });
});
