// What is looked at, and let go of: a request that is followed, a step at the opening speed, what failed
// and is mended, keys that are pressed where something takes them, less motion, the chart in the past.

import assert from "node:assert/strict";
import { drop, journey, until } from "./harness.mjs";

const button = (page, name) => page.getByRole("button", { name, exact: true });
const clock = (page) => page.locator(".clock").innerText();
const pace = (page) => page.locator(".pace").textContent();
const manner = (page) => page.locator(".legend .manner").first().innerText();
const SLOW = "slow: single messages";

/** Seconds on the clock. */
const seconds = async (page) => {
  const [minutes, rest] = (await clock(page)).replace("≈", "").trim().split(":").map(Number);
  return minutes * 60 + rest;
};
const runs = (page, past = "00:01") =>
  until(async () => (await clock(page)) > past || (await clock(page)), `time runs past ${past}`);

/** Whether anything is painted over the wires. */
const paints = (page) =>
  page.evaluate(() => {
    const canvas = document.querySelector("canvas.overlay");
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return data.some((it, at) => at % 4 === 3 && it > 100);
  });

/** Follows a request of the book store's readers. */
async function follow(page) {
  await page.locator("[data-node=readers]").click();
  await page.getByRole("tab", { name: "Requests" }).click();
  await page.locator(".pick").first().click();
  await page.locator(".waterfall ol").waitFor();
}


journey("a request that is followed is let go of: by Escape, and with the inspector", async ({ page, open }) => {
  await open();
  await runs(page);
  await page.keyboard.press("Space");
  await follow(page);
  await page.keyboard.press("Escape");
  await page.locator(".waterfall").waitFor({ state: "detached" });
  assert.equal(await page.locator(".inspector").count(), 1, "one level at a time");
  await page.keyboard.press("Escape");
  await page.locator(".inspector").waitFor({ state: "detached" });
  // With the keyboard on its own ×, the keyboard stays in the inspector.
  await follow(page);
  await page.locator(".waterfall .close").focus();
  await page.keyboard.press("Escape");
  await page.locator(".waterfall").waitFor({ state: "detached" });
  await until(() => page.evaluate(() => document.activeElement.matches(".inspector [role=tab]")), "the keyboard is there");
  // Nothing is left by which to end it once the inspector is closed.
  await follow(page);
  await page.locator(".inspector .title").getByRole("button", { name: "Close" }).click();
  await page.locator(".inspector").waitFor({ state: "detached" });
  await page.locator("[data-node=readers]").click();
  await page.getByRole("tab", { name: "Requests" }).click();
  await page.locator(".pick").first().waitFor();
  await page.waitForTimeout(400);
  assert.equal(await page.locator(".waterfall").count(), 0, "it is followed no longer");
});

journey("another run follows nothing, is not slow, and waits for nothing", async ({ page, open }) => {
  await open();
  await runs(page);
  await follow(page);
  await page.keyboard.press("r");
  await page.locator(".waterfall").waitFor({ state: "detached" });
  await runs(page, "00:02");
  assert.notEqual(await pace(page), SLOW);
  // Slow motion of a fault.
  await button(page, "Kill the cache").click();
  await page.locator(".event.crash").click({ modifiers: ["Shift"] });
  await until(async () => (await pace(page)) === SLOW || (await pace(page)), "slow motion");
  await page.keyboard.press("r");
  await runs(page, "00:02");
  assert.notEqual(await pace(page), SLOW);
  // It ends as well where somebody goes elsewhere.
  await button(page, "Kill the cache").click();
  await page.waitForTimeout(4_000);
  await page.locator(".event.crash").click({ modifiers: ["Shift"] });
  await until(async () => (await pace(page)) === SLOW || (await pace(page)), "slow motion");
  await page.locator(".track").focus();
  await page.keyboard.press("End");
  await until(async () => (await pace(page)) !== SLOW || SLOW, "no slow motion");
  // What never happens is waited for, until another design is opened.
  await page.keyboard.press("Escape");
  await button(page, "Run until…").click();
  const form = page.getByRole("dialog", { name: "Run until" });
  await form.locator("select").first().selectOption("at");
  await form.getByRole("textbox").fill("0");
  await form.getByRole("button", { name: "Run", exact: true }).click();
  await form.getByText("that has passed; choose a later second").waitFor();
  await form.locator("select").first().selectOption("crosses");
  await form.getByRole("textbox").fill("1000000000");
  await form.getByRole("button", { name: "Run", exact: true }).click();
  await page.locator(".until-state").waitFor();
  await page.locator("#designs-button").click();
  await page.getByRole("button", { name: /^Product cache/ }).click();
  await page.locator("[data-node=stock-report]").waitFor();
  await page.locator(".until-state").waitFor({ state: "detached" });
  const [from, begun] = [await seconds(page), Date.now()];
  await page.waitForTimeout(1_500);
  assert.ok((await seconds(page)) - from < (3 * (Date.now() - begun)) / 1_000 + 1, "at its own speed");
});

journey("a step at the opening speed shows single messages", async ({ page, open, shot }) => {
  await open();
  await runs(page);
  assert.match(await manner(page), /^flow/);
  await button(page, "Step").click();
  await until(async () => /^each mark is one message|^messages: 1 in/.test(await manner(page)) || (await manner(page)), "messages");
  assert.ok(await paints(page), "they are drawn");
  assert.equal(await pace(page), SLOW);
  await shot("looking-1-step");
  const moment = await clock(page);
  await page.keyboard.press("Space");
  await until(async () => /^flow/.test(await manner(page)) || (await manner(page)), "flow again");
  await until(async () => (await clock(page)) > moment || (await clock(page)), "at full speed");
  await page.keyboard.press(">");
  await until(async () => !/^flow/.test(await manner(page)) || (await manner(page)), "by event as well");
  // Who chooses a speed has it.
  await page.keyboard.press("]");
  await until(async () => /^flow/.test(await manner(page)) || (await manner(page)), "the speed that was chosen");
});

journey("what failed is told no longer once it is mended, and the run has what is on the canvas", async ({ page, open, shot }) => {
  await open();
  const service = (label, x, y) => ({ kind: "service", label, at: [x, y], settings: { instances: 1_000 } });
  const design = {
    name: "Too many",
    components: {
      a: service("One", 240, 0),
      b: service("Two", 480, -120),
      c: service("Three", 480, 120),
      d: { kind: "client", label: "People", at: [0, 0], settings: { rate: "50/s" } },
    },
    wires: { "d-a": { from: "d", to: "a" }, "a-b": { from: "a", to: "b" }, "a-c": { from: "a", to: "c" }, "b-c": { from: "b", to: "c" } },
  };
  const many = JSON.stringify({ version: 1, design, seed: 1, warmup: "0s" });
  const banner = page.locator(".banner[role=alert]").filter({ hasText: "cannot run" });
  const instances = async (id, count) => {
    await page.locator(`[data-node=${id}]`).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("tab", { name: "Settings" }).click();
    const field = page.locator(".inspector").getByLabel("Instances", { exact: true });
    await field.fill(`${count}`);
    await field.press("Enter");
  };
  await drop(page, "many.json", many);
  await banner.waitFor();
  await shot("looking-2-failed");
  // It could not begin: the change begins it.
  await instances("a", 2);
  await banner.waitFor({ state: "detached" });
  await runs(page);
  await page.locator(".inspector").getByRole("button", { name: "Kill", exact: true }).click();
  await page.locator(".event.crash").waitFor();
  // It refuses to become too many; what is done elsewhere then brings it all, and loses nothing.
  await instances("a", 999);
  await banner.waitFor();
  await instances("b", 3);
  await banner.waitFor({ state: "detached" });
  await page.locator("[data-node=a]").filter({ hasText: "999" }).waitFor();
  assert.equal(await page.locator(".event.crash").count(), 1);
  await runs(page, await clock(page));
  // Undone, there is nothing to tell of either; and nothing of it is told of another design.
  await instances("b", 1_000);
  await banner.waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+z");
  await banner.waitFor({ state: "detached" });
  await drop(page, "many.json", many);
  await banner.waitFor();
  await page.locator("#designs-button").click();
  await page.getByRole("button", { name: /^Product cache/ }).click();
  await page.locator("[data-node=stock-report]").waitFor();
  await banner.waitFor({ state: "detached" });
});

journey("Space unfolds what is folded, and plays from a component", async ({ page, open }) => {
  await open();
  await runs(page);
  await page.locator("[data-node=books]").focus();
  await page.keyboard.press("Enter");
  const menu = page.locator(".inspector details.faults").first();
  const more = menu.locator("summary");
  const unfolded = (open) => until(async () => (await menu.evaluate((it) => it.open)) === open || "not so", `unfolded: ${open}`);
  await more.focus();
  await page.keyboard.press("Space");
  await unfolded(true);
  await button(page, "Pause").waitFor();
  await page.keyboard.press("Space");
  await unfolded(false);
  await button(page, "Pause").waitFor();
  // Unfolded by a click it does not keep the keyboard, as buttons do not.
  await more.click();
  await page.keyboard.press("Space");
  await button(page, "Play").waitFor();
  await unfolded(true);
  await page.locator("[data-node=books]").focus();
  await page.keyboard.press("Space");
  await button(page, "Pause").waitFor();
  await page.keyboard.press("?");
  await page.locator(".sheet dd").filter({ hasText: "Play or pause, on components and wires too" }).waitFor();
});

journey("a tenth of a second by the scrubber's keys", async ({ page, open }) => {
  await open();
  await runs(page, "00:02");
  await page.keyboard.press("Space");
  await button(page, "Play").waitFor();
  await page.waitForTimeout(400);
  const from = await seconds(page);
  await page.locator(".track").focus();
  const is = (wanted, what) =>
    until(async () => Math.abs((await seconds(page)) - wanted) < 0.002 || `${await seconds(page)}, not ${wanted}`, what);
  await page.keyboard.press("Shift+ArrowLeft");
  await is(from - 0.1, "a tenth back");
  await page.keyboard.press("Shift+ArrowLeft");
  await page.keyboard.press("Shift+ArrowRight");
  await is(from - 0.1, "and on");
  await page.waitForTimeout(800);
  await page.keyboard.press("ArrowLeft");
  await is(from - 1.1, "a second back");
});

journey("less motion: counts while time runs, messages where it stands still", async ({ page, open, shot }) => {
  await open();
  await runs(page);
  await until(() => paints(page), "flow");
  // The wish may come while the page is open.
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.locator(".wire .rate").first().waitFor();
  await until(async () => !(await paints(page)) || "painted", "nothing moves");
  assert.match(await manner(page), /^calls per second/);
  assert.equal(await page.locator(".wire[data-wire=books-cache] .failing").count(), 0, "nothing fails there");
  await button(page, "Kill the cache").click();
  await page.locator(".wire[data-wire=books-cache] .failing").filter({ hasText: /✕ [\d.]+/ }).waitFor();
  await shot("looking-3-still");
  await button(page, "Step").click();
  await until(() => paints(page), "single messages, standing still");
  assert.doesNotMatch(await manner(page), /^calls per second/);
  await shot("looking-4-still-step");
  await page.keyboard.press("Space");
  await until(async () => !(await paints(page)) || "painted", "nothing moves");
  await page.emulateMedia({ reducedMotion: "no-preference" });
  await until(() => paints(page), "flow again");
  await page.locator(".wire .rate").first().waitFor({ state: "detached" });
});

journey("the chart keeps its range in the past", async ({ page, open, shot }) => {
  await open();
  await page.locator(".speed select").selectOption({ label: "100×" });
  await until(async () => (await seconds(page)) > 150 || (await clock(page)), "a long run", 120_000);
  await page.keyboard.press("Space");
  await button(page, "Play").waitFor();
  const canvas = page.locator(".chart canvas");
  /** Goes to the first moment that the chart shows. */
  const first = async () => {
    await canvas.focus();
    for (let n = 0; n < 260; n++) await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("Enter");
    await page.waitForTimeout(800);
    return seconds(page);
  };
  const left = await first();
  assert.ok(left > 20, `the range begins at ${left} s`);
  await page.locator(".track").focus();
  await page.keyboard.press("PageUp");
  await page.waitForTimeout(800);
  assert.ok(Math.abs((await first()) - left) < 0.01, "it begins there still");
  await shot("looking-5-past");
});

journey("the future that was left behind is told of beside the chart", async ({ page, open, shot }) => {
  await open();
  await runs(page);
  await button(page, "Kill the cache").click();
  await runs(page, "00:06");
  await page.keyboard.press("Space");
  assert.equal(await page.locator(".percentile.left").count(), 0, "nothing has been left yet");
  await page.locator(".track").focus();
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowLeft");
  await page.waitForTimeout(600);
  await page.locator("[data-node=cache]").click();
  await page.locator(".inspector").getByRole("button", { name: "Restart", exact: true }).click();
  await page.locator(".percentile.left").filter({ hasText: "before you acted" }).waitFor();
  await page.locator(".percentile em").filter({ hasText: /before [\d.]+/ }).first().waitFor();
  await shot("looking-6-before");
});
