// Network partition, one minute in class: all reachable, both read 1; a line across the picture cuts A
// off from B and C; who may answer? Staying consistent, Delhi writes 2 and Mumbai is refused, 1 of 3; back
// to the cut, keeping answering, Mumbai reads 1 after 2 was acknowledged; Mumbai writes 3, healed: 2 or 3; both
// settings side by side.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { deflateRawSync } from "node:zlib";
import { journey, root, until } from "./harness.mjs";

const button = (page, name) => page.getByRole("button", { name, exact: true });
const lens = (page) => page.locator(".inspector .lens");
const seconds = async (page) => {
  const [minutes, rest] = (await page.locator(".clock").first().innerText()).split(":");
  return Number(minutes) * 60 + Number(rest);
};
/** Words that were broken into lines, as one. */
const told = (words) => words.replaceAll(" · ", " ");
const words = async (page) => (await lens(page).locator("svg text").allTextContents()).join(" · ");

/** Opens the design as a link does, paused, with the store's inside beside it. */
export async function openCut({ page, open }) {
  const file = JSON.parse(await readFile(`${root}/static/designs/mumbai-delhi.json`, "utf8"));
  const text = JSON.stringify(file);
  await open(`/#d=${deflateRawSync(text).toString("base64url")}`);
  await page.locator("[data-node=store]").click();
  await page.getByRole("tab", { name: "Inside" }).click();
  await lens(page).locator("svg").waitFor();
}

/** Plays until a moment, and stops there. */
async function playTo(page, moment) {
  if ((await button(page, "Play").count()) > 0) await button(page, "Play").click();
  await until(async () => (await seconds(page)) >= moment || `${await seconds(page)}`, `${moment} s`, 60_000);
  if ((await button(page, "Pause").count()) > 0) await button(page, "Pause").click();
}

/** Draws a line between A and the others. */
async function drawCut(page) {
  const place = async (id) => {
    const box = await lens(page).locator(`[data-id="${id}"]`).boundingBox();
    return [box.x + box.width / 2, box.y + box.height / 2];
  };
  const [ax, ay] = await place("side/store/0");
  const [bx, by] = await place("side/store/1");
  const [, cy] = await place("side/store/2");
  const x = (ax + bx) / 2;
  await page.mouse.move(x, Math.min(ay, by) - 20);
  await page.mouse.down();
  await page.mouse.move(x, (by + cy) / 2, { steps: 4 });
  await page.mouse.move(x, cy + 60, { steps: 4 });
  await page.mouse.up();
}

const THEMES = process.env.THEMES?.split(",") ?? ["light"];
for (const theme of THEMES) {
  journey(`a cut between Mumbai and Delhi, consistent and then answering (${theme})`, async (it) => {
    const { page, context, shot } = it;
    await context.addInitScript((theme) => localStorage.setItem("ringside.theme", theme), theme);
    await openCut(it);
    await playTo(page, 2.5);
    // All can reach each other, and both read 1.
    await until(async () => /read 1.*read 1/.test(await words(page)) || (await words(page)), "both read 1");
    assert.match(await words(page), /all can reach each other/);
    await shot(`partition-1-ease-${theme}`);
    // Draw the line: both sides are told, the crossed links break.
    await drawCut(page);
    await page.getByText("Cut: A | B, C").or(page.getByText("Cut: B, C | A")).waitFor();
    assert.equal(await lens(page).locator("[data-id='pair/0-1/cross'], [data-id='pair/0-2/cross']").count(), 2, "crossed links break");
    assert.equal(await lens(page).locator("[data-id='pair/1-2/cross']").count(), 0);
    assert.match(await lens(page).locator("svg").innerHTML(), /A believes x = 1; it reaches 1 of 3.*B believes x = 1; it reaches 2 of 3|B believes x = 1; it reaches 2 of 3.*A believes x = 1; it reaches 1 of 3/s);
    // Who may answer? Guessed before it is seen.
    await until(async () => /Who may answer\?/.test(await words(page)) || (await words(page)), "the question");
    await lens(page).locator("[data-id='who/B,C']").click();
    await until(async () => /Play on to see/.test(await words(page)) || (await words(page)), "a guess");
    await shot(`partition-2-guess-${theme}`);
    await playTo(page, 8.5);
    await until(async () => /refused/.test(await words(page)) || (await words(page)), "Mumbai is refused");
    const consistent = await words(page);
    assert.match(consistent, /write 2/, "Delhi goes on");
    assert.match(await lens(page).locator("svg").innerHTML(), /refused, 1 of 3, no majority/);
    assert.match(consistent, /can be explained/);
    assert.match(told(consistent), /A refused; B, C answered.*You guessed: only B, C, right/);
    await shot(`partition-2-consistent-${theme}`);
    // Back to the cut, by its mark; from here on, keep answering.
    await page.locator(".deeds .event").first().click();
    await until(async () => (await seconds(page)) < 3.5 || `${await seconds(page)}`, "the cut");
    await lens(page).locator("[data-id='set/when_cut/keeps-answering']").click();
    await until(async () => /Keeps answering \(AP\)/.test(await words(page)) || (await words(page)), "AP");
    await playTo(page, 8.5);
    // Mumbai reads 1 after 2 was acknowledged: the plain sentence first, the term after it.
    await until(
      async () => /old value after a finished write.*not(?: ·)? linearizable/s.test(await words(page)) || (await words(page)),
      "the violation is told",
    );
    assert.match(told(await words(page)), /A answered; B, C answered.*You guessed: only B, C, not so/, "the guess stays");
    await shot(`partition-3-available-${theme}`);
    // The two operations are outlined, and each is a jump in time.
    const blamed = lens(page).locator("[data-id^='operation/'].fail[data-action]");
    assert.equal(await blamed.count(), 2, "the write of 2 and the read of 1");
    const names = await blamed.evaluateAll((all) => all.map((it) => it.getAttribute("aria-label")));
    assert.ok(names.some((it) => /Delhi client writes x = 2.*acknowledged/.test(it)), names.join("; "));
    assert.ok(names.some((it) => /Mumbai client reads x.*found 1/.test(it)), names.join("; "));
    // Mumbai writes 3; healed, the later clock wins and 2 is named as dropped.
    await playTo(page, 16.5);
    await button(page, "Heal").click();
    await playTo(page, 18.5);
    await until(async () => /Conflict in x: \{2, 3\}/.test(await words(page)) || (await words(page)), "the conflict");
    assert.match(await words(page), /2 is dropped/);
    await shot(`partition-4-healed-${theme}`);
    // What was acknowledged and dropped breaks another guarantee, and the two writes show it.
    await lens(page).locator("[data-id='guarantee/no-lost-writes']").click();
    await until(async () => /2 was acknowledged, and dropped for 3/.test(told(await words(page))) || (await words(page)), "what was lost");
    await lens(page).locator("[data-id='guarantee/linearizable']").click();
    // By now the two lie before the part of the history that is drawn; the verdict still leads there.
    await lens(page).locator("svg text").filter({ hasText: /broken at/ }).first().click();
    await until(async () => (await seconds(page)) < 7 || `${await seconds(page)}`, "a jump in time");
  });

  journey(`members are dragged from side to side of a cut (${theme})`, { hasTouch: true }, async (it) => {
    const { page, context, shot } = it;
    await context.addInitScript((theme) => localStorage.setItem("ringside.theme", theme), theme);
    await openCut(it);
    await playTo(page, 2.5);
    assert.equal(await lens(page).locator("[data-id^='across/']").count(), 0, "nothing to drag across");
    await drawCut(page);
    const parted = async (one, other) =>
      page.getByText(`Cut: ${one} | ${other}`).or(page.getByText(`Cut: ${other} | ${one}`)).waitFor();
    await parted("A", "B, C");
    const place = async (id) => {
      const mark = lens(page).locator(`[data-id="${id}"]`);
      await mark.scrollIntoViewIfNeeded();
      const box = await mark.boundingBox();
      return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
    };
    // Let go where it was, nothing happens.
    const home = await place("side/store/1");
    await page.mouse.move(home.x, home.y);
    await page.mouse.down();
    await page.mouse.move(home.x + 8, home.y + 6, { steps: 3 });
    await page.mouse.up();
    await parted("A", "B, C");
    // B is dragged over to A: the two reach each other again, and C stands alone.
    const [from, to] = [await place("side/store/1"), await place("side/store/0")];
    await page.mouse.move(from.x, from.y);
    await page.mouse.down();
    await page.mouse.move(to.x, to.y, { steps: 6 });
    await page.mouse.up();
    await parted("A, B", "C");
    await until(async () => (await lens(page).locator("[data-id='pair/0-1/cross']").count()) === 0, "A and B reach each other");
    assert.equal(await lens(page).locator("[data-id='pair/1-2/cross']").count(), 1);
    await shot(`partition-8-dragged-${theme}`);
    // By the keyboard, back again.
    const name = lens(page).locator("[data-id='across/store/1']");
    await name.focus();
    await page.keyboard.press((await name.getAttribute("aria-valuenow")) === "0" ? "ArrowRight" : "ArrowLeft");
    await parted("A", "B, C");
    // With a finger: C onto the side where A stands.
    const touch = await context.newCDPSession(page);
    const [finger, there] = [await place("across/store/2"), await place("across/store/0")];
    await touch.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: [finger] });
    for (let step = 1; step <= 5; step++) {
      const [x, y] = ["x", "y"].map((it) => finger[it] + ((there[it] - finger[it]) * step) / 5);
      await touch.send("Input.dispatchTouchEvent", { type: "touchMove", touchPoints: [{ x, y }] });
    }
    await touch.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
    await parted("A, C", "B");
    await button(page, "Heal").click();
    await until(async () => /all can reach each other/.test(await words(page)) || (await words(page)), "healed");
  });

  journey(`CP beside AP on the same traffic, cut and not (${theme})`, async (it) => {
    const { page, context, shot } = it;
    await context.addInitScript((theme) => localStorage.setItem("ringside.theme", theme), theme);
    const toll = () => page.locator("[data-toll=store] tr").evaluateAll((rows) =>
      Object.fromEntries(rows.map((row) => [...row.children].map((it) => it.innerText.trim())).map(([name, ...cells]) => [name, cells])));
    const ms = (text) => Number(text.replace(/[^\d.]/g, "")) * (/µs$/.test(text) ? 0.001 : 1);
    const keepAnswering = async () => {
      await button(page, "What if…").click();
      await page.locator(".other [data-node=store]").click();
      await page.getByRole("tab", { name: "Settings" }).click();
      await page.locator(".inspector").getByLabel("When cut").selectOption("keeps-answering");
      await page.keyboard.press("Escape");
      await page.locator("[data-toll=store]").waitFor();
    };
    // The same cut in both; the right one keeps answering through it.
    await openCut(it);
    await playTo(page, 2.5);
    await drawCut(page);
    await page.getByText("Cut: A | B, C").or(page.getByText("Cut: B, C | A")).waitFor();
    await keepAnswering();
    await playTo(page, 16.5);
    await until(async () => (await toll()).refused?.[0] > 0 || JSON.stringify(await toll()), "Mumbai is refused");
    // Labels are of this configuration, not of a product.
    const cut = await toll();
    const head = await page.locator("[data-toll=store] thead").innerText();
    assert.match(head, /stays consistent \(CP\)[\s\S]*keeps answering \(AP\)/);
    console.log(`cut: ${JSON.stringify(cut)}`);
    assert.ok(Number(cut.refused[0]) > 5, `CP refuses in Mumbai: ${cut.refused}`);
    assert.equal(cut.refused[1], "0", "AP refuses nobody");
    assert.equal(cut["stale reads"][0], "0", "CP answers nothing old");
    assert.ok(Number(cut["stale reads"][1]) > 0, `AP answers with old values: ${cut["stale reads"]}`);
    await shot(`partition-5-cp-ap-cut-${theme}`);
    // Healed in both: one of two writes that did not know of each other is dropped where both were taken.
    await page.locator(".other [data-node=store]").click();
    await page.getByRole("tab", { name: "Inside" }).click();
    await button(page, "Heal").click();
    await page.keyboard.press("Escape");
    await playTo(page, 18.5);
    await until(async () => (await toll())["in conflict"]?.[1] === "1" || JSON.stringify(await toll()), "a conflict");
    assert.equal((await toll())["in conflict"][0], "0", "none where only one side may write");
    await shot(`partition-6-cp-ap-healed-${theme}`);
    // Without a cut: nobody is refused, nothing is old, and only the time differs.
    // (The same link alone would not load the page again.)
    await it.begin("/?calm");
    await openCut(it);
    await playTo(page, 0.1);
    await keepAnswering();
    await playTo(page, 10.5);
    const calm = await toll();
    console.log(`no cut: ${JSON.stringify(calm)}`);
    for (const row of ["refused", "stale reads", "in conflict"]) assert.deepEqual(calm[row], ["0", "0"], row);
    for (const row of ["read, median", "write, median"]) {
      const [consistent, available] = calm[row].map(ms);
      assert.ok(consistent > 1.5 * available, `${row}: ${calm[row]}`);
    }
    await shot(`partition-7-cp-ap-calm-${theme}`);
  });
}
