// Every figure says what it counts: to whom it has the keyboard, and to a finger that taps it.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { deflateRawSync } from "node:zlib";
import path from "node:path";
import { journey, root, until } from "./harness.mjs";

const button = (page, name) => page.getByRole("button", { name, exact: true });
const tip = (page) => page.locator(".tip");
const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

/** The book store with pools of connections between its books and its database, as a link. */
async function pooled() {
  const file = JSON.parse(await readFile(path.join(root, "static/designs/bookstore.json"), "utf8"));
  file.design.wires["books-database"].settings = { ...file.design.wires["books-database"].settings, pool: 4 };
  return `/#d=${deflateRawSync(JSON.stringify(file)).toString("base64url")}`;
}

journey("by keyboard: of wires, nodes, the clock, and the marks of the flow", async ({ page, open, shot }) => {
  await open(await pooled());
  await page.locator("[data-wire=books-database]").focus();
  await page.keyboard.press("Enter");
  await page.locator(".inspector .pool").waitFor();
  // Backwards from the tabs: what stands above them.
  await page.locator(".inspector [role=tab]").first().focus();
  const said = [];
  for (let at = 0; at < 4; at++) {
    await page.keyboard.press("Shift+Tab");
    said.push(await tip(page).innerText());
  }
  assert.match(said[0], /^Connection pools of all members/);
  assert.match(said[1], /^Messages swallowed by a cut/);
  assert.match(said[2], /^Answers that bring a failure/);
  assert.match(said[3], /^Calls that arrived per second, over the last whole second/);
  await shot("help-wire");
  await page.keyboard.press("Escape");
  assert.equal(await tip(page).count(), 0, "Escape takes it away");
  await page.keyboard.press("Escape");
  await page.locator(".step").last().focus();
  await until(async () => {
    await page.keyboard.press("Tab");
    return (await page.evaluate(() => document.activeElement.className)).includes("clock") || "not there yet";
  }, "the keyboard comes to the clock");
  assert.match(await tip(page).innerText(), /^Simulated time since the end of the warm-up/);
  // An entry of the chart's key keeps the keyboard while its values change.
  await page.locator(".percentile.p50").focus();
  await page.waitForTimeout(1_500);
  assert.match(await tip(page).innerText(), /^Half of what ended/);
  // A component: its figures, its load, and its waiting line once there is one.
  await page.locator("[data-node=database]").focus();
  assert.match(await tip(page).innerText(), /req\/s: Requests arriving[^]*lag[^]*\nWorkers at work: \d+ %/);
  await page.keyboard.press("Escape");
  await button(page, "Kill the cache").click();
  await page.locator("[data-node=database] .queue:not([hidden])").waitFor({ timeout: 60_000 });
  await page.keyboard.press("Shift");
  await page.locator("[data-node=books]").focus();
  await page.locator("[data-node=database]").focus();
  assert.match(await tip(page).innerText(), /waiting: Requests waiting for a worker/);
  await shot("help-node");
  // What a mark stands for is told in so many words.
  await page.locator(".speed select").selectOption({ label: "1×" });
  await page.locator(".legend", { hasText: /flow: .*one mark: [\d.\u202f]+ req\/s/ }).waitFor();
});

journey("by touch: a tap shows it, the next one elsewhere takes it away", phone, async ({ page, open, shot }) => {
  await open();
  await page.locator(".legend", { hasText: /one mark: [\d.\u202f]+ req\/s/ }).waitFor();
  await page.locator(".clock").tap();
  await tip(page).waitFor();
  assert.match(await tip(page).innerText(), /^Simulated time/);
  await page.locator(".percentile.p99").tap();
  await until(async () => /^99 % of what ended/.test((await tip(page).allInnerTexts()).join()), "of the chart's key");
  // Its values change; it keeps what it was given.
  await page.waitForTimeout(1_500);
  assert.match(await tip(page).innerText(), /^99 % of what ended/);
  await shot("help-touch");
  // What does something does that, and says nothing.
  await button(page, "Pause").tap();
  await tip(page).waitFor({ state: "detached" });
  await button(page, "Play").waitFor();
  const figure = page.locator("[data-node=gateway] .figure").first();
  await figure.tap();
  await page.locator(".inspector").waitFor();
  assert.equal(await tip(page).count(), 0, "the first tap chooses the component");
  await page.waitForTimeout(600);
  await page.locator(".figs > div").first().tap();
  await until(async () => /^50 % of what ended/.test(await tip(page).innerText()) || (await tip(page).innerText()), "of the inspector");
  await figure.tap();
  await until(async () => /^Requests arriving per second/.test(await tip(page).innerText()) || (await tip(page).innerText()), "of the node");
  await shot("help-touch-node");
  // A drag is no tap.
  await page.locator(".topbar").tap({ position: { x: 2, y: 2 } });
  await tip(page).waitFor({ state: "detached" });
});
