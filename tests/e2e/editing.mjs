// A design is built and changed: by mouse, and by keyboard alone from an empty canvas; while it runs.

import assert from "node:assert/strict";
import { journey, until } from "./harness.mjs";

const button = (page, name) => page.getByRole("button", { name, exact: true });
const nodes = (page) => page.locator(".node").count();
const wires = (page) => page.locator("[data-wire]").count();

journey("a component is added, named, wired, refused, copied, deleted and brought back", async ({ page, open, shot }) => {
  await open();
  await button(page, "Add a component").click();
  await shot("editing-1-library");
  await page.locator(".shelves button").filter({ hasText: "Service" }).first().click();
  await until(async () => (await nodes(page)) === 13 || (await nodes(page)), "one more");
  const name = page.getByLabel("Name", { exact: true });
  await name.fill("Reviews");
  await name.press("Enter");
  await page.locator(".node-name", { hasText: "Reviews" }).waitFor();

  const before = await wires(page);
  await page.getByLabel("Connect to").selectOption({ label: "Book cache" });
  await until(async () => (await wires(page)) === before + 1 || (await wires(page)), "one more wire");
  await page.getByLabel("Connect to").selectOption({ label: "Readers" });
  await page.locator(".shape .problem").filter({ hasText: "Nothing calls Readers" }).waitFor();
  assert.equal(await wires(page), before + 1);
  await shot("editing-2-refused");

  await page.locator(".shape").getByRole("button", { name: "Duplicate" }).click();
  await until(async () => (await nodes(page)) === 14 || (await nodes(page)), "a copy");
  await page.locator(".shape").getByRole("button", { name: "Delete" }).click();
  await until(async () => (await nodes(page)) === 13 || (await nodes(page)), "the copy is gone");
  await page.locator("[data-node=cache]").click();
  await page.keyboard.press("Delete");
  await until(async () => (await nodes(page)) === 12 || (await nodes(page)), "the cache is gone");
  assert.ok((await wires(page)) < before);
  await button(page, "Undo").click();
  await until(async () => (await nodes(page)) === 13 || (await nodes(page)), "the cache is back");
  assert.equal(await wires(page), before + 1);
  await button(page, "Redo").click();
  await until(async () => (await nodes(page)) === 12 || (await nodes(page)), "and gone again");
});

journey("a small design by keyboard alone, from an empty canvas, and it runs", async ({ page, open, shot }) => {
  await open();
  // Nothing but keys from here on: `press` stands for Tab and Enter as much as for letters.
  const designs = page.locator(".topbar button[aria-haspopup], .topbar .designs button").first();
  await designs.focus();
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: /^New/ }).first().focus();
  await page.keyboard.press("Enter");
  await until(async () => (await nodes(page)) === 0 || (await nodes(page)), "an empty canvas");
  const add = async (kind) => {
    await page.keyboard.press("Escape");
    await page.evaluate(() => document.activeElement?.blur());
    await page.keyboard.press("a");
    for (let step = 0; step < 40; step++) {
      await page.keyboard.press("Tab");
      if ((await page.evaluate(() => document.activeElement?.querySelector("b")?.textContent)) === kind) break;
    }
    await page.keyboard.press("Enter");
  };
  const connect = async (from, to) => {
    await page.locator(`[data-node=${from}]`).focus();
    await page.keyboard.press("Enter");
    await page.getByLabel("Connect to").focus();
    await page.keyboard.type(to);
    await page.keyboard.press("Enter");
  };
  await add("Client");
  await add("Service");
  await add("SQL database");
  await until(async () => (await nodes(page)) === 3 || (await nodes(page)), "three components");
  await connect("client", "Service");
  await until(async () => (await wires(page)) === 1 || (await wires(page)), "client to service");
  await connect("service", "SQL");
  await until(async () => (await wires(page)) === 2 || (await wires(page)), "service to database");
  const figure = page.locator("[data-node=sql-db] .figure b").first();
  await until(async () => Number((await figure.innerText()).replace(/[^\d.]/g, "")) > 5 || (await figure.innerText()), "it runs");
  await shot("editing-3-by-keyboard");
});

const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
journey("by touch on a phone: added, wired, undone", phone, async ({ page, open, shot }) => {
  await open();
  await button(page, "Add a component").tap();
  await shot("editing-4-library-phone");
  await page.locator(".shelves button").filter({ hasText: "Cache" }).first().tap();
  await until(async () => (await nodes(page)) === 13 || (await nodes(page)), "one more");
  await shot("editing-5-phone");
  await button(page, "Undo").tap();
  await until(async () => (await nodes(page)) === 12 || (await nodes(page)), "undone");
});
