// Usable by everybody: axe-core finds nothing in the main states, in every theme and two sizes.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { journey } from "./harness.mjs";

const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** What axe-core finds in the page as it is. */
async function findings(page) {
  // Evaluated by the debugger, which the page's content policy does not concern.
  if (!(await page.evaluate(() => "axe" in globalThis))) {
    const { readFile } = await import("node:fs/promises");
    await page.evaluate(await readFile(axe, "utf8"));
  }
  const { violations } = await page.evaluate(() => globalThis.axe.run(document));
  return violations.flatMap((it) => it.nodes.map((node) => `${it.id}: ${node.target} ${node.failureSummary?.split("\n")[1]?.trim()}`));
}

const SIZES = { wide: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };

for (const theme of ["light", "dark", "projector"]) {
  for (const [size, viewport] of Object.entries(SIZES)) {
    journey(`axe-core finds nothing (${theme}, ${size})`, { viewport }, async ({ page, context, open, shot }) => {
      await context.addInitScript((theme) => localStorage.setItem("ringside.theme", theme), theme);
      await open();
      await page.waitForTimeout(1_000);
      const found = {};
      const check = async (state) => {
        await shot(`access-${state}-${theme}-${size}`);
        const list = await findings(page);
        if (list.length > 0) found[state] = list;
      };
      await check("open");
      await page.locator("#designs-button").click();
      await check("designs");
      await page.keyboard.press("Escape");
      await page.locator("#share-button").click();
      await page.locator("#share-link").waitFor();
      await check("share");
      await page.keyboard.press("Escape");
      await page.locator("[data-node=cache]").focus();
      await page.keyboard.press("Enter");
      await page.locator(".inspector").waitFor();
      await check("inspector");
      await page.keyboard.press("Escape");
      await page.locator("#designs-button").click();
      await page.getByRole("button", { name: "New design", exact: true }).click();
      await page.getByText("An empty canvas").waitFor();
      await check("empty");
      assert.deepEqual(found, {});
    });
  }
}

journey("usable at 200 % zoom", { viewport: { width: 720, height: 450 } }, async ({ page, open, shot }) => {
  await open();
  await page.locator("#designs-button").click();
  const panel = await page.locator(".panel").boundingBox();
  assert.ok(panel.y + panel.height <= 450 && panel.x + panel.width <= 720, JSON.stringify(panel));
  await page.keyboard.press("Escape");
  assert.ok(await page.getByRole("button", { name: "Pause", exact: true }).isVisible());
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= 720, `${wide} px wide`);
  await shot("access-zoomed");
});
