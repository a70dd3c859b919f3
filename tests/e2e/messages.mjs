// One message of many: dropped or delayed by its dot, or by keys from the request that is followed.

import assert from "node:assert/strict";
import { journey, until } from "./harness.mjs";

const button = (page, name) => page.getByRole("button", { name, exact: true });

/** Slow enough for single messages. */
async function slowly(page) {
  await page.locator(".stage").focus().catch(() => {});
  for (let times = 0; times < 12; times++) await page.keyboard.press("[");
}

/** Where on the page something is painted over the wires, away from every node; none if nothing is. */
const dot = (page) =>
  page.evaluate(() => {
    const canvas = document.querySelector("canvas.overlay");
    const { width, height } = canvas;
    const pixels = canvas.getContext("2d").getImageData(0, 0, width, height).data;
    const box = canvas.getBoundingClientRect();
    const nodes = [...document.querySelectorAll("[data-node], .chip, .inspector")].map((it) => it.getBoundingClientRect());
    const full = (x, y) => pixels[4 * (y * width + x) + 3] > 200;
    for (let y = 2; y < height - 2; y++) {
      for (let x = 2; x < width - 2; x++) {
        if (!full(x, y) || !full(x, y + 2) || !full(x + 1, y + 1) || !full(x - 1, y + 1)) continue;
        const at = { x: box.left + ((x + 0.5) / width) * box.width, y: box.top + ((y + 2.5) / height) * box.height };
        const covered = (it) => at.x > it.left - 12 && at.x < it.right + 12 && at.y > it.top - 12 && at.y < it.bottom + 12;
        if (!nodes.some(covered)) return at;
      }
    }
    return null;
  });

async function press(page, tap) {
  let at = null;
  await until(async () => {
    await page.keyboard.press(".");
    // Until the step has been taken and painted.
    let before = null;
    do {
      [before, at] = [at, await dot(page)];
      await page.waitForTimeout(150);
    } while (at !== null && (before?.x !== at.x || before?.y !== at.y));
    return at !== null || "no dot";
  }, "a message is on a wire");
  await (tap ? page.touchscreen.tap(at.x, at.y) : page.mouse.click(at.x, at.y));
  await page.locator(".dot-menu").waitFor();
}

const CASES = [
  ["by a click", {}, false],
  ["by a tap on a phone", { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }, true],
];
for (const [how, options, tap] of CASES) {
  journey(`a message is dropped and another delayed, ${how}`, options, async ({ page, open, shot }) => {
    await open();
    await slowly(page);
    await page.keyboard.press("Space");
    await press(page, tap);
    await shot(`message-menu${tap ? "-phone" : ""}`);
    await button(page, "Drop this message").click();
    await page.locator(".event.crash[title*='One message dropped']").waitFor({ state: "attached" });
    await page.locator(".dot-menu").waitFor({ state: "detached" });
    await press(page, tap);
    await button(page, "Delay it by 1 s").click();
    await page.locator(".event.slow[title*='One message delayed']").waitFor({ state: "attached" });
    // Nothing is done by leaving, and the menu goes.
    await press(page, tap);
    await page.keyboard.press("Escape");
    await page.locator(".dot-menu").waitFor({ state: "detached" });
    assert.equal(await page.locator(".event.crash, .event.slow").count(), 2);
  });
}

journey("by keys: the request that is followed loses its message", async ({ page, open, shot }) => {
  await open();
  await slowly(page);
  await page.keyboard.press("Space");
  await page.locator("[data-node=books]").focus();
  await page.keyboard.press("Enter");
  await page.locator(".inspector").getByRole("tab", { name: "Requests" }).press("Enter");
  const next = page.locator(".pick").filter({ hasText: "Next" });
  await until(async () => {
    await page.keyboard.press(">");
    return (await next.count()) > 0 || "nothing is on its way there";
  }, "a call is on its way to it");
  await next.press("Enter");
  const drop = page.locator(".its-messages").getByRole("button", { name: "Drop this message" });
  await drop.first().waitFor();
  await shot("message-by-keys");
  await drop.first().press("Enter");
  await page.locator(".event.crash[title*='One message dropped']").waitFor({ state: "attached" });
  await drop.first().waitFor({ state: "detached" });
});
