// The hash ring, as in class: a key finds its node; one node joins by modulo, and the same with a ring;
// virtual nodes even out; a dead node's keys move, and no others. All numbers come from the run.

import assert from "node:assert/strict";
import { journey, until } from "./harness.mjs";
import { mark, number, place, press, slide, still, strike, told, words } from "./lens.mjs";

const moved = async (page) => number(await words(page, "moved"));
const hits = async (page) => number(await words(page, "hit-ratio"));
const load = async (page) => number(await page.locator("[data-node=database] .figure b").first().innerText());

async function inside(page, open) {
  await open();
  await page.locator("#designs-button").click();
  await page.getByRole("button", { name: /^Cache cluster/ }).click();
  await page.locator("[data-node=cluster]").click();
  await page.getByRole("tab", { name: "Inside" }).click();
  await page.waitForFunction(() => document.querySelector('.lens [data-id="node/D"]'));
  await until(async () => (await hits(page)) > 85 || (await told(page)), "the cache is warm");
  await until(async () => (await load(page)) < 150 || (await load(page)), "the database is at ease");
}

journey("hash ring: a node joins, virtual nodes, a node dies", async ({ page, open, shot }) => {
  await inside(page, open);
  const steady = { hits: await hits(page), load: await load(page) };

  // Pick a key: its hash, its place and its owner.
  const ring = await place(page, "pick");
  await page.mouse.click(ring.x + ring.width * 0.45, ring.y);
  const why = async () => `${await words(page, "picked/why/0")} ${await words(page, "picked/why/1")}`;
  await until(async () => /modulo 3 is \d/.test(await why()) || (await why()), "why it is there");
  assert.match(await told(page), /product:\d+ belongs to [ABC]/);

  // How many of 96 move? The guess stays.
  await slide(page, "guess", 0.25);
  await until(async () => /^2\d$/.test(await words(page, "guess/caption-end")) || (await words(page, "guess/caption-end")), "a guess");
  await shot("ring-1-guess");

  // D is dragged onto the ring: first the picture says what would move, then it does.
  const chip = await still(page, "node/D");
  await page.mouse.move(chip.x, chip.y);
  await page.mouse.down();
  const circle = await page.evaluate((it) => {
    const { x, y, width, height } = document.querySelector(it).getBoundingClientRect();
    return { x: x + width / 2, y: y + height / 2 };
  }, mark("pick"));
  await page.mouse.move(circle.x, circle.y, { steps: 10 });
  await until(async () => /would move/.test(await told(page)) || (await told(page)), "it is tried out");
  const tried = await moved(page);
  await shot("ring-2-tried");
  await page.mouse.up();
  await until(async () => / D joins: \d+ of 96 keys moved/.test(await told(page)) || (await told(page)), "D has joined");
  assert.equal(await moved(page), tried, "what was tried is what came");
  assert.ok(tried >= 60 && tried <= 84, `modulo moves ${tried} of 96, about 72`);
  const between = Number(/(\d+) of them between/.exec(await told(page))[1]);
  assert.ok(between > 20, `${between} between nodes that stay`);
  await until(async () => (await load(page)) > 3 * steady.load || `${await load(page)} after ${steady.load}`, "database load jumps");
  await until(async () => (await hits(page)) < steady.hits - 10 || (await hits(page)), "the hit ratio collapses");
  assert.match(await words(page, "moves/guess/0"), /Your guess, dashed: 2\d of 96/);
  await shot("ring-3-modulo");
  const peak = await load(page);
  console.log(`database load ${steady.load}, then ${peak} per second`);

  // Rewound, and the same with a ring of 200 virtual nodes, from a warm start.
  await page.locator(".track").focus();
  await page.keyboard.press("Home");
  await until(async () => /^3 nodes/.test(await told(page)) || (await told(page)), "three nodes as it was then");
  await press(page, "scheme/ring");
  await until(async () => /^3 nodes by Hash ring/.test(await told(page)) || (await told(page)), "a ring");
  await page.locator('button[title^="Restart (R)"]').click();
  await until(async () => /^3 nodes by Hash ring/.test(await told(page)) && (await hits(page)) > 85 || (await told(page)), "a warm ring", 30_000);
  const before = await load(page);
  await press(page, "node/D");
  await until(async () => /D joins/.test(await told(page)) || (await told(page)), "D has joined the ring");
  const ringMoved = await moved(page);
  assert.ok(ringMoved >= 14 && ringMoved <= 36, `the ring moves ${ringMoved} of 96, about 24`);
  assert.match(await told(page), /, 0 of them between nodes that stay/);
  await page.waitForTimeout(2_000);
  assert.ok((await load(page)) < peak, `a smaller dip: ${before}, ${await load(page)}, by modulo ${peak}`);
  await shot("ring-4-ring");

  // Virtual nodes, by keys: one is uneven, as many as there can be are even.
  const uneven = async () => Number(/max\/mean (\d+\.\d+)/.exec(await words(page, "vnodes/shares/0"))?.[1]);
  await strike(page, "vnodes", "Home");
  await until(async () => (await uneven()) > 1.4 || (await uneven()), "one point a node is uneven");
  await shot("ring-5-uneven");
  await strike(page, "vnodes", "End");
  await until(async () => (await uneven()) < 1.2 || (await uneven()), "many are even");

  // B dies: its keys go to the others, and nobody else's move.
  await press(page, "node/B");
  await press(page, "node-act/fault");
  await until(async () => /B is down: \d+ of 96 keys moved, 0 of them between/.test(await told(page)) || (await told(page)), "B is known to be down");
  await shot("ring-6-killed");
});
