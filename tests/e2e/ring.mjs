// The hash ring, as in class: a key finds its node; one node joins by modulo, and the same with a ring;
// virtual nodes even out; a dead node's keys move, and no others. All numbers come from the run.

import assert from "node:assert/strict";
import { journey, until } from "./harness.mjs";
import { mark, number, place, press, slide, still, strike, told, words } from "./lens.mjs";

const moved = async (page) => number(await words(page, "moved"));
const hits = async (page) => number(await words(page, "hit-ratio"));
const told_hash = async (page) => `${await words(page, "picked/why/0")} ${await words(page, "picked/why/1")}`;
/** Keys that are lit because they have moved: whose each is, and was. */
const lit = (page) =>
  page.evaluate(() => {
    const titles = [...document.querySelectorAll('.lens [data-id^="key/"] title')].map((it) => it.textContent);
    return titles.map((it) => /: (\w+), before (\w+)$/.exec(it)).filter((it) => it).map(([, now, before]) => ({ now, before }));
  });
/** The heaviest node's requests beside the mean. */
const uneven = async (page) => Number(/max\/mean (\d+\.\d+)/.exec(await words(page, "requests/caption-end"))?.[1]);
const clock = (page) => page.evaluate(() => {
  const [minutes, seconds] = document.querySelector(".clock").innerText.split(":");
  return Number(minutes) * 60 + Number.parseFloat(seconds);
});
/** What a change does within some simulated seconds: hit ratio at worst, database load at most. */
async function dip(page, seconds) {
  const seen = { hits: 100, load: 0 };
  for (const until = (await clock(page)) + seconds; (await clock(page)) < until; await page.waitForTimeout(100)) {
    seen.hits = Math.min(seen.hits, await hits(page));
    seen.load = Math.max(seen.load, await load(page));
  }
  return seen;
}
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

/** Drags a node to the middle of the ring, and does not let go. */
async function drag(page, id) {
  const from = await still(page, id);
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  const circle = await page.evaluate((it) => {
    const { x, y, width, height } = document.querySelector(it).getBoundingClientRect();
    return { x: x + width / 2, y: y + height / 2 };
  }, mark("pick"));
  await page.mouse.move(circle.x, circle.y, { steps: 10 });
}

journey("hash ring: a node joins, virtual nodes, a node dies", async ({ page, open, shot }) => {
  await inside(page, open);
  const steady = { hits: await hits(page), load: await load(page) };

  // Pick a key: its hash, its place and its owner.
  const ring = await place(page, "pick");
  await page.mouse.click(ring.x + ring.width * 0.45, ring.y);
  const why = () => told_hash(page);
  await until(async () => /modulo 3 is \d/.test(await why()) || (await why()), "why it is there");
  const [, hash, rest, owner] = /(\d{5,}), modulo 3 is (\d): ([ABC])\./.exec(await why());
  assert.equal(BigInt(hash) % 3n, BigInt(rest), "the hash, and its place");
  assert.equal("ABC"[rest], owner);
  assert.match(await told(page), new RegExp(`product:\\d+ belongs to ${owner}\\..*% of reads hit in the last second`));
  assert.ok((await hits(page)) > 85, "the hit ratio stands beside it");

  // How many of 96 move? The guess stays.
  assert.equal(await words(page, "guess/caption"), "Add D: how many of 96 keys move?");
  await slide(page, "guess", 0.25);
  await until(async () => /^2\d$/.test(await words(page, "guess/caption-end")) || (await words(page, "guess/caption-end")), "a guess");
  await shot("ring-1-guess");

  // D is dragged onto the ring: first the picture says what would move, then it does.
  await drag(page, "node/D");
  await until(async () => /would move/.test(await told(page)) || (await told(page)), "it is tried out");
  const tried = await moved(page);
  await shot("ring-2-tried");
  await page.mouse.up();
  await until(async () => / D joins: \d+ of 96 keys moved/.test(await told(page)) || (await told(page)), "D has joined");
  assert.equal(await moved(page), tried, "what was tried is what came");
  assert.ok(tried >= 60 && tried <= 84, `modulo moves ${tried} of 96, about 72`);
  const between = Number(/(\d+) of them between/.exec(await told(page))[1]);
  assert.ok(between > 20, `${between} between nodes that stay`);
  const changed = await lit(page);
  assert.equal(changed.length, tried, "as many keys change colour");
  assert.equal(changed.filter((it) => it.now !== "D").length, between, "many of them between A, B and C");
  await until(async () => (await load(page)) > 3 * steady.load || `${await load(page)} after ${steady.load}`, "database load jumps");
  await until(async () => (await hits(page)) < steady.hits - 10 || (await hits(page)), "the hit ratio collapses");
  assert.match(await words(page, "moves/guess/0"), /Your guess, dashed: 2\d of 96/);
  assert.equal(await page.locator(mark("moves/modulo#ghost")).count(), 1, "and stays as a ghost bar");
  // How many that is, of 100 of them, and what an even share were.
  const [, count, percent] = /^\s*(\d+) · +(\d+) %$/.exec(await words(page, "moves/modulo#figure"));
  assert.deepEqual([Number(count), Number(percent)], [tried, Math.round((tried / 96) * 100)]);
  assert.equal(await words(page, "moves-even/words"), "even share 24");
  await shot("ring-3-modulo");
  const byModulo = await dip(page, 4);
  assert.ok(byModulo.hits < 60, `the hit ratio collapses to ${byModulo.hits} %`);
  console.log(`by modulo: hits ${steady.hits} %, then ${byModulo.hits} %; load ${steady.load}, then ${byModulo.load} per second`);

  // Rewound, and a ring of 200 virtual nodes from there on: what modulo did stays in the chart, grey. Once
  // the ring is warm, D joins it.
  await page.locator(".track").focus();
  await page.keyboard.press("Home");
  await until(async () => /^3 nodes/.test(await told(page)) || (await told(page)), "three nodes as it was then");
  await press(page, "scheme/ring");
  await until(async () => /^3 nodes by Hash ring/.test(await told(page)) || (await told(page)), "a ring");
  assert.equal(await words(page, "vnodes/caption-end"), "200 a node");
  const play = page.getByRole("button", { name: "Play", exact: true });
  if (await play.isVisible()) await play.click();
  const began = await clock(page);
  const warm = async () => {
    const [at, ratio, asked] = [await clock(page), await hits(page), await load(page)];
    return (at > began + 15 && ratio > steady.hits - 3 && asked < 1.5 * steady.load) || `${at} s: ${ratio} %, ${asked}/s`;
  };
  await until(warm, "a warm ring", 60_000);
  await press(page, "node/D");
  await until(async () => /D joins/.test(await told(page)) || (await told(page)), "D has joined the ring");
  const ringMoved = await moved(page);
  assert.ok(ringMoved >= 14 && ringMoved <= 36, `the ring moves ${ringMoved} of 96, about 24`);
  assert.match(await told(page), /, 0 of them between nodes that stay/);
  const joined = await lit(page);
  assert.equal(joined.length, ringMoved);
  assert.ok(joined.every((it) => it.now === "D"), "all of them to D");
  const byRing = await dip(page, 6);
  console.log(`by ring: hits at worst ${byRing.hits} %, load at most ${byRing.load} per second`);
  assert.ok(byRing.hits > byModulo.hits + 5 && byRing.load < 0.7 * byModulo.load, `a small dip: ${JSON.stringify([byRing, byModulo])}`);
  // Over it that of modulo, from the moment of the join on.
  await until(async () => /^Dashed: the same by Modulo/.test(await words(page, "dip/left/0")) || (await words(page, "dip/left/0")), "modulo's dip is told");
  assert.equal(await page.locator(mark("dip/ghost-0")).count(), 1, "and drawn, dashed");
  await shot("ring-4-ring");

  // Virtual nodes from 200 to 1 and back: the bars of requests swing from even to uneven and back.
  const share = async () => Number(/max\/mean (\d+\.\d+)/.exec(await words(page, "vnodes/shares/0"))?.[1]);
  await until(async () => (await uneven(page)) < 1.3 || (await uneven(page)), "200 points a node are even");
  await slide(page, "vnodes", 0.05);
  await until(async () => (await words(page, "vnodes/caption-end")) === "1 a node" || (await words(page, "vnodes/caption-end")), "one point a node");
  await until(async () => (await uneven(page)) > 1.4 || (await uneven(page)), "its requests are uneven");
  assert.ok((await share()) > 1.4);
  await shot("ring-5-uneven");
  await slide(page, "vnodes", 0.85);
  await until(async () => (await words(page, "vnodes/caption-end")) === "200 a node" || (await words(page, "vnodes/caption-end")), "200 again");
  await until(async () => (await uneven(page)) < 1.3 || (await uneven(page)), "and even");
  assert.ok((await share()) < 1.2);
  // By key too.
  await strike(page, "vnodes", "Home");
  await until(async () => (await words(page, "vnodes/caption-end")) === "1 a node" || (await words(page, "vnodes/caption-end")), "one point, by key");
  await strike(page, "vnodes", "End");
  await until(async () => (await words(page, "vnodes/caption-end")) !== "1 a node" || "1 a node", "more, by key");
  await slide(page, "vnodes", 0.85);
  await until(async () => (await words(page, "vnodes/caption-end")) === "200 a node" || (await words(page, "vnodes/caption-end")), "200 once more");
  await until(async () => (await uneven(page)) < 1.3 || (await uneven(page)), "and even once more");

  // B is dragged into the middle, and dies: its keys go to the others, and nobody else's move.
  await drag(page, "node/B");
  await until(async () => /would move/.test(await told(page)) || (await told(page)), "its end is tried out");
  await page.mouse.up();
  await until(async () => /B is down: \d+ of 96 keys moved, 0 of them between/.test(await told(page)) || (await told(page)), "B is known to be down");
  const left = await lit(page);
  assert.equal(left.length, await moved(page));
  assert.ok(left.length > 8 && left.every((it) => it.before === "B"), "only B's keys move");
  assert.deepEqual([...new Set(left.map((it) => it.now))].sort(), ["A", "C", "D"], "spread over the rest");
  await until(async () => (await words(page, "requests/B#figure")) === "down" || (await words(page, "requests/B#figure")), "its bar says so");
  await shot("ring-6-killed");
});
