// The canvas by mouse: a node is dragged and put back by undo; pan, zoom and fit.

import assert from "node:assert/strict";
import { journey } from "./harness.mjs";

const near = (a, b) => Math.abs(a - b) < 1;

journey("a node is dragged, the canvas is panned, zoomed and fitted", async ({ page, open }) => {
  await open();
  await page.waitForFunction(() => performance.getEntriesByName("ringside-moving").length > 0);
  const box = async () => {
    await page.waitForTimeout(200);
    return page.locator("[data-node=billing]").boundingBox();
  };
  const start = await box();

  await page.mouse.move(start.x + 40, start.y + 15);
  await page.mouse.down();
  await page.mouse.move(start.x + 140, start.y + 15, { steps: 8 });
  await page.mouse.up();
  const dragged = await box();
  // It snaps to a grid, so not to the pixel.
  assert.ok(Math.abs(dragged.x - start.x - 100) < 12, `dragged by ${dragged.x - start.x} of 100`);

  await page.keyboard.press("Control+z");
  const undone = await box();
  assert.ok(near(undone.x, start.x) && near(undone.y, start.y), "undo puts it back");

  await page.keyboard.press("Escape");
  await page.mouse.move(700, 600);
  await page.mouse.wheel(0, 60);
  const panned = await box();
  assert.ok(near(panned.y, start.y - 60) && near(panned.x, start.x), "the wheel pans");

  await page.keyboard.down("Control");
  await page.mouse.wheel(0, -200);
  await page.keyboard.up("Control");
  const zoomed = await box();
  assert.ok(zoomed.width > panned.width * 1.2, "Ctrl with the wheel zooms");

  await page.keyboard.press("f");
  const fitted = await box();
  assert.ok(near(fitted.x, start.x) && near(fitted.width, start.width), "F fits");
});
