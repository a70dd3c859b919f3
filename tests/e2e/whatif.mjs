// What if…: the book store in two futures, the cache killed in one of them; a request compared with
// itself; one future kept. Run until something happens, exactly there. The past with lens and chart.

import assert from "node:assert/strict";
import { journey, until } from "./harness.mjs";

const number = (text) => Number(text.replace(/[^\d.]/g, ""));
const button = (page, name) => page.getByRole("button", { name, exact: true });
const clock = (page) => page.locator(".clock").innerText();

const SIZES = [
  ["wide", { viewport: { width: 1440, height: 900 } }],
  ["middle", { viewport: { width: 1024, height: 768 } }],
  ["phone", { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }],
];

/** Goes on to it with the tabulator. */
async function tabTo(page, it) {
  const there = () => it.evaluate((it) => it === document.activeElement);
  for (let n = 0; n < 100 && !(await there()); n++) await page.keyboard.press("Tab");
  assert.ok(await there(), "the tabulator gets there");
}

/** Chooses from a list, with the arrows. */
async function choose(page, list, value) {
  await tabTo(page, list);
  await page.keyboard.press("Home");
  for (let n = 0; n < 100 && (await list.inputValue()) !== value; n++) await page.keyboard.press("ArrowDown");
  assert.equal(await list.inputValue(), value);
}

/** The book store in two futures; the cache is dead in the right one. */
async function part(page) {
  await until(async () => (await clock(page)) > "00:01" || (await clock(page)), "time runs");
  await button(page, "What if…").click();
  await page.locator(".other [data-node=cache]").waitFor();
  await page.getByText("Both futures are the same so far").waitFor();
  // On a phone it is further down than the screen reaches: the keyboard's focus brings it in sight.
  await page.locator(".other [data-node=cache]").focus();
  await page.locator(".other [data-node=cache]").click();
  await page.locator(".inspector").getByRole("button", { name: "Kill", exact: true }).first().click();
  await page.locator(".other .node.down[data-node=cache]").waitFor();
}

// Each size and each theme; all nine when asked for (THEMES=light,dark,projector).
const THEMES = { wide: "light", middle: "dark", phone: "projector" };
for (const [size, options] of SIZES) {
  for (const theme of process.env.THEMES?.split(",") ?? [THEMES[size]]) {
    journey(`two futures side by side (${theme}, ${size})`, options, async ({ page, context, open, shot }) => {
      await context.addInitScript((theme) => localStorage.setItem("ringside.theme", theme), theme);
      await open();
      await part(page);
      await page.keyboard.press("Escape");
      assert.equal(await page.locator(".stage [data-node=cache]").count(), 2);
      assert.equal(await page.locator(".middle > .stage .node.down").count(), 0, "alive as it is");
      // What differs is marked on both sides; where there is no room for two, one is shown at a time.
      await page.locator(".other [data-node=cache] .gap").filter({ hasText: /up 0/ }).waitFor();
      if (size !== "wide") {
        assert.equal(await page.locator(".middle > .stage [data-node=cache]").isVisible(), false, "one at a time");
        await button(page, "As it is").click();
        assert.equal(await page.locator(".other [data-node=cache]").isVisible(), false, "the other one");
      }
      await page.locator(".middle > .stage [data-node=cache].differs").waitFor();
      // The gap of the slowest percentile grows.
      const gap = page.locator(".gap-key b").last();
      await until(async () => /^\+/.test(await gap.innerText()) || (await gap.innerText()), "the gap is seen", 30_000);
      await shot(`whatif-1-compare-${theme}-${size}`);
    });
  }
}

journey("a request is compared with itself, and the future is kept", async ({ page, open, shot }) => {
  await open();
  await part(page);
  await page.keyboard.press("Escape");
  await page.waitForTimeout(2_000);
  // The client of the right future: its requests are the same in the left one.
  await page.locator(".other [data-node=readers]").click();
  await page.getByRole("tab", { name: "Requests" }).click();
  await page.locator(".pick").first().click();
  await page.locator(".waterfall.both .phases").waitFor();
  assert.match(await page.locator(".waterfall.both h3").innerText(), /The same request, key/);
  assert.equal(await page.locator(".waterfall.both ol").count(), 2);
  const total = page.locator(".phases .total td");
  assert.equal(await total.count(), 3);
  await shot("whatif-2-request");
  await page.locator(".waterfall .close").click();
  await page.keyboard.press("Escape");
  await button(page, "Keep this future").click();
  await page.locator(".other").waitFor({ state: "detached" });
  await page.locator(".node.down[data-node=cache]").waitFor();
  await page.locator(".event.crash").first().waitFor();
  const moment = await clock(page);
  await until(async () => (await clock(page)) > moment || (await clock(page)), "it goes on");
  await shot("whatif-3-kept");
});

journey("a future that is left leaves no trace", async ({ page, open }) => {
  await open();
  await part(page);
  await page.keyboard.press("Escape");
  await button(page, "Leave").click();
  await page.locator(".other").waitFor({ state: "detached" });
  assert.equal(await page.locator(".node.down").count(), 0);
  assert.equal(await page.locator(".event.crash").count(), 0);
  assert.equal(await page.locator(".node .gap:visible").count(), 0);
});

journey("run until an event, by keyboard alone", async ({ page, open, shot }) => {
  await open();
  await until(async () => (await clock(page)) > "00:01" || (await clock(page)), "time runs");
  await page.locator(".track").focus();
  await page.keyboard.press("u");
  const form = page.getByRole("dialog", { name: "Run until" });
  await form.waitFor();
  // The list of what can be waited for has the keyboard.
  const kind = form.locator("select").first();
  assert.ok(await kind.evaluate((it) => it === document.activeElement), "the keyboard is in the form");
  await choose(page, kind, "arrives");
  await choose(page, form.getByLabel("Where"), "database");
  await shot("until-1-form");
  await tabTo(page, form.getByRole("button", { name: "Run", exact: true }));
  await page.keyboard.press("Enter");
  const told = page.locator(".until-state").filter({ hasText: "Stopped at" });
  await told.waitFor();
  assert.match(await told.innerText(), /a call arrives/);
  const moment = await clock(page);
  await page.waitForTimeout(400);
  assert.equal(await clock(page), moment, "it stands still");
  await shot("until-2-stopped");
  await tabTo(page, told.getByRole("button", { name: "In slow motion" }));
  await page.keyboard.press("Enter");
  await page.getByText("slow: single messages").waitFor();
  await button(page, "Play").waitFor();
});

journey("run until a figure passes a value", async ({ page, open }) => {
  await open();
  await until(async () => (await clock(page)) > "00:01" || (await clock(page)), "time runs");
  await button(page, "Kill the cache").click();
  await button(page, "Run until…").click();
  const form = page.getByRole("dialog", { name: "Run until" });
  await form.locator("select").first().selectOption("crosses");
  await form.getByLabel("Where").selectOption("readers");
  await form.getByRole("textbox").fill("soon");
  await form.getByRole("button", { name: "Run", exact: true }).click();
  await form.getByText("Value: a number").waitFor();
  await form.getByRole("textbox").fill("150");
  await form.getByRole("button", { name: "Run", exact: true }).click();
  const told = page.locator(".until-state").filter({ hasText: "Stopped at" });
  await told.waitFor({ timeout: 30_000 });
  assert.match(await told.innerText(), /p99 at .* above 150 ms/);
  const p99 = await page.locator("[data-node=readers] .figure").last().innerText();
  const value = number(p99) * (/\ds$|\d s$/.test(p99.trim()) ? 1_000 : 1);
  assert.ok(value > 150, `the node shows ${p99}`);
});

journey("the scrubber shows lens, chart and canvas of then", async ({ page, open, shot }) => {
  await open();
  await until(async () => (await clock(page)) > "00:03" || (await clock(page)), "time runs");
  await page.locator("[data-node=cache]").click();
  await page.getByRole("tab", { name: "Inside" }).click();
  await page.locator(".lens svg").waitFor();
  await page.keyboard.press("Space");
  await page.waitForTimeout(600);
  const seen = async () => ({
    lens: await page.locator(".lens").innerText(),
    nodes: (await page.locator(".node-figures").allInnerTexts()).join("|"),
    key: await page.locator(".chart .percentiles").innerText(),
    clock: await clock(page),
  });
  // Where the scrubber can lead: a whole second.
  const track = page.locator(".track");
  await track.focus();
  await page.keyboard.press("ArrowLeft");
  await page.waitForTimeout(800);
  const then = await seen();
  await page.keyboard.press("Escape");
  await button(page, "Latest").click();
  await page.keyboard.press("Space");
  await page.waitForTimeout(4_000);
  await page.keyboard.press("Space");
  await page.locator("[data-node=cache]").click();
  await page.getByRole("tab", { name: "Inside" }).click();
  await page.waitForTimeout(600);
  assert.notEqual((await seen()).nodes, then.nodes, "time has gone on");
  await track.focus();
  for (let turn = 0; turn < 30 && (await clock(page)) > then.clock; turn += 1) {
    await page.keyboard.press("ArrowLeft");
    await page.waitForTimeout(150);
  }
  // Seconds back from where it stood do not meet the moment exactly: drag into the middle of its second.
  const box = await track.boundingBox();
  const span = number(await page.locator(".time .end").innerText());
  const [minutes, seconds] = then.clock.split(":").map(Number);
  await page.mouse.move(box.x + box.width * 0.9, box.y + box.height / 2);
  await page.mouse.down();
  for (const part of [0.5, 0.1, (minutes * 60 + Math.floor(seconds) + 0.5) / span]) {
    await page.mouse.move(box.x + box.width * part, box.y + box.height / 2, { steps: 4 });
  }
  await page.waitForTimeout(900);
  const again = await seen();
  await page.mouse.up();
  await shot("scrub-lens-chart");
  // A pixel of the scrubber is a few hundredths of a second: figures of the same second are the same.
  assert.equal(again.clock.slice(0, 5), then.clock.slice(0, 5));
  assert.notEqual(again.lens, "", "the lens shows then");
  assert.equal(again.key, then.key, "the chart's key reads as it did");
});

journey("what theory says, and which assumption fails", async ({ page, open, shot }) => {
  await open();
  await page.locator("[data-node=books]").click();
  await page.getByRole("tab", { name: "Theory" }).click();
  await page.getByText("No closed form holds here").waitFor();
  assert.match(await page.locator(".reasons li").first().innerText(), /\w+/);
  await shot("theory-fails");
});
