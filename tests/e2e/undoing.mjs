// Undo of what was done to the run, what is done in the past, marks taken out of the timeline, and a worker that
// dies with something in its hands: canvas, run and what is kept agree.

import assert from "node:assert/strict";
import { journey, knowWorkers, until } from "./harness.mjs";

const button = (page, name) => page.getByRole("button", { name, exact: true });
const clock = (page) => page.locator(".clock").innerText();
const runs = (page, from) => until(async () => (await clock(page)) > from || (await clock(page)), `later than ${from}`);
const cache = (page, how) => page.locator(`[data-node=cache]${how}`);
const up = (page) => cache(page, ":not(.down)").waitFor();
const down = (page) => cache(page, ".down").waitFor();
const mark = (page, words) => page.locator(".deeds .event").and(page.getByRole("button", { name: words }));
const workers = (page) => page.getByLabel("Workers", { exact: true });

journey("undo takes a fault back now, and redo does it again", async ({ page, open, shot }) => {
  await open();
  await runs(page, "00:01");
  // An edit before it: undo comes to that only after the fault.
  await page.locator("[data-node=cart]").click();
  await workers(page).fill("5");
  await workers(page).press("Enter");
  await mark(page, /Cart edited/).waitFor({ state: "attached" });
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  await button(page, "Kill the cache").click();
  await down(page);
  await page.keyboard.press("Control+z");
  await up(page);
  await mark(page, /Book cache restarted/).waitFor({ state: "attached" });
  await shot("undoing-1-undone");
  await page.keyboard.press("Control+Shift+z");
  await down(page);
  await page.keyboard.press("Control+z");
  await up(page);
  await page.keyboard.press("Control+z");
  await page.locator("[data-node=cart]").click();
  await until(async () => (await workers(page).inputValue()) === "2" || (await workers(page).inputValue()), "the edit is undone");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");

  // Slower, slower still: undo leads to the first again, and not to full speed.
  await page.locator("[data-node=books]").first().focus();
  await page.keyboard.press("Enter");
  const inspector = page.locator(".inspector");
  await inspector.getByLabel("More faults", { exact: true }).click();
  await inspector.locator(".fault").first().getByRole("button").click();
  const amount = inspector.getByLabel("Slow: times", { exact: true });
  const first = await amount.inputValue();
  await amount.fill("7");
  await amount.press("Enter");
  await mark(page, /Books slowed 7 times/).waitFor({ state: "attached" });
  await button(page, "Undo").click();
  await until(async () => (await mark(page, new RegExp(`Books slowed ${first} times`)).count()) === 2, "as slow as before");
  await button(page, "Undo").click();
  await mark(page, /Books at full speed/).waitFor({ state: "attached" });
});

journey("a restart forgets the faults that could be undone", async ({ page, open }) => {
  await open();
  await runs(page, "00:01");
  await button(page, "Kill the cache").click();
  await down(page);
  await until(async () => !(await button(page, "Undo").isDisabled()), "there is something to undo");
  await page.keyboard.press("r");
  await up(page);
  await until(async () => button(page, "Undo").isDisabled(), "nothing is left to undo");
});

journey("a fault in the past leaves later edits behind, on the canvas too", async ({ page, open }) => {
  await open();
  await runs(page, "00:03");
  await page.locator("[data-node=cart]").click();
  await workers(page).fill("5");
  await workers(page).press("Enter");
  await mark(page, /Cart edited/).waitFor({ state: "attached" });
  await page.waitForTimeout(500);
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Space");
  const track = await page.locator(".track").boundingBox();
  await page.mouse.click(track.x + track.width * 0.02, track.y + track.height / 2);
  await page.waitForTimeout(400);
  await button(page, "Kill the cache").click();
  await mark(page, /Book cache killed/).waitFor({ state: "attached" });
  assert.equal(await mark(page, /Cart edited/).count(), 0, "the edit lay in the future that was left");
  await page.locator("[data-node=cart]").click();
  assert.equal(await workers(page).inputValue(), "2");
  // What is kept leads to what is shown: nothing is told when it is opened again.
  await page.waitForTimeout(800);
  await page.reload();
  await down(page);
  await mark(page, /Book cache killed/).waitFor({ state: "attached" });
  assert.equal(await page.locator(".notice").count(), 0);
  await page.locator("[data-node=cart]").click();
  assert.equal(await workers(page).inputValue(), "2");
});

const SIZES = [
  ["wide", { viewport: { width: 1440, height: 900 } }],
  ["phone", { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }],
];
for (const [size, options] of SIZES) {
  journey(`a mark is taken out: as if it had never been (${size})`, options, async ({ page, open, shot }) => {
    const press = (it) => (size === "phone" ? it.tap() : it.click());
    await open();
    await runs(page, "00:01");
    await press(button(page, "Kill the cache"));
    await down(page);
    await runs(page, "00:04");
    await press(button(page, "Pause"));
    await page.waitForTimeout(300);
    const then = await clock(page);
    const killed = mark(page, /Book cache killed/);
    await killed.waitFor({ state: "attached" });
    if (size === "phone") {
      // There, it can be taken out by a finger.
      await killed.tap({ force: true });
      const out = button(page, "Book cache killed: take out");
      await out.waitFor();
      await shot(`undoing-2-mark-${size}`);
      const box = await out.boundingBox();
      assert.ok(box.x >= 0 && box.x + box.width <= 390 && box.height >= 28, JSON.stringify(box));
      await out.tap();
    } else {
      await killed.focus();
      await page.keyboard.press("Delete");
    }
    await until(async () => (await killed.count()) === 0, "the mark is gone");
    await up(page);
    if (size === "wide") {
      await until(async () => (await clock(page)) === then || (await clock(page)), "the same moment");
      assert.ok(await button(page, "Undo").isDisabled(), "nothing is left to undo");
    }
    await shot(`undoing-3-taken-out-${size}`);
    await press(button(page, "Play"));
    await runs(page, then);
  });
}

journey("an edit taken out of the timeline is gone from the design, and later ones stay", async ({ page, open }) => {
  await open();
  for (const [node, count] of [["cart", "5"], ["search", "6"]]) {
    await page.waitForTimeout(1_200);
    await page.locator(`[data-node=${node}]`).click();
    await workers(page).fill(count);
    await workers(page).press("Enter");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Escape");
  }
  await mark(page, /Search edited/).waitFor({ state: "attached" });
  await mark(page, /Cart edited/).focus();
  await page.keyboard.press("Delete");
  await until(async () => (await mark(page, /Cart edited/).count()) === 0, "the mark is gone");
  await mark(page, /Search edited/).waitFor({ state: "attached" });
  await page.locator("[data-node=cart]").click();
  await until(async () => (await workers(page).inputValue()) === "2" || (await workers(page).inputValue()), "as it was");
  await page.keyboard.press("Escape");
  await page.locator("[data-node=search]").click();
  await until(async () => (await workers(page).inputValue()) === "6" || (await workers(page).inputValue()), "the later one stays");
});

journey("where it was left, it is found again", async ({ page, open, context }) => {
  await open();
  await runs(page, "00:02");
  await button(page, "Kill the cache").click();
  await down(page);
  await runs(page, "00:06");
  await button(page, "Pause").click();
  await page.waitForTimeout(300);
  const left = await clock(page);
  const other = await context.newPage();
  await other.goto(page.url());
  await other.locator("[data-node=cache].down").waitFor();
  await page.reload();
  await down(page);
  await until(async () => (await clock(page)) === left || (await clock(page)), "up to the moment at which it was left");
  // To look is not to change: the other tab is not told of anything.
  assert.equal(await other.locator(".notice").count(), 0);
});

const dies = (page) =>
  page.evaluate(() => globalThis.workers.at(-1).dispatchEvent(new ErrorEvent("error", { message: "a test" })));
const dying = { forgive: [/panicked|unreachable|uncaught|console/] };

journey("what is done while the worker is dead is done once another has taken over", dying, async ({ page, open }) => {
  await knowWorkers(page);
  await open();
  await runs(page, "00:02");
  await page.evaluate(() => globalThis.workers.forEach((it) => it.terminate()));
  await page.locator("[data-node=cart]").click();
  await workers(page).fill("5");
  await workers(page).press("Enter");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  await button(page, "Kill the cache").click();
  await page.locator(".banner").waitFor({ timeout: 40_000 });
  await mark(page, /Cart edited/).waitFor({ state: "attached" });
  await mark(page, /Book cache killed/).waitFor({ state: "attached" });
  await down(page);
  await page.locator("[data-node=cart]").click();
  assert.equal(await workers(page).inputValue(), "5");
  // And it goes on so after the next death.
  await runs(page, await clock(page));
});

journey("a worker that dies again is restarted without what was done last, which is named", dying, async ({ page, open }) => {
  await knowWorkers(page);
  await open();
  await runs(page, "00:02");
  await page.locator("[data-node=cart]").click();
  await workers(page).fill("5");
  await workers(page).press("Enter");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  await mark(page, /Cart edited/).waitFor({ state: "attached" });
  await page.keyboard.press("Space");
  await dies(page);
  await page.getByRole("alert").getByText("same design").waitFor();
  await dies(page);
  await page.getByRole("alert").getByText(/without what was done last: Cart edited/).waitFor();
  // On the canvas as in the run.
  await page.locator("[data-node=cart]").click();
  await until(async () => (await workers(page).inputValue()) === "2" || (await workers(page).inputValue()), "without it");
  assert.equal(await mark(page, /Cart edited/).count(), 0);
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  // It goes on; and what dies later has nothing to do with it.
  await page.keyboard.press("Space");
  await runs(page, "00:06");
  await button(page, "Kill the cache").click();
  await down(page);
  await dies(page);
  await page.getByRole("alert").getByText("same design").waitFor();
  await down(page);
});
