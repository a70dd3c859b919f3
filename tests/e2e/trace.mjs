// Bring your own trace: a file dropped on a cache's lens, or chosen with the keyboard; progress, curves,
// and the figures of the command line; a table whose key column is asked for; files that are none.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { drop, journey, root, until } from "./harness.mjs";

const target = path.resolve(root, process.env.CARGO_TARGET_DIR ?? "target");
const command = (...options) =>
  JSON.parse(execFileSync(path.join(target, "release/ringside"), ["cache", "--json", ...options], { maxBuffer: 1 << 26 }));

/** Some keys often, many seldom, and a scan now and then; the same every time. */
function keys(count, many) {
  let state = 12345;
  const draw = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const key = (at) => (at % 3000 < 600 ? (Math.floor(at / 3000) * 600 + (at % 3000)) % many : Math.floor(many * draw() ** 3));
  return Array.from({ length: count }, (_, at) => key(at));
}

async function file(name, text) {
  const folder = await mkdtemp(path.join(tmpdir(), "trace-"));
  await writeFile(path.join(folder, name), text);
  return path.join(folder, name);
}

async function inside(page, open) {
  await open();
  await page.locator("#designs-button").click();
  await page.getByRole("button", { name: /^Product cache/ }).click();
  await page.locator("[data-node=stock-report]").waitFor();
  await page.locator("[data-node=cache]").click();
  await page.getByRole("tab", { name: "Inside" }).click();
  await page.locator(".bring").waitFor();
}

/** Drops a file on the picture. */
const hand = (page, name, text) => drop(page, name, text, ".inspector .slate");

const status = (page) => page.locator(".bring [role=status]").innerText();
const done = (page) => until(async () => {
  const [words] = await page.locator(".bring [role=status], .bring [role=alert]").allInnerTexts();
  return /^Every request simulated/.test(words ?? "") || words || "nothing";
}, "all is simulated", 100_000);
const cell = (page, rule, at) => page.locator(`.bring tr[data-rule="${rule}"] td`).nth(at).innerText();

journey("trace: dropped on the lens, drawn while it is refined, and the command line's figures", async ({ page, open, shot }) => {
  await inside(page, open);
  const design = await page.evaluate(() => localStorage.getItem("ringside.open"));
  // So many that samples come first.
  const text = keys(600_000, 80_000).map((it) => `object/${it}\n`).join("");
  const seen = page.evaluate(() => new Promise((end) => {
    const seen = [];
    const look = () => {
      const value = document.querySelector(".bring progress")?.value;
      const words = document.querySelector(".bring [role=status]")?.innerText ?? "";
      const bars = document.querySelectorAll('.bring [data-id^="error/"]').length;
      seen.push([words, value ?? 1, bars]);
      if (words.startsWith("Every request")) end(seen);
      else setTimeout(look, 20);
    };
    look();
  }));
  await hand(page, "reads.txt", text);
  // Spread out while it is read: it is looked at otherwise, goes on, and can be cancelled.
  await page.locator(".spread").click();
  await page.locator(".bring [role=status]").waitFor();
  await page.locator(".bring").getByRole("button", { name: "Cancel" }).waitFor();
  await page.locator(".spread").click();
  await until(async () => /^Estimated/.test(await status(page)) || (await status(page)), "estimates", 60_000);
  await shot("trace-1-estimated");
  // The run goes on meanwhile, on a worker of its own.
  const clock = () => page.locator(".clock").innerText();
  const before = await clock();
  await until(async () => (await clock()) !== before || before, "time goes on");
  await done(page);
  const all = await seen;
  const values = all.filter((it) => it[0].startsWith("Estimated")).map((it) => it[1]);
  assert.ok(values.every((it, at) => at === 0 || it >= values[at - 1]), "the bar only rises");
  assert.ok(all.some((it) => it[2] > 0), "errors are drawn while there are some");
  assert.equal(all.at(-1)[2], 0, "and none in the end");
  await shot("trace-2-exact");
  for (const rule of ["lru", "sieve", "s3-fifo", "w-tinylfu", "belady"]) {
    const name = { lru: "LRU", sieve: "SIEVE", "s3-fifo": "S3-FIFO", "w-tinylfu": "W-TinyLFU", belady: "Belady's MIN" }[rule];
    assert.equal(await page.locator(`.bring [data-id="curves/line/${name}"]`).count(), 1, name);
  }
  const sizes = page.getByRole("slider", { name: "Size", exact: true });
  const kept = await file("reads.txt", text);
  const round = (ratio) => Number((ratio * 100).toPrecision(3));
  for (const [rule, at] of [["lru", 0], ["sieve", 3], ["s3-fifo", 5], ["w-tinylfu", 11]]) {
    const { points } = command("--policy", rule, "--curve", "12", kept);
    await sizes.fill(String(at));
    const shown = await cell(page, rule, 0);
    assert.equal(Number.parseFloat(shown), round(points[at].hit_ratio), `${rule} at ${points[at].capacity}: ${shown}`);
    assert.equal(await cell(page, rule, 1), "exact");
    assert.match((await page.locator(".bring caption").innerText()).replace(/\D/g, ""), new RegExp(`^${points[at].capacity}$`));
  }
  // It is still there after looking elsewhere; the design is as it was.
  await page.getByRole("tab", { name: "Settings" }).click();
  await page.getByRole("tab", { name: "Inside" }).click();
  await page.locator('.bring tr[data-rule="lru"]').waitFor();
  assert.equal(await page.locator("[data-node=stock-report]").count(), 1);
  assert.equal(await page.evaluate(() => localStorage.getItem("ringside.open")), design);
  await page.getByRole("button", { name: "Put away" }).click();
  await page.getByRole("button", { name: "Choose a file…" }).waitFor();
});

journey("trace: with the keyboard, a table whose key is asked for, and cancelled", async ({ page, open, shot }) => {
  await inside(page, open);
  const reads = keys(20_000, 2_000);
  const table = await file("reads.csv", `time,object\n${reads.map((it, at) => `${at},${it}\n`).join("")}`);
  const choose = page.getByRole("button", { name: "Choose a file…" });
  await choose.focus();
  const choosing = page.waitForEvent("filechooser");
  // The browser is told to leave the choice to the test, which takes a moment.
  await page.waitForTimeout(500);
  await page.keyboard.press("Enter");
  const chooser = await choosing;
  await chooser.setFiles(table);
  await page.getByText("has 2 columns. Which one is the key?").waitFor();
  await shot("trace-3-which");
  assert.ok(await page.getByLabel("The first line names the columns").isChecked());
  const column = page.locator(".bring").getByLabel("Key");
  await column.focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await done(page);
  const { points, keys: many } = command("--policy", "lru", "--curve", "12", "--column", "object", table);
  const slider = page.getByRole("slider", { name: "Size", exact: true });
  await slider.focus();
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowRight");
  const shown = Number.parseFloat(await cell(page, "lru", 0));
  assert.equal(shown, Number((points[1].hit_ratio * 100).toPrecision(3)), `second of ${many} keys`);
  // A large one, cancelled.
  await hand(page, "long.txt", keys(2_000_000, 300_000).join("\n"));
  const cancel = page.locator(".bring").getByRole("button", { name: "Cancel" });
  await cancel.waitFor();
  await cancel.focus();
  await page.keyboard.press("Enter");
  await choose.waitFor();
  assert.equal(await page.locator(".bring progress").count(), 0);
});

journey("trace: what cannot be used is said, and how to mend it", async ({ page, open, shot }) => {
  await inside(page, open);
  const words = async (name, text) => {
    await hand(page, name, text);
    const alert = page.locator(".bring [role=alert]");
    await until(async () => (await alert.allInnerTexts()).join("").includes(name) || (await alert.allInnerTexts()).join(""), `${name} is refused`, 30_000);
    return alert.innerText();
  };
  assert.match(await words("empty.txt", ""), /empty.*one key a line.*The design is as it was/);
  assert.match(await words("picture.png", "\x89PNG\r\n\0\0\0"), /not text.*UTF-8/);
  await shot("trace-4-wrong");
  assert.match(await words("line.txt", "x".repeat(3 << 20)), /line 1 is longer than 1 MiB.*one key a line/);
  assert.match(await words("short.csv", "time,key\n1,a\n2\n"), /line 3 has 1 columns.*key column/);
  // Elsewhere, a file is a design, as ever.
  await drop(page, "reads.txt", "a\nb\n", ".middle > .stage");
  await page.getByText("“reads.txt” was not opened").waitFor();
  assert.equal(await page.locator("[data-node=stock-report]").count(), 1);
});

journey("trace: the keyboard stays with what is under way, and is not taken from elsewhere", async ({ page, open }) => {
  await inside(page, open);
  const reads = keys(20_000, 2_000);
  const table = `time,object\n${reads.map((it, at) => `${at},${it}\n`).join("")}`;
  const held = () => page.evaluate(() => {
    const at = document.activeElement;
    return at.closest(".bring") ? `${at.tagName} ${at.textContent.trim().slice(0, 20)}` : `elsewhere: ${at.tagName} ${at.className}`;
  });
  const holds = (what, words) => until(async () => what.test(await held()) || (await held()), words, 30_000);
  const press = async (name) => {
    await page.locator(".bring").getByRole("button", { name }).focus();
    await page.keyboard.press("Enter");
  };
  // What had the focus is gone: the first thing that can be done then has it.
  await page.locator(".bring").getByRole("button", { name: "Choose a file…" }).focus();
  await hand(page, "reads.csv", table);
  await page.getByText("has 2 columns. Which one is the key?").waitFor();
  await holds(/^SELECT/, "the columns have the focus");
  await press("Read it");
  await done(page);
  await holds(/^INPUT|^BUTTON/, "then what can be done with the curves");
  await press("Put away");
  await holds(/^BUTTON Choose a file/, "and then another file");
  // Nobody who is elsewhere is called away.
  const tab = page.getByRole("tab", { name: "Inside" });
  await tab.focus();
  await hand(page, "reads.csv", table);
  await page.getByText("has 2 columns. Which one is the key?").waitFor();
  await page.waitForTimeout(300);
  assert.ok(await tab.evaluate((it) => it === document.activeElement), await held());
});
