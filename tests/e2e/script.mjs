// The script: what goes wrong by itself, put in by hand and moved, seen ahead and when it has come; what was
// done by hand put in. Claims that are violated: marked, and stopped at. Forks stay marked.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { deflateRawSync } from "node:zlib";
import { journey, root, until } from "./harness.mjs";

const button = (page, name) => page.getByRole("button", { name, exact: true });
const clock = (page) => page.locator(".clock").innerText();
const mark = (page, words) => page.locator(".deeds").getByRole("button", { name: words });

const SIZES = [
  ["wide", { viewport: { width: 1440, height: 900 } }],
  ["middle", { viewport: { width: 1024, height: 768 } }],
  ["phone", { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }],
];

for (const [size, options] of SIZES) {
  journey(`a fault goes into the script, is seen ahead, moved, and comes by itself (${size})`, options, async ({ page, context, open, shot }) => {
    await context.addInitScript((theme) => localStorage.setItem("ringside.theme", theme), size === "middle" ? "projector" : "light");
    await open();
    await until(async () => (await clock(page)) > "00:01" || (await clock(page)), "time runs");
    // Time stands while it is put in: on a slow machine 12 s would have passed.
    await page.keyboard.press("Space");
    await button(page, "Play").waitFor();
    await page.keyboard.press("j");
    const form = page.getByRole("dialog", { name: "Script" });
    await form.getByText("Nothing yet.").waitFor();
    await shot(`script-1-empty-${size}`);
    // A moment that cannot be: said, and nothing is lost.
    await form.getByLabel("Put what I do next in, at").fill("soon");
    await button(form, "Choose faults").click();
    await form.getByText("Moment: a number of seconds").waitFor();
    await form.getByLabel("Put what I do next in, at").fill("12");
    await button(form, "Choose faults").click();
    await page.locator(".until-state").getByText("goes into the script").waitFor();
    await page.locator("[data-node=cache]").first().focus();
    await page.keyboard.press("Enter");
    await page.locator(".inspector").getByRole("button", { name: "Kill", exact: true }).first().click();
    await mark(page, /Book cache killed, by the script: to come/).waitFor();
    assert.equal(await page.locator(".node.down[data-node=cache]").count(), 0, "not yet");
    await shot(`script-2-planned-${size}`);
    await button(page, "At once again").click();
    await page.locator(".until-state").waitFor({ state: "detached" });
    // Moved to a little from now.
    await page.keyboard.press("Escape");
    await page.keyboard.press("j");
    const moment = form.getByLabel("Moment: Book cache killed");
    assert.equal(await moment.inputValue(), "12");
    await moment.fill("-9999");
    await moment.press("Enter");
    await form.getByRole("alert").getByText(/where the run begins/).waitFor();
    await moment.fill("8,5");
    await moment.press("Tab");
    await shot(`script-3-moved-${size}`);
    await form.press("Escape");
    await button(page, "Play").click();
    await page.locator(".node.down[data-node=cache]").waitFor();
    const [minutes, seconds] = (await clock(page)).split(":").map(Number);
    assert.ok(minutes * 60 + seconds >= 8.4, await clock(page));
    await mark(page, /08\.5.*Book cache killed, by the script$/).waitFor();
    await shot(`script-4-come-${size}`);
    // One step of undo takes the move back, another the fault.
    await page.keyboard.press("Control+z");
    await page.keyboard.press("Control+z");
    await until(async () => (await mark(page, /by the script/).count()) === 0, "undone");
  });
}

journey("what was done by hand goes into the script, and happens again", async ({ page, open }) => {
  await open();
  await until(async () => (await clock(page)) > "00:01" || (await clock(page)), "time runs");
  await page.locator("[data-node=cache]").click();
  await page.locator(".inspector").getByRole("button", { name: "Kill", exact: true }).first().click();
  await page.locator(".node.down[data-node=cache]").waitFor();
  const done = await mark(page, /Book cache killed$/).getAttribute("aria-label");
  await button(page, "Script").click();
  await page.getByRole("button", { name: /Put in what was done by hand \(1\)/ }).click();
  // It begins again, and dies at the same moment.
  await page.locator(".node.down[data-node=cache]").waitFor({ state: "detached" });
  await page.locator(".node.down[data-node=cache]").waitFor();
  await mark(page, `${done}, by the script`).waitFor();
  await page.locator(".deeds .outage").waitFor();
});

journey("a claim is violated: stopped at, and marked", async ({ page, open, shot }) => {
  // By the script of the design that the link holds, a replica is cut off at 3 s.
  const file = JSON.parse(await readFile(`${root}/static/designs/bookstore.json`, "utf8"));
  const sides = { name: "off", one: ["database/2"], other: ["database/0", "database/1"] };
  file.design.script = { off: { at: "23s", fault: { partition: sides } } };
  await open(`/#d=${deflateRawSync(JSON.stringify(file)).toString("base64url")}`);
  await mark(page, /Network cut, by the script: to come/).waitFor();
  await page.keyboard.press("u");
  const form = page.getByRole("dialog", { name: "Run until" });
  const kind = form.getByRole("combobox", { name: "Run until" });
  // Each kind of event asks what it needs.
  await kind.selectOption("fails");
  await form.getByLabel("How").selectOption({ label: "queue full" });
  await kind.selectOption("counts");
  await form.getByLabel("Where").selectOption({ label: "Book cache" });
  await form.getByLabel("What").selectOption({ label: "misses" });
  await kind.selectOption("violated");
  await form.getByLabel("Where").selectOption({ label: "anywhere" });
  await form.getByLabel("What").selectOption({ label: "two writes conflict" });
  await form.getByLabel("What").selectOption({ label: "any of them" });
  await shot("claims-1-form");
  await button(form, "Run").click();
  const chip = page.locator(".until-state");
  await chip.getByText(/Stopped at .* an old value is read \((Store database|Book cache)\)/).waitFor();
  const stopped = await clock(page);
  await mark(page, /An old value is read$/).first().waitFor();
  assert.ok((await mark(page, /An old value is read$/).first().getAttribute("aria-label")).startsWith(stopped.slice(0, 5)));
  await shot("claims-2-stopped");
});

journey("a fork stays marked when one future is left", async ({ page, open, shot }) => {
  await open();
  await until(async () => (await clock(page)) > "00:01" || (await clock(page)), "time runs");
  await page.keyboard.press("b");
  await page.locator(".other [data-node=cache]").waitFor();
  const fork = mark(page, /What if…: two futures from here/);
  await fork.waitFor();
  await page.waitForTimeout(1_000);
  await button(page, "Leave").click();
  await page.locator(".other [data-node=cache]").waitFor({ state: "detached" });
  await fork.waitFor();
  await shot("fork-1-left");
});
