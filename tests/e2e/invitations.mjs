// The first five minutes: each invitation is taken up, felt, reversed and asked about; then the next.

import assert from "node:assert/strict";
import { journey, until } from "./harness.mjs";

const button = (page, name) => page.getByRole("button", { name, exact: true });
const figure = async (page, node, at) => {
  const text = await page.locator(`[data-node=${node}] .figure b`).nth(at).innerText();
  return Number(text.replace(/[^\d.]/g, ""));
};

journey("one invitation after the other, each with its reversal and its question", async ({ page, open, shot }) => {
  await open();
  await button(page, "Kill the cache").click();
  await page.locator(".story p").filter({ hasText: "Book cache was killed" }).waitFor({ timeout: 45_000 });
  await button(page, "Bring the cache back").click();
  await page.getByText("What fills it again?").waitFor();
  await button(page, "Time").click();
  await page.getByText("No: misses.").waitFor();
  await shot("invitations-1-answered");
  await button(page, "Next").click();

  await button(page, "Cut replica 2 off").click();
  // The lag is age: it grows by a second a second, and is told in seconds at the node.
  const lag = page.locator("[data-node=database] .node-figures");
  await until(async () => /lag\s*[\d.]+\s*s/.test(await lag.innerText()) || (await lag.innerText()), "the replica falls behind");
  await page.locator(".story p").filter({ hasText: "can no longer reach" }).waitFor({ timeout: 45_000 });
  await shot("invitations-2-cut-off");
  await button(page, "Heal the network").click();
  await until(async () => /lag\s*[\d.]+\s*ms/.test(await lag.innerText()) || (await lag.innerText()), "it catches up");
  await button(page, "Old values").click();
  await page.getByText("Yes: old values.").waitFor();
  await button(page, "Next").click();

  const before = await figure(page, "firewall", 0);
  await button(page, "Make it Black Friday").click();
  await until(async () => (await figure(page, "firewall", 0)) > 2 * before || (await figure(page, "firewall", 0)), "they come");
  await page.locator(".story p").filter({ hasText: "Rate of Readers went from" }).waitFor({ timeout: 45_000 });
  await shot("invitations-3-black-friday");
  await button(page, "End the sale").click();
  await until(async () => (await figure(page, "firewall", 0)) < 1.2 * before || (await figure(page, "firewall", 0)), "they go");
  await button(page, "Queues").click();
  await page.getByText("Yes: queues.").waitFor();
  await button(page, "Next").click();
  await page.locator(".try").waitFor({ state: "detached" });
});

journey("looking back, the invitation is the one of then", async ({ page, open }) => {
  await open();
  await page.waitForTimeout(1_000);
  await button(page, "Kill the cache").click();
  await button(page, "Bring the cache back").waitFor();
  await page.keyboard.press("Space");
  await page.getByRole("slider", { name: "Moment" }).press("Home");
  await button(page, "Kill the cache").waitFor();
  await button(page, "Latest").click();
  await button(page, "Bring the cache back").waitFor();
});

journey("a wire is cut and mended from its panel", async ({ page, open }) => {
  await open();
  await page.locator("[data-wire=books-cache]").focus();
  await page.keyboard.press("Enter");
  await page.locator(".inspector").getByRole("button", { name: "Cut", exact: true }).click();
  await page.locator("[data-wire=books-cache].cut").waitFor();
  await page.locator(".inspector").getByRole("button", { name: "Mend", exact: true }).click();
  await until(async () => (await page.locator("[data-wire=books-cache].cut").count()) === 0, "carries again");
});

journey("a row of the table of request classes is changed", async ({ page, open }) => {
  await open();
  await page.locator("[data-node=readers]").click();
  const weight = page.locator(".inspector .table input").nth(1);
  await weight.fill("1");
  await weight.press("Enter");
  await page.locator(".event.edit").first().waitFor();
  // Nearly nobody browses any more: the share of searches grows.
  await until(async () => (await figure(page, "search", 0)) > 400 || (await figure(page, "search", 0)), "more searches");
});

const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
journey("two fingers zoom", phone, async ({ page, context, open }) => {
  await open();
  await page.waitForTimeout(500);
  const percent = async () => page.locator(".world").first().evaluate((it) => new DOMMatrix(getComputedStyle(it).transform).a);
  const before = await percent();
  const cdp = await context.newCDPSession(page);
  const touch = (type, ...points) =>
    cdp.send("Input.dispatchTouchEvent", { type, touchPoints: points.map(([x, y], id) => ({ x, y, id })) });
  await touch("touchStart", [180, 350], [210, 350]);
  for (let step = 1; step <= 6; step++) await touch("touchMove", [180 - 10 * step, 350], [210 + 10 * step, 350]);
  await touch("touchEnd");
  assert.ok((await percent()) > 1.5 * before, `${before} became ${await percent()}`);
});
