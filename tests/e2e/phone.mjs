// A phone: what is acted on comes in sight, the sheet has three heights, a story opens by a tap.

import assert from "node:assert/strict";
import { journey, until } from "./harness.mjs";

const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
const button = (page, name) => page.getByRole("button", { name, exact: true });
const box = (page, what) => page.locator(what).first().boundingBox();

/** Whether a component lies in the part of the canvas that nothing covers. */
const inSight = async (page, id) => {
  const node = await box(page, `[data-node=${id}]`);
  const stage = await box(page, ".stage");
  const sheet = (await page.locator(".inspector").count()) ? (await box(page, ".inspector")).y : stage.y + stage.height;
  return node.y >= stage.y && node.y + node.height <= sheet;
};

journey("the invitation brings the component that it acts on in sight, and its story opens by a tap", phone, async ({ page, open, shot }) => {
  await open();
  assert.ok(!(await inSight(page, "cache")), "the cache lies below the fold at first");
  await button(page, "Kill the cache").click();
  await until(() => inSight(page, "cache"), "the cache comes in sight");
  await page.locator(".story").waitFor({ timeout: 60_000 });
  const lines = async () => page.locator(".story p").evaluate((it) => Math.round(it.clientHeight / parseFloat(getComputedStyle(it).lineHeight)));
  assert.equal(await lines(), 2);
  await button(page, "All of it").tap();
  await until(async () => (await lines()) > 2 || (await lines()), "all of the story is there");
  assert.equal(await button(page, "All of it").getAttribute("aria-expanded"), "true");
  await shot("phone-story");
  await page.locator(".story p").tap({ position: { x: 8, y: 4 } });
  await until(async () => (await lines()) === 2 || (await lines()), "it folds again");
});

journey("the sheet has three heights: by tap, by keys and by dragging", phone, async ({ page, context, open, shot }) => {
  await open();
  const chart = page.locator(".chart");
  await chart.waitFor();
  await page.locator("[data-node=database]").focus();
  await page.keyboard.press("Enter");
  const handle = page.getByRole("slider", { name: "Height of the sheet" });
  await handle.waitFor();
  const at = (word) => until(async () => (await handle.getAttribute("aria-valuetext")) === word || (await handle.getAttribute("aria-valuetext")), word);
  const share = async () => (await box(page, ".inspector")).height / (await box(page, ".middle")).height;
  const near = (wanted) => until(async () => Math.abs((await share()) - wanted) < 0.03 || (await share()), `a share of ${wanted}`);
  await at("half");
  await near(0.56);
  await until(async () => !(await chart.isVisible()), "the chart makes way");
  await until(() => inSight(page, "database"), "what is chosen is in sight");
  await handle.focus();
  await page.keyboard.press("ArrowUp");
  await at("high");
  await near(0.98);
  await page.keyboard.press("Home");
  await at("low");
  await chart.waitFor();
  assert.ok((await box(page, ".inspector")).height < 180);
  await until(() => inSight(page, "database"), "and at the lowest");
  await shot("phone-sheet-low");
  await handle.tap();
  await at("half");
  const cdp = await context.newCDPSession(page);
  const touch = (type, ...points) => cdp.send("Input.dispatchTouchEvent", { type, touchPoints: points.map(([x, y], id) => ({ x, y, id })) });
  const start = await handle.boundingBox();
  const [x, y] = [start.x + start.width / 2, start.y + start.height / 2];
  const middle = await box(page, ".middle");
  await touch("touchStart", [x, y]);
  for (let step = 1; step <= 6; step++) await touch("touchMove", [x, y + (step / 6) * (middle.y + 30 - y)]);
  await touch("touchEnd");
  await at("high");
  await near(0.98);
  await button(page, "Close").click();
  await handle.waitFor({ state: "detached" });
  await chart.waitFor();
});

journey("fingers find a mark from beside it", phone, async ({ page, open }) => {
  await open();
  await button(page, "Kill the cache").tap();
  const mark = page.locator(".deeds .event.crash").first();
  await mark.waitFor();
  await page.locator(".story").waitFor({ timeout: 60_000 });
  const [at, scrub] = [await mark.boundingBox(), await box(page, ".track")];
  assert.ok(scrub.height >= 44, `the scrubber is ${scrub.height} px high`);
  const clock = page.locator(".clock");
  const moment = (await mark.getAttribute("aria-label")).split(" ")[0];
  await page.touchscreen.tap(at.x + at.width / 2 + 14, scrub.y + scrub.height - 6);
  await until(async () => (await clock.innerText()).trim() === moment || (await clock.innerText()), `the moment of the mark, ${moment}`);
});

journey("a wire that is chosen comes in sight", phone, async ({ page, open }) => {
  await open();
  await page.locator("[data-wire=cart-database]").focus();
  await page.keyboard.press("Enter");
  await page.locator(".inspector").waitFor();
  await until(async () => (await inSight(page, "cart")) || "not yet", "its beginning is in sight");
});
