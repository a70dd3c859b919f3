// Redis's data types, by hand: what is typed at the primary is drawn as what it is, and comes to the replicas; a
// replica refuses to be written; a moment ago the keys were those of then. All that is read comes from the run.

import assert from "node:assert/strict";
import { journey, until } from "./harness.mjs";
import { mark, press, strike, words } from "./lens.mjs";

const button = (page, name) => page.getByRole("button", { name, exact: true });
const all = (page) => page.evaluate(() => [...document.querySelectorAll(".lens svg text")].map((it) => it.textContent).join(" "));
const seconds = async (page) => {
  const [minutes, rest] = (await page.locator(".clock").first().innerText()).split(":");
  return Number(minutes) * 60 + Number(rest);
};
/** Waits until the picture says something. */
const says = (page, pattern, what) => until(async () => pattern.test(await all(page)) || (await all(page)), what);

async function pause(page) {
  if ((await button(page, "Pause").count()) > 0) await button(page, "Pause").click();
  await button(page, "Play").waitFor();
}

/** Plays until a moment, and stops there. */
async function playTo(page, moment) {
  if ((await button(page, "Play").count()) > 0) await button(page, "Play").click();
  await until(async () => (await seconds(page)) >= moment || `${await seconds(page)}`, `${moment} s`, 90_000);
  await pause(page);
}

/** Opens the design, stopped, with the inside of the sessions beside it, and begins again. */
async function sessions({ page, open }) {
  await open();
  await page.locator("#designs-button").click();
  await page.getByRole("button", { name: /^Sessions in Redis/ }).click();
  await page.locator("[data-node=sessions]").click();
  await page.getByRole("tab", { name: "Inside" }).click();
  await page.locator(".lens svg").waitFor();
  await pause(page);
  // The primary dies at 10 s: what is typed is typed before.
  await page.locator(".track").focus();
  await page.keyboard.press("Home");
  await until(async () => (await seconds(page)) < 0.5 || `${await seconds(page)}`, "the beginning");
  await playTo(page, 2);
}

const field = (page) => page.getByRole("textbox", { name: "Command" });
const said = (page) => page.locator("#command-said");
const server = (page) => page.getByRole("combobox", { name: "At which server" });

async function type(page, command) {
  await field(page).fill(command);
  await field(page).press("Enter");
  await until(async () => (await said(page).innerText()).endsWith(command) || (await said(page).innerText()), command);
}

journey("Redis: commands are typed, and drawn as what they make", async (it) => {
  const { page, shot } = it;
  await sessions(it);

  // Who mistypes is told so, and nothing is done.
  await field(page).fill("LPUHS jobs a");
  await field(page).press("Enter");
  await until(async () => /unknown command 'LPUHS'/.test(await said(page).innerText()) || (await said(page).innerText()), "an unknown command");
  assert.equal(await field(page).getAttribute("aria-invalid"), "true");
  assert.equal(await field(page).inputValue(), "LPUHS jobs a", "it can be mended");
  await field(page).fill("LPUSH jobs");
  await field(page).press("Enter");
  await until(async () => /wrong number of arguments for 'lpush'/.test(await said(page).innerText()) || (await said(page).innerText()), "too few words");

  // A list at the primary, from head to tail; the replica has not heard of it.
  await type(page, "RPUSH jobs one two three");
  await says(page, /\(integer\) 3/, "the answer");
  await says(page, /jobs: list of 3 elements/, "a list");
  const items = () => Promise.all([0, 1, 2].map((at) => words(page, `data/value/item/${at}`)));
  assert.deepEqual(await items(), ["one", "two", "three"]);
  assert.match(await all(page), /list · quicklist · \d+ B/);
  await shot("redis-1-list");
  await server(page).selectOption({ label: "Server 2" });
  await says(page, /Keys at Server 2 0/, "nothing there yet");

  // A little later it has the same.
  const typed = await seconds(page);
  await playTo(page, typed + 0.5);
  await says(page, /jobs: list of 3 elements/, "the replica has it");
  assert.deepEqual(await items(), ["one", "two", "three"]);

  // A replica is not to be written to.
  await type(page, "LPOP jobs");
  await says(page, /\(error\) READONLY You can't write against a read only/, "refused");
  assert.match(await all(page), /jobs: list of 3 elements/);
  await type(page, "LRANGE jobs 0 1");
  await says(page, /1\) "one" 2\) "two"/, "it answers readers");
  await shot("redis-2-replica");

  // By mouse and by keyboard alone: a sorted set, by commands to press.
  await press(page, "data/server/0");
  await says(page, /Keys at Server 1 1/, "the primary again");
  assert.equal(await server(page).evaluate((it) => it.selectedOptions[0].textContent), "Server 1");
  await press(page, "data/try/sorted");
  for (let count = 1; count <= 3; count += 1) {
    await strike(page, "data/press/0", "Enter");
    await says(page, new RegExp(`board: sorted set of ${count} member`), "one more");
  }
  const ranked = await page.evaluate(() => [...document.querySelectorAll('.lens [data-id^="data/value/score/"] title')].map((it) => it.textContent));
  const scores = ranked.map((it) => Number(/score (-?[\d.]+)/.exec(it)[1]));
  assert.equal(scores.length, 3);
  assert.deepEqual(scores, [...scores].sort((a, b) => a - b), "by score");

  // What expires counts down.
  await type(page, "SET session:1 ann EX 2");
  const left = async () => {
    const [, number, unit] = /TTL ([\d.]+) (m?s)/.exec(await all(page)) ?? [];
    return Number(number) / (unit === "ms" ? 1_000 : 1);
  };
  await until(async () => (await left()) === 2 || (await all(page)), "two seconds are left");
  const set = await seconds(page);
  await playTo(page, set + 0.8);
  await until(async () => (await left()) < 1.5 || (await all(page)), "less is left");
  await shot("redis-3-expiry");
  await playTo(page, set + 3.3);
  await until(async () => !/session:1:/.test(await all(page)) || (await all(page)), "it is gone");
  await says(page, /Keys at Server 1 2/, "two keys are left");

  // A moment ago there was another keyspace.
  await page.locator(".track").focus();
  await page.keyboard.press("Home");
  await says(page, /Keys at Server 1 0/, "nothing at the beginning");
  await page.keyboard.press("End");
  await says(page, /Keys at Server 1 2/, "all at the end");
});

journey("Redis: types on a phone, by touch", { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }, async (it) => {
  const { page, shot } = it;
  await sessions(it);
  await page.locator(".lens").evaluate((it) => it.scrollIntoView({ block: "start" }));
  await page.locator(mark("view/data")).tap();
  await says(page, /Keys at Server 1/, "the data types");
  await page.locator(mark("data/try/hash")).tap();
  await until(async () => /^HSET user:1/.test(await words(page, "data/press/0")) || (await all(page)), "commands for hashes");
  await page.locator(mark("data/press/0")).tap();
  await says(page, /user:1: hash of 1 field/, "a hash");
  await shot("redis-4-phone");
});
