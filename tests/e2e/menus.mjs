// What else can go wrong, by the menus: each item is used, its effect read from a figure on screen, and
// taken back. What is stopped, dropped, marked and predicted.

import assert from "node:assert/strict";
import { deflateRawSync } from "node:zlib";
import { UNITS, becomes, drop, figure, journey, until } from "./harness.mjs";

const button = (page, name) => page.getByRole("button", { name, exact: true });
const inspector = (page) => page.locator(".inspector");
const clock = (page) => page.locator(".clock").innerText();
async function set(page, label, value) {
  const field = inspector(page).getByLabel(label, { exact: true }).first();
  await field.fill(value);
  await field.press("Enter");
}

/** The item of the menu of what is chosen. */
async function item(page, name) {
  const menu = inspector(page).locator(".doing details");
  if (!(await menu.evaluate((it) => it.open))) await menu.locator("summary").click();
  return menu.getByRole("button", { name: new RegExp(`${name}$`) });
}

/** The fields of an item of the open menu, as they stand. */
const amounts = (page, item) =>
  inspector(page).locator(".doing .fault", { has: page.getByRole("button", { name: new RegExp(`${item}$`) }) }).locator("input").evaluateAll((all) => all.map((it) => it.value));

/** Uses an item of the menu, sees what follows, takes it back, sees that too. */
async function there_and_back(page, name, felt, over, shot) {
  const it = await item(page, name);
  await it.click();
  await until(async () => (await it.getAttribute("aria-pressed")) === "true", `${name}: in force`);
  await felt();
  await shot?.(`menu-${name.replace(/\W+/g, "-").toLowerCase()}`);
  await it.click();
  await until(async () => (await it.getAttribute("aria-pressed")) === "false", `${name}: taken back`);
  await over();
}

journey("a service that is slow for some, and no more", async ({ page, open, shot }) => {
  await open();
  await page.locator("[data-node=books]").click();
  await becomes(page, "books", 1, (it) => it > 0 && it < 150, "the usual");
  await item(page, "Slow for some");
  assert.deepEqual(await amounts(page, "Slow for some"), ["30 %", "20"]);
  await there_and_back(
    page,
    "Slow for some",
    () => becomes(page, "books", 1, (it) => it > 200, "slow"),
    () => becomes(page, "books", 1, (it) => it < 150, "as before"),
    shot,
  );
});

journey("a cache whose clock is wrong, either way, and one that is emptied", async ({ page, open, shot }) => {
  await open();
  await page.locator("[data-node=cache]").click();
  await set(page, "TTL", "1 s");
  // From the start, so that nothing is kept by what was set before.
  await page.keyboard.press("Escape");
  await page.keyboard.press("r");
  await until(async () => (await clock(page)) < "00:01" || (await clock(page)), "again");
  await page.locator("[data-node=cache]").click();
  await until(async () => (await clock(page)) > "00:02" || (await clock(page)), "a steady ratio");
  await becomes(page, "cache", 0, (it) => it > 10, "hits");
  const hits = await figure(page, "cache", 0);
  // By a clock that was put back, what was stored before has ten seconds more.
  await item(page, "Clock wrong");
  assert.deepEqual(await amounts(page, "Clock wrong"), ["10 s"]);
  await set(page, "Clock wrong: by", "-10 s");
  await there_and_back(
    page,
    "Clock wrong",
    () => becomes(page, "cache", 0, (it) => it > hits + 6, `kept for too long, beside ${hits}`),
    () => becomes(page, "cache", 0, (it) => it < hits + 4, "as before"),
    shot,
  );
  // And what was stored by a clock that was ahead, once that is taken back.
  await set(page, "Clock wrong: by", "10 s");
  await there_and_back(
    page,
    "Clock wrong",
    async () => {
      const [minutes, seconds] = (await clock(page)).split(":").map(Number);
      const later = minutes * 60 + seconds + 3;
      const now = async () => (await clock(page)).split(":").reduce((sum, it) => sum * 60 + Number(it), 0);
      await until(async () => (await now()) > later || `${await now()} s`, "three seconds of it");
    },
    () => becomes(page, "cache", 0, (it) => it > hits + 6, `kept for too long, beside ${hits}`),
    shot,
  );
  const keys = await figure(page, "cache", 1);
  await (await item(page, "Empty")).click();
  await becomes(page, "cache", 1, (it) => it < keys / 2, "emptied");
  await becomes(page, "cache", 1, (it) => it > keys / 2, "filled again");
});

journey("a wire that loses, delays, and is cut one way or the other", async ({ page, open, shot }) => {
  await open();
  await page.locator("[data-wire=gateway-balancer]").focus();
  await page.keyboard.press("Enter");
  await inspector(page).waitFor();
  await becomes(page, "readers", 1, (it) => it > 0 && it < 180, "the usual");
  const usual = () => becomes(page, "readers", 1, (it) => it < 180, "as before");
  // One call in ten or so loses one of its two messages: the slowest in a hundred wait 200 ms and more.
  await item(page, "Lose messages");
  assert.deepEqual(await amounts(page, "Lose messages"), ["5 %"]);
  assert.deepEqual(await amounts(page, "Delay messages"), ["100 ms"]);
  await there_and_back(page, "Lose messages", () => becomes(page, "readers", 1, (it) => it >= 200, "sent again"), usual, shot);
  // 100 ms there and 100 ms back.
  await there_and_back(page, "Delay messages", () => becomes(page, "readers", 1, (it) => it >= 200, "late"), usual, shot);
  const lost = async () => Number((await inspector(page).locator(".figs div", { hasText: "Lost" }).locator("b").innerText()).replace(/[^\d.]/g, ""));
  for (const way of ["Cut the way there", "Cut the way back"]) {
    await there_and_back(
      page,
      way,
      () => until(async () => (await lost()) > 0 || "none lost", `${way}: messages are lost`),
      () => until(async () => (await lost()) === 0 || `${await lost()} lost`, `${way}: no more`),
      shot,
    );
  }
});

journey("a recording is dropped on a client, which sends it; what is none is refused", async ({ page, open, shot }) => {
  await open();
  await becomes(page, "readers", 0, (it) => it > 900, "the usual");
  await drop(page, "monday.csv", "time,key\nsoon,4\n", "[data-node=readers]");
  const notice = page.locator(".notice");
  await notice.getByText("Readers was not given “monday.csv”").waitFor();
  assert.match(await notice.innerText(), /line 2/);
  await becomes(page, "readers", 0, (it) => it > 900, "as before");
  // 300 requests, one every 5 ms, over and over: 200 each second.
  const rows = Array.from({ length: 300 }, (_, at) => `${(at * 0.005).toFixed(3)},${at % 40}`);
  await drop(page, "monday.csv", `time,key\n${rows.join("\n")}\n`, "[data-node=readers]");
  await becomes(page, "readers", 0, (it) => it >= 195 && it <= 205, "200 each second");
  assert.equal(await notice.count(), 0);
  assert.equal(await page.getByLabel("Load", { exact: true }).inputValue(), "recorded");
  await shot("recording-dropped");
  await page.keyboard.press("Escape");
  await button(page, "Undo").click();
  await becomes(page, "readers", 0, (it) => it > 900, "undone");
});

/** A service that a closed form is known for: M/M/1, half busy. */
const station = {
  version: 1,
  design: {
    name: "Half busy",
    components: {
      people: { kind: "client", label: "People", at: [0, 0], settings: { rate: "100/s", timeout: "600s" } },
      books: { kind: "service", label: "Books", at: [300, 0], settings: { instances: 1, workers: 1, queue: 10000, work: "5ms", work_shape: "exponential" } },
    },
    wires: { "people-books": { from: "people", to: "books", settings: { timeout: "600s" } } },
  },
  seed: 5,
  warmup: "20s",
};

journey("what theory predicts stands beside what is seen, with its band", async ({ page, open, shot }) => {
  await open();
  await drop(page, "half.json", JSON.stringify(station));
  await page.locator("[data-node=books]").click();
  await page.getByRole("tab", { name: "Theory", exact: true }).click();
  const theory = page.getByRole("region", { name: "Theory" });
  await theory.getByText("M/M/1", { exact: true }).waitFor({ timeout: 30_000 });
  const row = theory.locator(".theory-row", { hasText: "Time to answer" });
  // One text at one moment: figures change while it is read.
  const told = async () => {
    const text = (await row.innerText()).replace(/\s+/g, " ");
    const values = [...text.matchAll(/([\d.]+) (µs|ms|s)\b/g)].map((it) => Number(it[1]) * UNITS[it[2]]);
    const [predicted, seen, low, high] = values;
    return { text, predicted, seen, low, high, inside: text.includes("inside") };
  };
  await until(async () => /(in|out)side/.test((await told()).text) || (await told()).text, "compared", 60_000);
  const { text, predicted, seen, low, high, inside } = await told();
  // 1 / (200/s - 100/s): textbook M/M/1.
  assert.equal(predicted, 10);
  assert.ok(low < 10 && 10 < high, `the band is around the prediction: ${text}`);
  assert.equal(seen >= low && seen <= high, inside, text);
  await until(async () => (await theory.locator(".verdict.holds").count()) === 3 || (await theory.innerText()), "all three hold", 60_000);
  await shot("theory-holds");
});

journey("stale reads and futures that parted are marked on the timeline", async ({ page, open, shot }) => {
  await open();
  await until(async () => (await clock(page)) > "00:01" || (await clock(page)), "time runs");
  assert.equal(await page.locator(".event.stale").count(), 0);
  // Replicas that take so long for an entry fall behind; whoever reads there gets old values.
  await page.locator("[data-node=database]").click();
  await page.getByRole("tab", { name: "Settings", exact: true }).click();
  await set(page, "Apply work", "100 ms");
  await page.keyboard.press("Escape");
  const stale = page.locator(".event.stale");
  await stale.first().waitFor({ timeout: 30_000 });
  assert.match(await stale.first().getAttribute("title"), /^\d\d:\d\d\.\d+ · An old value is read/);
  await page.keyboard.press("b");
  await page.locator(".other [data-node=cache]").waitFor();
  const fork = page.locator(".event.fork");
  const moment = async () => (await page.locator(".compare-bar .num").first().innerText()).replace(/[^\d:.]/g, "");
  await until(async () => {
    // The run went on while the key was pressed: both say where the futures parted, once the worker has told.
    const said = await moment();
    return (/^\d\d:\d\d\.\d+$/.test(said) && (await fork.getAttribute("title")).startsWith(said)) || said;
  }, "the mark stands at the moment it was made");
  const said = await moment();
  await button(page, "Leave").click();
  await page.locator(".other").waitFor({ state: "detached" });
  assert.equal(await fork.count(), 1);
  assert.ok((await fork.getAttribute("title")).startsWith(said), "there it stays");
  await fork.click();
  await button(page, "Latest").waitFor();
  await shot("marks");
});

journey("R begins again, the same from the start", async ({ page, open }) => {
  await open();
  await until(async () => (await clock(page)) > "00:02" || (await clock(page)), "time runs");
  await button(page, "Kill the cache").click();
  await page.locator(".event.crash").waitFor();
  await page.keyboard.press("r");
  await until(async () => (await clock(page)) < "00:02" || (await clock(page)), "from the start");
  // The canvas is painted one frame after the clock.
  await until(async () => (await page.locator(".event.crash, .node.down").count()) === 0 || "still there", "without the fault");
});

journey("the difference of two futures is read by keyboard", async ({ page, open, shot }) => {
  await open();
  await until(async () => (await clock(page)) > "00:02" || (await clock(page)), "time runs");
  await page.keyboard.press("b");
  await page.locator(".other [data-node=cache]").waitFor();
  await until(async () => (await clock(page)) > "00:05" || (await clock(page)), "both go on");
  await page.keyboard.press("Space");
  const plot = page.locator(".gap-plots");
  await plot.focus();
  const now = await plot.getAttribute("aria-label");
  assert.match(now, /as it is .*what if .*gap/);
  const cursor = () => page.locator(".gap-cursor").getAttribute("style");
  const before = await cursor();
  for (let n = 0; n < 3; n += 1) await page.keyboard.press("ArrowLeft");
  await until(async () => (await cursor()) !== before, "the crosshair moves");
  await shot("gap-by-keyboard");
  const moment = await clock(page);
  await page.keyboard.press("Enter");
  await until(async () => (await clock(page)) < moment || (await clock(page)), "the moment it stands at");
});

journey("a design that runs away is shown stopped, says why, and invites to nothing", async ({ page, open, shot }) => {
  await open();
  const settings = { queue: 1_000_000, work: "0s", hold_worker: false };
  const again = { latency: "0s", retries: 5, timeout: "1ms" };
  const design = {
    name: "Run-away",
    components: {
      a: { kind: "service", label: "One", at: [240, 0], settings },
      b: { kind: "service", label: "Other", at: [480, 0], settings },
      c: { kind: "client", label: "People", at: [0, 0], settings: { rate: "5000/s" } },
    },
    wires: {
      "a-b": { from: "a", to: "b", settings: again },
      "b-a": { from: "b", to: "a", settings: again },
      "c-a": { from: "c", to: "a" },
    },
  };
  await drop(page, "runaway.json", JSON.stringify({ version: 1, design, seed: 1, warmup: "0s" }));
  await page.locator(".banner").getByText("The run was stopped").waitFor({ timeout: 30_000 });
  await page.locator(".halt").getByText("The run is stopped at").waitFor();
  assert.equal(await page.getByText("Try this").count(), 0, "no invitation");
  await button(page, "Play").waitFor();
  assert.equal(await page.locator("[data-node=a] .figure").first().isVisible(), false, "no figure that was not measured");
  await shot("runaway");
  await page.locator(".banner").getByRole("button", { name: "Dismiss" }).click();
  await button(page, "Why?").click();
  await page.locator(".banner").getByText("The run was stopped").waitFor();
  // Mended, it runs: the call that went round is gone.
  await page.locator("[data-wire=b-a]").focus();
  await page.keyboard.press("Enter");
  await page.locator(".inspector").waitFor();
  await page.keyboard.press("Delete");
  await until(async () => (await page.locator(".halt").count()) === 0, "it goes on", 30_000);
  await becomes(page, "c", 0, (it) => it > 4_000, "traffic flows");
});

journey("a link that cannot be read says what to do about a link", async ({ page, open }) => {
  await open(`/#d=${deflateRawSync("not json").toString("base64url")}`);
  const notice = page.locator(".notice");
  await notice.getByText("The link was not opened").waitFor();
  assert.match(await notice.innerText(), /copy the link whole, or ask whoever sent it/);
  assert.doesNotMatch(await notice.innerText(), /mend the text|line \d/);
});

journey("settings show and take units as people write them", async ({ page, open }) => {
  await open();
  await page.locator("[data-wire=balancer-books]").focus();
  await page.keyboard.press("Enter");
  const latency = inspector(page).getByLabel("Latency", { exact: true });
  const is = (wanted) => until(async () => (await latency.inputValue()) === wanted || (await latency.inputValue()), wanted);
  await is("250 µs");
  for (const [typed, shown] of [["1.5 ms", "1.5 ms"], ["400us", "400 µs"], ["300 µs", "300 µs"], ["2", "2 ms"]]) {
    await latency.fill(typed);
    await latency.press("Enter");
    await is(shown);
  }
});
