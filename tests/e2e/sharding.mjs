// Sharding, as in class: users by range of their ids and a hot last shard; one more at the end, and the
// same by hash; a query that asks all; a celebrity; four shards become five while requests go on. All
// numbers come from the run.

import assert from "node:assert/strict";
import { figure, journey, until } from "./harness.mjs";
import { mark, number, press, slide, told, words } from "./lens.mjs";

const load = async (page, name) => number(await words(page, `load/${name}#figure`));
const loads = async (page, names) => Promise.all([...names].map((it) => load(page, it)));
const percent = async (page, id) => number(await words(page, `moves/${id}#figure`));
/** What the users wait at most, but for one in a hundred, in ms. */
const p99 = (page) => figure(page, "users", 1);

async function inside(page) {
  await page.locator("[data-node=store]").click();
  await page.getByRole("tab", { name: "Inside" }).click();
  await page.waitForFunction((it) => document.querySelector(it), mark("load/A"));
}

/** A setting of the users. */
async function rate(page, value) {
  await page.locator("[data-node=users]").click();
  await page.getByRole("tab", { name: "Settings" }).click();
  await page.getByLabel("Rate", { exact: true }).fill(value);
  await page.getByLabel("Rate", { exact: true }).press("Enter");
  await inside(page);
}

async function rewind(page) {
  await page.locator(".track").focus();
  await page.keyboard.press("Home");
}

/** Rows have all gone where they belong. */
const settled = (page) =>
  until(async () => (/^Resharded/.test(await words(page, "resharding/caption")) || (await told(page))), "rows have moved", 60_000);

journey("sharding: a hot range, a hash, a query, a celebrity, one shard more", async ({ page, open, shot }) => {
  await open();
  await page.locator("#designs-button").click();
  await page.getByRole("button", { name: /^Users, sharded/ }).click();
  await inside(page);

  // New ids rain on the last strip.
  await until(async () => (await load(page, "C")) > 700 || (await told(page)), "the users are there");
  const [a, b, c] = await loads(page, "ABC");
  assert.ok(a > 150 && a < 260 && b > 150 && b < 260, `A and B are at ease: ${a}, ${b}`);
  assert.ok(c > 760 && c < 900, `C is near its 900: ${c}`);
  assert.equal(await words(page, "load-even/words"), "capacity 900/s");
  // Each drop of the rain is a request of the last second, in the lane of its shard.
  const drops = async (lane) => page.locator(`.lens [data-id^="rain/${lane}/"]`).count();
  assert.ok((await drops("C")) > 2 * (await drops("A")), "it rains on the last strip");
  const usable = async (when) => {
    assert.equal(number(await words(page, "installed")), 2_700);
    const usable = number(await words(page, "usable"));
    assert.ok(usable > 1_250 && usable < 1_430, `${usable} usable of 2,700 ${when}`);
  };
  await usable("at 1,250/s");
  assert.match(await page.locator("[data-node=users] .figure").nth(1).innerText(), /p99/);
  const calm = await p99(page);
  await shot("sharding-1-range");

  // A fifth more, and the third is over while the others have nothing to do.
  await rate(page, "1500/s");
  await until(async () => (await load(page, "C")) > 930 && /Waiting: .* at C/.test(await words(page, "load/waiting/0")) || `${await words(page, "load/waiting/0")} ${await told(page)}`, "C is over", 30_000);
  await until(async () => (await p99(page)) > 3 * calm || `${await p99(page)} ms after ${calm} ms`, "p99 jumps");
  await usable("at 1,500/s");
  // The others have nothing to do: some seconds together, since requests come by chance.
  let sum = 0;
  for (let n = 0; n < 8; n++) {
    sum += (await loads(page, "AB")).reduce((a, b) => a + b);
    await page.waitForTimeout(1_000);
  }
  assert.ok(sum / 16 < 0.3 * 900, `${sum / 16} of 900 on average`);
  await shot("sharding-2-full");

  // One more at the end: the hot spot moves to it.
  await press(page, "split-act");
  await until(async () => /4 shards/.test(await told(page)) || (await told(page)), "D is there");
  await settled(page);
  await until(async () => {
    const [c, d] = await loads(page, "CD");
    return d > 3 * c || `C ${c}, D ${d}`;
  }, "the hot spot is D's", 30_000);
  await shot("sharding-3-moved");

  // Rewound, and by hash: flat.
  await rewind(page);
  await until(async () => /^3 shards by range/.test(await told(page)) || (await told(page)), "as it was");
  await press(page, "scheme/modulo");
  await until(async () => /^3 shards by modulo/.test(await told(page)) || (await told(page)), "by hash");
  await settled(page);
  await until(async () => {
    const all = await loads(page, "ABC");
    return Math.max(...all) < 1.2 * Math.min(...all) || all.join();
  }, "flat bars", 30_000);
  await shot("sharding-4-hash");

  // Neighbours: all are asked, and the slowest decides.
  await until(async () => /asks all: A, B, C/.test(await words(page, "query/asks/0")) || (await words(page, "query/asks/0")), "a query asks all");
  assert.match(await words(page, "query/caption-end"), /user:1.000 to 1.100/);
  await press(page, "query/ask");
  const asked = async () => `${await words(page, "asked/slowest/0")} ${await words(page, "asked/slowest/1")}`;
  await until(async () => /^3 shards were asked; the slowest decides: [ABC], /.test(await asked()) || (await asked()), "the slowest decides");
  assert.match(await words(page, "asked/caption"), /^You asked: user:1.000 to 1.100/);
  assert.equal(await words(page, "asked/caption-end"), "101 rows");
  await shot("sharding-5-query");

  // A celebrity: one shard is hot, and its key is named.
  const celebrity = async () => {
    await page.locator("[data-node=users]").click();
    const more = page.locator(".faults summary").first();
    await more.click();
    await page.getByRole("button", { name: /Hot key$/ }).click();
    await more.click();
    await inside(page);
  };
  await celebrity();
  await until(async () => /user:0 is hot: 7\d/.test(await told(page)) || (await told(page)), "the key is named", 30_000);
  // The key is known before its requests fill the seconds that loads are counted over.
  await until(async () => {
    const all = await loads(page, "ABC");
    return Math.max(...all) > 3 * Math.min(...all) || all.join();
  }, "one is hot by hash too", 30_000);
  const hot = async () => `${await words(page, "load/hot/0")} ${await words(page, "load/hot/1")}`;
  assert.match(await hot(), /^user:0 alone is \d+(\.\d)? % of [ABC]'s requests: no scheme splits one key\./);
  await shot("sharding-6-celebrity");
  await celebrity();

  // Four shards, then five: guessed first, and seen on the way.
  await press(page, "add");
  await until(async () => /^4 shards/.test(await told(page)) || (await told(page)), "four shards");
  await settled(page);
  await slide(page, "guess", 0.25);
  await until(async () => /^2\d %/.test(await words(page, "guess/caption-end")) || (await words(page, "guess/caption-end")), "a guess");
  await press(page, "add");
  await until(async () => /^5 shards/.test(await told(page)) || (await told(page)), "five shards");
  await settled(page);
  const shares = { modulo: await percent(page, "modulo"), ring: await percent(page, "ring") };
  assert.ok(Math.abs(shares.modulo - 80) < 2 && Math.abs(shares.ring - 20) < 4, JSON.stringify(shares));
  assert.match(await words(page, "moves/guess/0"), /Your guess, dashed: 2\d %/);
  await shot("sharding-7-five");

  // Back on the scrubber, a second at a time, into the middle of it; and on again.
  await page.locator(".track").focus();
  let seen = "";
  for (let back = 0; back < 60 && !/Resharding: /.test(seen); back++) {
    await page.keyboard.press("ArrowLeft");
    await page.waitForTimeout(400);
    seen = await told(page);
  }
  assert.match(seen, /Resharding: [\d\s]+ of [\d\s]+ rows have still to move/, "copies are seen again");
  const stages = page.locator('.lens [data-id^="resharding/"][data-id$="#figure"]');
  assert.match((await stages.allTextContents()).join(), /copies|catches up|cuts over/, "each says what it is at");
  await shot("sharding-8-rewound");
  await page.locator(".track").focus();
  await page.keyboard.press("End");
  await settled(page);
});
