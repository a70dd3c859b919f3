// A store without a leader, in class: one of three answers, and a read misses the last write, whose
// member is not among those it asked; two of three are set in the picture, they overlap, and nothing
// is missed any more. Phone and laptop fill one cart at the same time: siblings, until one reads both.

import assert from "node:assert/strict";
import { journey, until } from "./harness.mjs";

const button = (page, name) => page.getByRole("button", { name, exact: true });
const lens = (page) => page.locator(".inspector .lens");
const mark = (page, id) => lens(page).locator(`[data-id="${id}"]`);
const words = async (page) => (await lens(page).locator("svg text").allTextContents()).join(" · ");

/** Opens a ready design, playing, with the store's inside beside it. */
async function openReady({ page, open }, name) {
  await open();
  await page.locator("#designs-button").click();
  await page.getByRole("button", { name }).click();
  await page.locator("[data-node=store]").click();
  await page.getByRole("tab", { name: "Inside" }).click();
  await lens(page).locator("svg").waitFor();
  if ((await button(page, "Play").count()) > 0) await button(page, "Play").click();
}

/** Reads that missed a finished write, of those that are kept. */
async function missed(page) {
  const found = /Reads that missed a finished write: (\d+) of/.exec(await words(page));
  assert.ok(found, "the count is told");
  return Number(found[1]);
}

const THEMES = process.env.THEMES?.split(",") ?? ["light"];
for (const theme of THEMES) {
  const themed = (context) => context.addInitScript((theme) => localStorage.setItem("ringside.theme", theme), theme);

  journey(`one answer misses, two of three overlap (${theme})`, async (it) => {
    const { page, context, shot } = it;
    await themed(context);
    await openReady(it, /^Leaderless/);
    const missing = /No: [A-E, ]+ had acknowledged it, [A-E, ]+ answered\. The read missed it: a stale/;
    const told = async () => (await words(page)).replaceAll(" · ", " ");
    await until(async () => missing.test(await told()) || (await told()), "a stale read", 60_000);
    assert.match(await words(page), /1 of 3 overlap/);
    assert.match(await words(page), /W \+ R = 2 ≤ N = 3/);
    assert.ok((await missed(page)) > 0);
    assert.ok((await lens(page).locator("[data-id^='pick/'].stale").count()) > 0, "it is among those to be picked");
    await shot(`quorum-1-apart-${theme}`);
    // As many as it takes, set where it is shown.
    await mark(page, "set/read_quorum/2").click();
    await mark(page, "set/write_quorum/2").click();
    await until(async () => /3 of 3 overlap/.test(await words(page)) || (await words(page)), "they overlap");
    assert.match(await words(page), /W \+ R = 4 > N = 3/);
    // Once a write has been acknowledged by two, no read misses any; older ones are forgotten.
    await page.waitForTimeout(2_500);
    const before = await missed(page);
    await page.waitForTimeout(11_000);
    const after = await missed(page);
    assert.ok(after <= before, `stale reads, then ${before}, now ${after}`);
    assert.equal(await lens(page).locator("[data-id^='pick/'].stale").count(), 0);
    await until(async () => /The read could not miss it/.test(await words(page)) || (await words(page)), "the overlap is told");
    await shot(`quorum-2-overlap-${theme}`);
  });

  journey(`siblings of a cart, and whoever reads both unites them (${theme})`, async (it) => {
    const { page, context, shot } = it;
    await themed(context);
    await openReady(it, /^Shopping cart/);
    // Both put something in at 3 s, before either could hear of the other.
    await until(async () => /cart = \{2, 3\}/.test(await words(page)) || (await words(page)), "siblings", 30_000);
    await until(async () => /\{2, 3\} do not know of each/.test(await words(page)) || (await words(page)), "the conflict is told");
    await shot(`quorum-3-siblings-${theme}`);
    // The next who reads finds both, and writes back one that holds both.
    await until(async () => /cart = 2\+3/.test(await words(page)) || (await words(page)), "united", 30_000);
    await until(async () => /a reader united/.test(await words(page)) || (await words(page)), "it is told who did");
    await shot(`quorum-4-united-${theme}`);
  });
}
