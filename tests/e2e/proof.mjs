// The proof page, in three engines: the golden runs come out as they did natively, to the last bit,
// and the page says so; where they do not, it says that too.

import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { journey, root, screenshots, serve, until } from "./harness.mjs";
import { drive } from "./webdriver.mjs";

const PROOF_MS_MAX = 300_000;
const WAYS = 4;

// The hashes as the source has them: the page must not agree only with itself.
const source = await readFile(path.join(root, "src/session/golden.rs"), "utf8");
const golden = [...source.matchAll(/name: "([^"]+)",[^}]*?hash: 0x([0-9a-f_]+)/g)].map(([, name, hash]) => [name, hash.replaceAll("_", "")]);

/** What the page shows, in the page. */
const READ = `
  const text = (row, cell) => row.querySelector(cell).textContent;
  return {
    state: document.querySelector("main")?.dataset.state,
    status: document.querySelector(".status")?.textContent,
    rows: [...document.querySelectorAll("tbody tr")].map((row) =>
      [text(row, "th"), text(row, "td"), text(row, ".expected"), text(row, ".computed")]),
  };`;

/** The page has run everything, and every hash is the one in the source. */
function check({ state, status, rows }) {
  assert.ok(golden.length >= 3, "the source has golden runs");
  assert.equal(state, "same", status);
  assert.equal(rows.length, golden.length * WAYS, status);
  for (const [name, hash] of golden) {
    const of = rows.filter((row) => row[0] === name);
    assert.equal(new Set(of.map((row) => row[1])).size, WAYS, `${name}: every way once`);
    for (const [, way, expected, computed] of of) assert.deepEqual([expected, computed], [hash, hash], `${name}, ${way}`);
  }
  assert.equal(status, `All ${rows.length} runs came out the same in this browser.`);
}

journey("the proof page in Chromium", async ({ page, address, shot }) => {
  await page.goto(`${address}/proof.html`);
  await page.locator("main:not([data-state=running])").waitFor({ timeout: PROOF_MS_MAX });
  check(await page.evaluate(`(() => {${READ}})()`));
  for (const theme of ["light", "dark", "projector"]) {
    await page.evaluate((it) => { document.documentElement.dataset.theme = it; }, theme);
    await shot(`proof-${theme}`);
  }
  // The theme is that of the app.
  await page.evaluate(() => localStorage.setItem("ringside.theme", "projector"));
  await page.reload();
  await page.locator("html[data-theme=projector] tbody tr").first().waitFor();
  await page.getByRole("link", { name: "Back to Ringside" }).click();
  await page.locator("#shell").waitFor({ state: "detached" });
});

journey("the proof page says so where a run comes out differently", async ({ page, address, shot }) => {
  // The worker as it is, but for one digit of each answer.
  await page.addInitScript(() => {
    const { set } = Object.getOwnPropertyDescriptor(Worker.prototype, "onmessage");
    Object.defineProperty(Worker.prototype, "onmessage", {
      set(then) {
        set.call(this, ({ data }) => {
          const computed = data.computed?.replace(/^./, (digit) => (digit === "0" ? "1" : "0"));
          then({ data: { ...data, computed } });
        });
      },
    });
  });
  await page.goto(`${address}/proof.html`);
  await page.locator("main[data-state=differs]").waitFor({ timeout: PROOF_MS_MAX });
  assert.match(await page.locator(".status").textContent(), /[1-9]\d* of them came out differently in this browser\. That is a bug/);
  await shot("proof-differs");
});

const lost = { forgive: [/503/] };
journey("the proof page says so where it cannot run", lost, async ({ page, address }) => {
  await page.route("**/*.wasm", (route) => route.fulfill({ status: 503, body: "" }));
  await page.goto(`${address}/proof.html`);
  await page.locator("main[data-state=failed]").waitFor();
  assert.match(await page.locator(".status").textContent(), /broke off/);
});

for (const engine of ["firefox", "webkit"]) {
  test(`the proof page in ${engine}`, { timeout: 2 * PROOF_MS_MAX }, async () => {
    const server = await serve();
    try {
      await drive(engine, async ({ name, go, run, picture }) => {
        console.log(`The proof page runs in ${name}.`);
        await go(`${server.address}/proof.html`);
        await until(async () => (await run("return document.querySelector('main')?.dataset.state")) !== "running", engine, PROOF_MS_MAX);
        check(await run(READ));
        await mkdir(screenshots, { recursive: true });
        await writeFile(path.join(screenshots, `proof-${engine}.png`), await picture());
      });
    } finally {
      server.stop();
    }
  });
}
