// Replication lag, one minute in class: a write is acknowledged before it flies; a replica that applies
// less than is written falls behind, guessed first; a reader reads an old story; reading one's own writes
// costs the primary reads; the primary dies, and what it had not sent is lost, one by one; with
// synchronous replication nothing is, and writes take longer. All numbers come from the run.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { deflateRawSync } from "node:zlib";
import { journey, root, until } from "./harness.mjs";

const button = (page, name) => page.getByRole("button", { name, exact: true });
const mark = (id) => `.lens [data-id="${id}"]`;
const told = (page) => page.evaluate(() => document.querySelector(".lens svg desc")?.textContent ?? "");
const words = (page) => page.evaluate(() => [...document.querySelectorAll(".lens svg text")].map((it) => it.textContent).join(" "));
const seconds = async (page) => {
  const [minutes, rest] = (await page.locator(".clock").first().innerText()).split(":");
  return Number(minutes) * 60 + Number(rest);
};
/** What a mark is called: by itself, or by its title. */
const name = (page, id) =>
  page.evaluate((it) => {
    const mark = document.querySelector(it);
    return mark?.getAttribute("aria-label") ?? mark?.querySelector("title")?.textContent ?? "";
  }, mark(id));
const count = (text) => Number(text.replace(/[^\d.]/g, ""));

async function openNews({ page, open }, settings = {}) {
  const file = JSON.parse(await readFile(`${root}/static/designs/news-site.json`, "utf8"));
  Object.assign(file.design.components.stories.settings, settings);
  await open(`/#d=${deflateRawSync(JSON.stringify(file)).toString("base64url")}`);
  await page.locator("[data-node=stories]").click();
  await page.getByRole("tab", { name: "Inside" }).click();
  await page.locator(".lens svg").waitFor();
}

/** Waits until a step has been taken and drawn: what is told stays the same for a while. */
async function settled(page) {
  for (let last, now; (now = await told(page)) !== last; last = now) await page.waitForTimeout(200);
}

/** Plays until a moment, and stops there. */
async function playTo(page, moment) {
  if ((await button(page, "Play").count()) > 0) await button(page, "Play").click();
  await until(async () => (await seconds(page)) >= moment || `${await seconds(page)}`, `${moment} s`, 90_000);
  if ((await button(page, "Pause").count()) > 0) await button(page, "Pause").click();
}

/** Where a mark is, once it has been scrolled to. */
async function place(page, id) {
  await page.waitForFunction((it) => document.querySelector(it), mark(id));
  return page.evaluate((it) => {
    const of = () => document.querySelector(it);
    of().scrollIntoView({ block: "center" });
    const { x, y, width, height } = of().getBoundingClientRect();
    return { x: x + width / 2, y: y + height / 2, left: x, width };
  }, mark(id));
}

async function press(page, id) {
  const { x, y } = await place(page, id);
  await page.mouse.click(x, y);
}

/** By key: what stands in the lens moves as it changes. */
async function strike(page, id) {
  await place(page, id);
  await page.evaluate((it) => document.querySelector(it).focus({ preventScroll: true }), mark(id));
  await page.keyboard.press("Enter");
}

const THEMES = process.env.THEMES?.split(",") ?? ["light"];
for (const theme of THEMES) {
  journey(`a replica falls behind, and readers notice (${theme})`, async (it) => {
    const { page, context, shot } = it;
    await context.addInitScript((theme) => localStorage.setItem("ringside.theme", theme), theme);
    await openNews(it);
    await playTo(page, 1);
    // One write, event by event: appended and acknowledged first, on its way to the replicas after.
    const entries = async () => count(/^([\d\s]+) entries/.exec(await told(page))?.[1] ?? "");
    const tick = () => name(page, "acknowledged");
    const ways = () => page.locator(".lens [data-id*='/way/']").count();
    let before = await entries();
    for (let step = 0; step < 90; step += 1) {
      await page.keyboard.press(".");
      await settled(page);
      const now = await entries();
      if (now > before && (await ways()) === 0) break;
      before = now;
    }
    const appended = await entries();
    assert.ok(appended > before, `${before}, then ${appended}`);
    assert.equal(count(await tick()), appended, "acknowledged as soon as the primary has it");
    assert.equal(await ways(), 0, "nothing has been sent yet");
    await shot(`lag-1-acknowledged-${theme}`);
    // Then it flies to the replicas, with what else has gathered: slowed down, so that it can be seen.
    await page.locator(".speed select").selectOption({ label: "0.01×" });
    await button(page, "Play").click();
    await page.waitForFunction(() => document.querySelector(".lens [data-id*='/way/']"), null, { timeout: 90_000 });
    await button(page, "Pause").click();
    await shot(`lag-1-flies-${theme}`);
    // Replica 2 applies 180 a second. How far behind after 10 s?
    await press(page, "applies/180");
    let guess = 0;
    await until(async () => {
      const { left, width, y } = await place(page, "guess");
      await page.mouse.click(left + width * 0.3, y);
      await settled(page);
      guess = count((await name(page, "guess")).split(":")[1] ?? "");
      return guess > 0 || (await words(page));
    }, "a guess");
    assert.ok(guess >= 100 && guess <= 200, `guessed ${guess}`);
    await shot(`lag-2-guess-${theme}`);
    // Faster: twice as fast as time on the wall.
    await page.locator(".speed select").selectOption({ label: "2×" });
    await playTo(page, (await seconds(page)) + 10.6);
    await until(async () => /After 10 s it was/.test(await words(page)) || (await words(page)), "the answer", 60_000);
    const answer = Number(/After 10 s it was ([\d.]+)/.exec(await words(page))[1]);
    console.log(`guess ${guess}, seen ${answer}; ${await told(page)}`);
    // Two thirds of 3 000 requests write, each drawn: 2 000 with a deviation of 26, of which 1 800 are applied.
    assert.ok(Math.abs(answer - 200) < 4 * 26, `${answer} entries, about 200`);
    assert.match(await words(page), new RegExp(`Your guess, dashed: ${guess}, [\\d.]+ off`));
    await page.waitForFunction((it) => document.querySelector(it), mark("ghost"));
    const [, behind, age] = /slowest is ([\d\s]+) entries and ([\d.]+\s\w+) behind/.exec(await told(page)) ?? [];
    const old = count(age) * (/ms$/.test(age) ? 0.001 : 1);
    assert.ok(Math.abs(count(behind) / 200 - old) < 0.15, `${behind} entries are ${age} old at 200 a second`);
    await shot(`lag-3-answer-${theme}`);
    // A reader: what was read, and the entry that was missed.
    const of = async (who) => Number(new RegExp(`${who} (\\d+)`).exec(/Of the last[^.]*\./.exec(await words(page))?.[0] ?? "")?.[1] ?? 0);
    await until(async () => ((await of("Reporters")) > 0 && (await of("Readers")) > 0) || (await words(page)), "both read old stories");
    await page.waitForFunction((it) => document.querySelector(it), mark("miss"));
    const missed = await name(page, "miss");
    assert.match(missed, /Read story:\d+ v\d+, but v\d+ had been acknowledged/);
    await shot(`lag-4-missed-${theme}`);
    // Follow a reader: it wrote one version, reads at replica 2, and gets the one before.
    await press(page, "guarantee/read-your-writes");
    const own = /Reporters wrote v(\d+), and then read v(\d+)/;
    for (let more = 0; more < 10 && !own.test(await words(page)); more += 1) await playTo(page, (await seconds(page)) + 1);
    const [, wrote, read] = own.exec(await words(page)) ?? [];
    assert.ok(Number(read) < Number(wrote), `wrote v${wrote}, read v${read}: ${await words(page)}`);
    const shown = await page.locator(".lens [data-id^='verdict/operation/'][data-id$='/follow']").count();
    assert.ok(shown >= 2, `${shown} operations show it`);
    await shot(`lag-4-own-${theme}`);
    await press(page, `verdict/operation/${shown - 1}/follow`);
    const bar = page.locator(".waterfall .bar").first();
    await bar.waitFor();
    const end = await seconds(page);
    await bar.click();
    await until(async () => (await seconds(page)) < end || `${await seconds(page)}`, "its beginning");
    // Slow motion by itself while it is under way, and no longer.
    await button(page, "auto").click();
    await button(page, "Play").click();
    const pace = page.locator(".pace");
    await until(async () => /single messages/.test(await pace.innerText()) || (await pace.innerText()), "slow motion");
    await shot(`lag-4-followed-${theme}`);
    await until(async () => !/single messages/.test(await pace.innerText()) || (await seconds(page)), "the end of slow motion", 60_000);
    await button(page, "Pause").click();
    await button(page, "Let go").click();
    await button(page, "Latest").click();
    await page.getByRole("tab", { name: "Inside" }).click();
    await page.locator(".lens svg").waitFor();
    // Reporters read their own writes: none of theirs is old, others' are; the primary has more to do.
    const load = async () => Number(/The primary answers ([\d.]+) of/.exec(await words(page))?.[1]);
    const usual = await load();
    await page.keyboard.press("Escape");
    await page.locator("[data-wire=newsroom-stories]").first().click({ force: true });
    await page.locator(".inspector").getByLabel("Reads", { exact: true }).selectOption("own-writes");
    await page.keyboard.press("Escape");
    await page.locator("[data-node=stories]").click();
    await page.getByRole("tab", { name: "Inside" }).click();
    await playTo(page, (await seconds(page)) + 11);
    await until(async () => ((await of("Reporters")) === 0 && (await of("Readers")) > 0) || (await words(page)), "only others read old stories");
    const more = await load();
    console.log(`the primary answers ${usual} reads a second, then ${more}`);
    assert.ok(more > usual + 10, `the primary's load rises: ${usual}/s, ${more}/s`);
    await shot(`lag-5-own-writes-${theme}`);
  });

  journey(`the primary dies, and replica 1 takes its place (${theme})`, async (it) => {
    const { page, context, shot } = it;
    await context.addInitScript((theme) => localStorage.setItem("ringside.theme", theme), theme);
    const lost = async () => Number(/(\d+) acknowledged writes lost/.exec(await told(page))?.[1]);
    await openNews(it);
    await playTo(page, 5);
    // Back to a moment before, on the scrubber.
    await page.locator(".track").focus();
    for (let back = 0; back < 3; back += 1) await page.keyboard.press("ArrowLeft");
    await until(async () => (await seconds(page)) < 3.5 || `${await seconds(page)}`, "an earlier moment");
    const parted = await seconds(page);
    // The same moment in two futures; in the right one, a write waits for both replicas.
    await button(page, "What if…").click();
    await page.locator(".other [data-node=stories]").click();
    await page.getByRole("tab", { name: "Settings" }).click();
    await page.locator(".inspector").getByLabel("Replication", { exact: true }).selectOption("sync");
    await playTo(page, parted + 4);
    await page.keyboard.press("Escape");
    const row = (words) => page.locator("[data-toll=stories] tr").filter({ hasText: words }).locator("td").allInnerTexts();
    const [alone, both] = (await row("write, median")).map((it) => Number(it.replace(/[^\d.]/g, "")));
    console.log(`writes take ${alone} ms, synchronously ${both} ms`);
    // 5 ms there and 5 ms back, and what applying takes.
    assert.ok(both - alone > 8 && both - alone < 20, `${alone} ms, ${both} ms`);
    await shot(`lag-6-beside-${theme}`);
    const takeOver = async (side, manner) => {
      await page.locator(`${side} [data-node=stories]`).click();
      await page.getByRole("tab", { name: "Inside" }).click();
      await until(async () => /takes writes/.test(await told(page)) || (await told(page)), "it is seen");
      // A moment at which something has gathered that is not sent.
      for (let step = 0; manner === "async" && step < 90 && !/slowest is ([4-9]|\d\d) entries/.test(await told(page)); step += 1) {
        await page.keyboard.press(".");
        await settled(page);
      }
      await strike(page, "act/kill/0");
      await until(async () => /Nobody takes writes/.test(await told(page)) || (await told(page)), "it is dead");
      await shot(`lag-7-dead-${manner}-${theme}`);
      // It applies what it has received before it takes writes, for which time has to go on.
      await until(async () => {
        if (/replica 1 takes writes/.test(await told(page))) return true;
        if (await page.locator(mark("act/promote/1")).count()) await strike(page, "act/promote/1");
        else await page.keyboard.press(".");
        await page.waitForTimeout(250);
        return told(page);
      }, "replica 1 leads");
    };
    await takeOver(".other", "sync");
    assert.equal(await lost(), 0, "synchronous: none");
    await page.keyboard.press("Escape");
    await takeOver(".middle > .stage", "async");
    const gone = await lost();
    console.log(`lost ${gone}`);
    assert.ok(gone > 0, "what had not been sent");
    const listed = await page.locator(".lens [data-id^='lost/'][data-action]").count();
    assert.equal(listed, gone, "one by one");
    await playTo(page, (await seconds(page)) + 2);
    await until(async () => /Writes again after/.test(await words(page)) || (await words(page)), "clients have found it");
    assert.match(await words(page), /\(RPO\).*missed/);
    await shot(`lag-8-lost-${theme}`);
  });
}
