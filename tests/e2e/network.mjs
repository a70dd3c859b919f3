// What lies between components: connection pools, distances between zones, what clients can do to a
// system, and what the page says about a design before anything has gone wrong.

import assert from "node:assert/strict";
import { journey, until } from "./harness.mjs";

const button = (page, name) => page.getByRole("button", { name, exact: true });
const inspector = (page) => page.locator(".inspector");
const number = (text) => Number(text.replace(/[^\d.]/g, ""));
const offered = async (page, id) => number(await page.locator(`[data-node=${id}] .figure b`).first().innerText());

async function set(page, label, value) {
  const field = inspector(page).getByLabel(label, { exact: true }).first();
  await field.fill(value);
  await field.press("Enter");
}

journey("a pool that is too small: calls wait for a connection, and no longer once it is larger", async ({ page, open, shot }) => {
  await open();
  await page.locator("[data-wire=balancer-books]").focus();
  await page.keyboard.press("Enter");
  await inspector(page).waitFor();
  assert.equal(await inspector(page).locator(".pool").count(), 0, "no pool, no line for one");
  await set(page, "Pool", "4");
  const pool = inspector(page).locator(".pool");
  await until(async () => {
    const [, inUse, waiting] = /(\d+) connections in use, (\d+) calls wait/.exec(await pool.innerText()) ?? [];
    return Number(inUse) > 0 && Number(inUse) <= 4 && Number(waiting) > 20 || `${await pool.innerText()}`;
  }, "they wait", 30_000);
  await shot("network-1-pool");
  await set(page, "Pool", "500");
  await until(async () => / 0 calls wait/.test(await pool.innerText()) || (await pool.innerText()), "none waits", 30_000);
});

journey("a distance between two zones is said, felt and taken back", async ({ page, open, shot }) => {
  await open();
  await page.locator("#designs-button").click();
  await page.getByRole("button", { name: /^Mumbai–Delhi/ }).click();
  await page.locator("[data-node=store]").waitFor();
  const latency = async () => number(await page.locator("[data-node=mumbai-client] .figure b").last().innerText());
  await until(async () => (await latency()) > 0 || "none", "Mumbai is answered", 30_000);
  const before = await latency();
  const zone = await page.locator(".zone", { hasText: "Delhi" }).boundingBox();
  await page.mouse.click(zone.x + 20, zone.y + 10);
  const to = page.locator(".distances").getByLabel("To Mumbai");
  const followed = await to.inputValue();
  await to.fill("90ms");
  await to.press("Enter");
  // A majority needs Delhi: there and back twice, 360 ms at least.
  await until(async () => (await latency()) > 340 || `${before} ms became ${await latency()} ms`, "it is felt", 30_000);
  await shot("network-2-distance");
  await to.fill("");
  await to.press("Enter");
  await until(async () => (await to.inputValue()) === followed || (await to.inputValue()), "what follows from the places");
  await until(async () => (await latency()) < 1.5 * before || `${await latency()} ms`, "as before", 30_000);
});

journey("clients bring five times as much, and half of them want one key; both are taken back", async ({ page, open, shot }) => {
  await open();
  await page.locator("[data-node=readers]").click();
  await until(async () => (await offered(page, "readers")) > 900 || (await offered(page, "readers")), "traffic flows");
  await inspector(page).locator(".doing summary").click();
  // What is in force has a tick before its name.
  const spike = page.getByRole("button", { name: /More traffic$/ });
  const value = (label) => inspector(page).getByLabel(label, { exact: true }).inputValue();
  assert.deepEqual([await value("More traffic: times"), await value("Hot key: share"), await value("Hot key: key")], ["5", "50 %", "0"]);
  await spike.click();
  await until(async () => (await offered(page, "readers")) > 4_500 || (await offered(page, "readers")), "five times as much", 30_000);
  assert.equal(await spike.getAttribute("aria-pressed"), "true");
  await shot("network-3-spike");
  await spike.click();
  await until(async () => (await offered(page, "readers")) < 1_500 || (await offered(page, "readers")), "as before", 30_000);
  const hot = page.getByRole("button", { name: /Hot key$/ });
  await hot.click();
  await until(async () => (await hot.getAttribute("aria-pressed")) === "true", "in force");
  await shot("network-4-hot-key");
  await hot.click();
  await until(async () => (await hot.getAttribute("aria-pressed")) === "false", "taken back");
});

journey("a design is warned about, quietly, until it is mended", async ({ page, open, shot }) => {
  await open();
  const hint = page.locator(".warned");
  await until(async () => (await hint.count()) === 1 || `${await hint.count()}`, "one warning in the book store");
  assert.match(await hint.getAttribute("title"), /If Load balancer fails, Readers cannot be served/);
  await hint.click();
  await inspector(page).locator(".hints li").filter({ hasText: "Load balancer" }).waitFor();
  await shot("network-5-hint");
  await page.keyboard.press("Escape");
  // A database without replicas: one more; and gone when it has them again.
  await page.locator("[data-node=database]").click();
  await page.getByRole("tab", { name: "Settings", exact: true }).click();
  await set(page, "Replicas", "0");
  await inspector(page).locator(".hints").filter({ hasText: "If Store database fails" }).waitFor();
  assert.equal(await hint.count(), 2);
  await set(page, "Replicas", "2");
  await until(async () => (await hint.count()) === 1 || `${await hint.count()}`, "mended");
});
