// Keeping: what is changed is found again after a reload; several designs; files; links that play
// again elsewhere; what is broken or hostile leaves the canvas as it was.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { deflateRawSync } from "node:zlib";
import { journey, until } from "./harness.mjs";

const button = (page, name) => page.getByRole("button", { name, exact: true });
const designs = (page) => page.locator("#designs-button");
const kept = (page) => page.locator(".kept").first().locator("li");
const nodes = (page) => page.locator(".node").count();
const clock = (page) => page.locator(".clock").innerText();
const notice = (page) => page.locator(".notice");

/** Renames what is open, which is a change worth keeping, and waits until it is kept. */
async function rename(page, name) {
  await designs(page).click();
  const field = page.getByRole("region", { name: "Designs" }).getByLabel("Name", { exact: true });
  await field.fill(name);
  await field.press("Enter");
  await kept(page).filter({ hasText: name }).waitFor();
  await page.keyboard.press("Escape");
}

const title = async (page) => (await designs(page).innerText()).trim();
const link = (text) => `/#d=${deflateRawSync(text).toString("base64url")}`;

journey("what is changed is found again after a reload", async ({ page, open, shot }) => {
  await open();
  await designs(page).click();
  await page.getByText("Nothing yet.").waitFor();
  await shot("keeping-1-nothing");
  await page.keyboard.press("Escape");
  await page.locator("[data-node=books]").click();
  const work = page.getByLabel("Work", { exact: true });
  await work.fill("40ms");
  await work.press("Enter");
  await until(() => page.evaluate(() => localStorage.getItem("ringside.open") !== null), "kept");
  await rename(page, "My store");
  await page.reload();
  await until(async () => (await title(page)) === "My store" || title(page), "the name is back");
  await page.locator("[data-node=books]").click();
  // The run is played again up to the moment it was left at, so the edit comes due first.
  await until(async () => (await work.inputValue()) === "40 ms" || work.inputValue(), "the edit is back");
  await page.locator(".event.edit").first().waitFor();
});

journey("several designs are kept, opened, copied and deleted", async ({ page, open, shot }) => {
  await open();
  await rename(page, "First");
  await designs(page).click();
  await button(page, "New design").click();
  await page.getByText("An empty canvas").waitFor();
  await shot("keeping-2-empty");
  await button(page, "Begin with a client and a service").click();
  await until(async () => (await nodes(page)) === 2 || nodes(page), "two components");
  await rename(page, "Second");
  await designs(page).click();
  await kept(page).filter({ hasText: "First" }).getByRole("button", { name: "Duplicate First", exact: true }).click();
  await kept(page).filter({ hasText: "First (copy)" }).waitFor();
  await button(page, "Delete First (copy)").click();
  await page.getByText("“First (copy)” was deleted.").waitFor();
  await shot("keeping-3-designs");
  await page.locator(".trash").getByRole("button", { name: "Undo" }).click();
  await until(async () => (await kept(page).count()) === 3 || kept(page).count(), "three again");
  await kept(page).filter({ hasText: "First" }).last().locator(".pick").click();
  await until(async () => (await nodes(page)) === 12 || nodes(page), "the book store's components");
  assert.equal(await page.locator(".panel").count(), 0);
});

journey("a second tab does not overwrite the first", async ({ page, context, address, open, shot }) => {
  await open();
  await rename(page, "Shared");
  const other = await context.newPage();
  await other.goto(`${address}/`);
  await until(async () => (await title(other)) === "Shared" || title(other), "the other tab has it");
  await rename(other, "Theirs");
  await page.getByText("changed in another tab").waitFor();
  await shot("keeping-4-tabs");
  await button(page, "Keep mine as a copy").click();
  await until(async () => (await title(page)) === "Shared (copy)" || title(page), "a copy");
  await designs(page).click();
  await kept(page).filter({ hasText: "Theirs" }).waitFor();
  await kept(page).filter({ hasText: "Shared (copy)" }).waitFor();
});

journey("a file is saved and opened again", async ({ page, open }) => {
  await open();
  await rename(page, "On disk");
  await designs(page).click();
  const [download] = await Promise.all([page.waitForEvent("download"), button(page, "Save file").click()]);
  assert.equal(download.suggestedFilename(), "on-disk.json");
  const file = await download.path();
  assert.equal(JSON.parse(await readFile(file)).design.name, "On disk");
  await page.locator(".panel").getByText("as it was made").click();
  await until(async () => (await title(page)) === "Book store" || title(page), "the template");
  await designs(page).click();
  const [chooser] = await Promise.all([page.waitForEvent("filechooser"), button(page, "Open file…").click()]);
  await chooser.setFiles({ name: "on-disk.json", mimeType: "application/json", buffer: await readFile(file) });
  await until(async () => (await title(page)) === "On disk" || title(page), "opened");
});

/** Drops a file on the page, as from the desktop. */
async function drop(page, name, text) {
  await page.evaluate(([name, text]) => {
    const data = new DataTransfer();
    data.items.add(new File([text.length > 9 ? text : text.repeat(5 << 20)], name));
    document.querySelector(".stage").dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
  }, [name, text]);
}

journey("broken and huge files leave the canvas as it was", async ({ page, open, shot }) => {
  await open();
  await drop(page, "broken.json", '{"design": {"name": "X",,}}');
  await notice(page).waitFor();
  assert.match(await notice(page).innerText(), /line 1, column 25.*as it was/s);
  await shot("keeping-5-broken");
  await drop(page, "huge.json", "x");
  await until(async () => /larger than 4 MB/.test(await notice(page).innerText()) || notice(page).innerText(), "too large");
  assert.equal(await nodes(page), 12);
  assert.equal(await title(page), "Book store");
  await drop(page, "odd.json", '{"version": 1, "design": {"name": "Odd", "components": {"a": {"kind": "quantum"}}}}');
  await until(async () => /components\.a\.kind/.test(await notice(page).innerText()) || notice(page).innerText(), "place and fix");
});

journey("a seed that is none is told, and the seed stays", async ({ page, open }) => {
  await open();
  const seed = page.getByRole("textbox", { name: "Seed" });
  const before = await seed.inputValue();
  await seed.fill("minus one");
  await seed.press("Enter");
  await page.getByText(`Seed: “minus one” is not a whole number from 0 to`).waitFor();
  assert.equal(await seed.inputValue(), before);
  await page.getByRole("button", { name: "Dismiss", exact: true }).click();
  await seed.fill("9");
  await seed.press("Enter");
  await until(async () => (await seed.inputValue()) === "9", "the next is taken");
  assert.equal(await page.locator(".notice").count(), 0);
});

journey("a link plays again in another profile", async ({ page, browser, address, open, shot }) => {
  await open();
  await until(async () => (await clock(page)) > "00:02" || clock(page), "time runs");
  await button(page, "Kill the cache").click();
  await page.locator(".event.crash").first().waitFor();
  const moment = await clock(page);
  await until(async () => (await clock(page)) > moment || clock(page), "time goes on");
  await page.keyboard.press("Space");
  await page.waitForTimeout(500);
  const figures = (page) => page.locator(".node-figures").allInnerTexts();
  const [then, figuresThen] = [await clock(page), await figures(page)];
  await page.locator("#share-button").click();
  const field = page.locator("#share-link");
  await field.waitFor();
  const shared = await field.inputValue();
  await shot("keeping-6-share");
  assert.match(await page.locator(".panel").innerText(), /1 fault/);

  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  try {
    const other = await context.newPage();
    await other.goto(shared);
    await until(async () => (await clock(other)) === then || clock(other), "the same moment");
    await until(async () => JSON.stringify(await figures(other)) === JSON.stringify(figuresThen) || figures(other), "the same figures");
    assert.equal(await other.evaluate(() => localStorage.getItem("ringside.designs")), null, "only looked at");
  } finally {
    await context.close();
  }
});

journey("hostile links leave the canvas as it was", async ({ page, open, shot }) => {
  const bomb = link(" ".repeat(64 << 20));
  for (const [suffix, problem] of [
    ["/#d=!!!!", /letters/],
    ["/#d=AAAAAAAA", /damaged/],
    [bomb, /expands to more/],
    [link("not json"), /no design; copy the link whole/],
    [link('{"version": 99}'), /version/],
    [`/#d=${"A".repeat(300_000)}`, /longer/],
  ]) {
    await page.goto("about:blank");
    await open(suffix);
    await notice(page).waitFor();
    assert.match(await notice(page).innerText(), problem, suffix.slice(0, 40));
    await until(async () => (await nodes(page)) === 12 || nodes(page), "the book store");
  }
  await shot("keeping-7-hostile");
  await page.evaluate(() => { location.hash = "#d=zzz"; });
  await page.getByText("The canvas is as it was.").waitFor();
});

journey("a fault of the page itself is told", async ({ page, open, shot }) => {
  await open();
  await rename(page, "Survivor");
  await page.evaluate(() => {
    const error = new WebAssembly.RuntimeError("unreachable");
    window.dispatchEvent(new ErrorEvent("error", { error, message: "unreachable" }));
  });
  await page.getByText("The page has stopped").waitFor();
  await shot("keeping-8-stopped");
  await button(page, "Load again").click();
  await until(async () => (await title(page).catch(() => "")) === "Survivor" || "reloading", "it is back");
});
