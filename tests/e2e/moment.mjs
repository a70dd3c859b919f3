// Requests of a moment of the chart: by its button, at the time cursor; by two clicks or taps, where they
// are. The slowest is the slowest there was, the typical one near the median.

import assert from "node:assert/strict";
import { UNITS, journey, until } from "./harness.mjs";

const button = (page, name) => page.getByRole("button", { name, exact: true });
const clock = async (page) => (await page.locator(".clock").innerText()).trim();
const milliseconds = (text) => Number(text.replace(/[^\d.]/g, "")) * UNITS[/µs|ms|s/.exec(text)[0]];
const latency = async (page, name) => milliseconds(await page.locator(`.percentile.${name} b`).innerText());
const of = (page) => page.locator(".requests h3").last().innerText();
/** How long the one that is offered so took. */
async function lasted(page, why) {
  const it = page.locator(".pick", { has: page.locator("b", { hasText: why }) });
  await it.waitFor();
  return milliseconds(await it.locator(".num").innerText());
}

const SIZES = [
  ["wide", { viewport: { width: 1440, height: 900 } }],
  ["phone", { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }],
];

for (const theme of ["light", "projector"]) {
  for (const [size, options] of SIZES) {
    journey(`the button lists who was there (${theme}, ${size})`, options, async ({ page, context, open, shot }) => {
      await context.addInitScript((theme) => localStorage.setItem("ringside.theme", theme), theme);
      await open();
      await until(async () => (await clock(page)) > "00:08" || (await clock(page)), "it has run", 60_000);
      await button(page, "Pause").click();
      const it = page.locator(".of-moment");
      const [box, head] = [await it.boundingBox(), await page.locator(".chart header").boundingBox()];
      const width = page.viewportSize().width;
      assert.ok(box.x >= 0 && box.x + box.width <= width && box.y >= head.y && box.y + box.height <= head.y + head.height + 1, `${JSON.stringify([box, head])}`);
      await shot(`moment-head-${theme}-${size}`);
      const [p50, p99] = [await latency(page, "p50"), await latency(page, "p99")];
      // By keyboard or finger.
      if (size === "phone") await it.tap();
      else {
        await it.focus();
        await page.keyboard.press("Enter");
      }
      await until(async () => /^From 00:0\d\.000 to 00:\d\d\.000$/.test(await of(page)) || (await of(page)), "a second of the past");
      const [slowest, typical] = [await lasted(page, "Slowest"), await lasted(page, "Typical")];
      assert.ok(slowest >= 0.98 * p99, `the slowest: ${slowest}, p99 ${p99}`);
      assert.ok(typical > 0.75 * p50 && typical < 1.35 * p50, `the typical: ${typical}, p50 ${p50}`);
      await shot(`moment-${theme}-${size}`);
      await page.locator(".pick").first().click();
      await page.locator(".waterfall .bar").first().waitFor();
      await button(page, "Let go").click();
      await button(page, "Who is here now").click();
      await until(async () => (await of(page)) === "Here now, or a moment ago" || (await of(page)), "the present again");
    });
  }
}

journey("of any chart, also while the requests of something else are listed", async ({ page, open }) => {
  await open();
  await until(async () => (await clock(page)) > "00:06" || (await clock(page)), "it has run", 60_000);
  await button(page, "Pause").click();
  await page.locator("[data-node=database]").focus();
  await page.keyboard.press("Enter");
  await page.getByRole("tab", { name: "Requests", exact: true }).click();
  await until(async () => (await of(page)) === "Here now, or a moment ago" || (await of(page)), "of the database, now");
  await page.locator(".which").selectOption({ label: "Throughput of Readers" });
  await page.waitForTimeout(500);
  await page.locator(".of-moment").click();
  await until(async () => /^From/.test(await of(page)) || (await of(page)), "of the readers, then");
  assert.match(await page.locator(".inspector h2").innerText(), /Readers/);
  await page.getByRole("tab", { name: "Settings", exact: true }).click();
  await page.getByRole("tab", { name: "Requests", exact: true }).click();
  await until(async () => (await of(page)) === "Here now, or a moment ago" || (await of(page)), "the moment is left with the tab");
});

journey("two taps on the chart list who was there", SIZES[1][1], async ({ page, open }) => {
  await open();
  await until(async () => (await clock(page)) > "00:08" || (await clock(page)), "it has run", 60_000);
  await button(page, "Pause").tap();
  const box = await page.locator(".chart canvas").boundingBox();
  // A bit after 0: the chart begins ten seconds before, and ends at thirty.
  const [x, y] = [box.x + 64 + (box.width - 84) * 0.36, box.y + box.height / 2];
  await page.touchscreen.tap(x, y);
  await page.touchscreen.tap(x, y);
  await page.locator(".requests").waitFor();
  await until(async () => /^From 00:0\d\.000/.test(await of(page)) || (await of(page)), "a second of the past");
});
