// A line across the canvas cuts the network: drawn by mouse and by finger, both sides seen before it is let
// go; its chip says which ways and heals it, also after a reload. By keys: what is selected is isolated.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { deflateRawSync } from "node:zlib";
import { journey, root, until } from "./harness.mjs";

const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
const button = (page, name) => page.getByRole("button", { name, exact: true });
const chips = (page) => page.getByRole("group", { name: "Cuts in force", exact: true });
const chip = (page, name) => chips(page).getByRole("group", { name, exact: true });
const mark = (page, name) => page.locator(".deeds").getByRole("button", { name }).first();
const cutWires = (page) => page.locator(".wire.cut").count();
const box = (page, id) => page.locator(`[data-node=${id}]`).boundingBox();

/** Draws a line from place to place; `before` looks at it before it is let go. */
async function draw(page, points, before = async () => {}) {
  await page.mouse.move(...points[0]);
  await page.mouse.down();
  for (const point of points.slice(1)) await page.mouse.move(...point, { steps: 12 });
  await before();
  await page.mouse.up();
}

/** Points around a component, back to the first. */
async function around(page, id, out = 14) {
  const { x, y, width, height } = await box(page, id);
  const corners = [[x - out, y - out], [x + width + out, y - out], [x + width + out, y + height + out], [x - out, y + height + out]];
  return [...corners, corners[0]];
}

/** From above to below, between services and what they call. */
async function between(page) {
  const [books, cache, billing] = [await box(page, "books"), await box(page, "cache"), await box(page, "billing")];
  const x = (books.x + books.width + cache.x) / 2;
  return [[x, books.y - 24], [x + 3, books.y + 90], [x, billing.y + billing.height + 20]];
}

const STORES = "Book cache, Store database, Payments | 9 components";

for (const theme of process.env.THEMES?.split(",") ?? ["light"]) {
  journey(`a line across wires: previewed, cut, one way, kept, healed (${theme})`, async ({ page, context, open, shot }) => {
    await context.addInitScript((theme) => localStorage.setItem("ringside.theme", theme), theme);
    await open();
    await mark(page, /./).waitFor({ state: "detached" });
    await button(page, "Cut the network").click();
    assert.equal(await button(page, "Cut the network").getAttribute("aria-pressed"), "true");
    await page.locator(".aiming").getByText("Draw a line across wires").waitFor();
    await draw(page, await between(page), async () => {
      await page.locator(".aiming").getByText(STORES).waitFor();
      assert.equal(await page.locator(".severed").count(), 8, "wires that are crossed are marked");
      assert.equal(await page.locator(".ring.side:not(.far)").count(), 3);
      assert.equal(await page.locator(".ring.side.far").count(), 9);
      assert.equal(await cutWires(page), 0, "nothing is cut yet");
      await shot(`cutting-1-preview-${theme}`);
    });
    await chip(page, STORES).waitFor();
    await mark(page, /Network cut$/).waitFor();
    await until(async () => (await cutWires(page)) === 8 || `${await cutWires(page)}`, "eight wires are cut");
    assert.equal(await page.locator(".severed").count(), 0);
    await page.keyboard.press("Escape");
    await page.locator(".aiming").waitFor({ state: "detached" });
    await page.locator(".story p").waitFor({ timeout: 60_000 });
    await shot(`cutting-2-cut-${theme}`);
    // One way: what is asked for arrives, and nothing comes back.
    const ways = chip(page, STORES).getByRole("combobox");
    await ways.selectOption({ label: "Stops only →" });
    await mark(page, /Network cut one way$/).waitFor();
    assert.equal(await cutWires(page), 8);
    assert.equal(await chips(page).getByRole("group").count(), 1, "it is the same cut");
    // Looked at from before it was, there is none; it is kept.
    await page.getByRole("slider", { name: "Moment" }).press("Home");
    await chips(page).waitFor({ state: "hidden" });
    await button(page, "Latest").click();
    await chip(page, STORES).waitFor();
    await page.waitForTimeout(1_000);
    await page.reload();
    await chip(page, STORES).waitFor();
    // The run comes by the first cut on its way to where it was left.
    const said = () => ways.evaluate((it) => it.selectedOptions[0].textContent);
    await until(async () => (await said()) === "Stops only →" || (await said()), "one way, as it was left");
    await until(async () => (await cutWires(page)) === 8 || `${await cutWires(page)}`, "still cut");
    await button(page, `Heal ${STORES}`).click();
    await chips(page).waitFor({ state: "hidden" });
    await until(async () => (await cutWires(page)) === 0, "healed");
    await mark(page, /Network mended$/).waitFor();
  });
}

journey("around a component; across nothing; and in the past", async ({ page, open, shot }) => {
  await open();
  await page.keyboard.press("x");
  const { x, y } = await page.locator(".stage").boundingBox();
  await draw(page, [[x + 30, y + 90], [x + 34, y + 130]]);
  await page.getByRole("alert").getByText("The line crosses no wire: nothing is cut").waitFor();
  assert.ok(await chips(page).isHidden());
  await draw(page, await around(page, "cache"));
  const name = "Book cache | 11 components";
  await chip(page, name).waitFor();
  await until(async () => (await cutWires(page)) === 3 || `${await cutWires(page)}`, "the cache's wires");
  await shot("cutting-3-around");
  await button(page, `Heal ${name}`).click();
  // From an earlier moment on it goes differently: what came after is before.
  await page.keyboard.press("Escape");
  await page.keyboard.press("Space");
  await page.getByRole("slider", { name: "Moment" }).press("Home");
  await page.keyboard.press("x");
  await draw(page, await around(page, "database"));
  await chip(page, "Store database | 11 components").waitFor();
  await mark(page, /Network mended$/).waitFor({ state: "detached" });
});

journey("by keys: what is selected is isolated, and healed", async ({ page, open, shot }) => {
  await open();
  await page.locator("[data-node=books]").focus();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Shift+X");
  await chip(page, "Books | 11 components").waitFor();
  await until(async () => (await cutWires(page)) === 3 || `${await cutWires(page)}`, "its wires");
  await shot("cutting-4-isolated");
  const inspector = page.locator(".inspector");
  await button(inspector, "Heal").click();
  await chips(page).waitFor({ state: "hidden" });
  // Several, by the button: between them all passes.
  await page.locator("[data-node=search]").click({ modifiers: ["Shift"] });
  await button(inspector, "Isolate").click();
  await chip(page, "Books, Search | 10 components").waitFor();
  await until(async () => (await cutWires(page)) === 5 || `${await cutWires(page)}`, "their wires");
  await page.keyboard.press("Shift+X");
  await chips(page).waitFor({ state: "hidden" });
  await page.keyboard.press("Escape");
  await page.keyboard.press("?");
  await page.locator(".sheet").getByText("Isolate what is selected", { exact: false }).waitFor();
});

journey("between the marks of members", async ({ page, open, shot }) => {
  const text = await readFile(`${root}/static/designs/mumbai-delhi.json`, "utf8");
  await open(`/#d=${deflateRawSync(JSON.stringify(JSON.parse(text))).toString("base64url")}`);
  await page.keyboard.press("x");
  const marks = page.locator("[data-node=store] .members > span");
  const [one, other, store] = [await marks.nth(0).boundingBox(), await marks.nth(1).boundingBox(), await box(page, "store")];
  const x = (one.x + one.width + other.x) / 2;
  const name = "Mumbai client, Balance A | Delhi client, Balance B, Balance C";
  await draw(page, [[x, store.y - 40], [x, store.y + 30], [x, store.y + store.height + 40]], async () => {
    await page.locator(".aiming").getByText(name).waitFor();
    await shot("cutting-5-members");
  });
  await chip(page, name).waitFor();
  await page.locator("[data-node=store]").click({ position: { x: 10, y: 10 } });
});

journey("by finger on a phone", phone, async ({ page, context, open, shot }) => {
  await open();
  const session = await context.newCDPSession(page);
  const touch = (type, at) =>
    session.send("Input.dispatchTouchEvent", { type, touchPoints: at ? [{ x: at[0], y: at[1] }] : [] });
  await button(page, "Add a component").tap();
  await button(page, "Cut the network").tap();
  await page.locator(".aiming").getByText("Draw a line across wires").waitFor();
  const points = await around(page, "firewall", 9);
  await touch("touchStart", points[0]);
  for (let at = 1; at < points.length; at++) {
    for (let step = 1; step <= 8; step++) {
      const part = (from, to) => from + ((to - from) * step) / 8;
      await touch("touchMove", [part(points[at - 1][0], points[at][0]), part(points[at - 1][1], points[at][1])]);
    }
  }
  const name = "Firewall | 11 components";
  await page.locator(".aiming").getByText(name).waitFor();
  await shot("cutting-6-phone");
  await touch("touchEnd");
  await chip(page, name).waitFor();
  await button(page.locator(".aiming"), "Done").tap();
  await until(async () => (await cutWires(page)) === 3 || `${await cutWires(page)}`, "its wires");
  await shot("cutting-7-phone-chip");
  const { x, width } = await chip(page, name).boundingBox();
  assert.ok(x >= 0 && x + width <= 390, "the chip fits");
  await button(page, `Heal ${name}`).tap();
  await chips(page).waitFor({ state: "hidden" });
});
