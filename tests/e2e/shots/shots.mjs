// Takes the pictures of `.ci/shots`: node shots.mjs SITE OUT. States come one after the other in the
// order of the list; each begins with the page as the book store opens it.

import { createServer } from "node:http";
import { mkdir, readFile } from "node:fs/promises";
import { deflateRawSync } from "node:zlib";
import path from "node:path";
import { chromium } from "playwright-core";

const [site, out] = process.argv.slice(2);
const chosen = (name, all) => (process.env[name] ? all.filter((it) => process.env[name].split(",").includes(it)) : all);
const wanted = new RegExp(process.env.STATES ?? ".");
// The last two are for insides, as far down as they go; only when asked for.
const SIZES = { wide: [1440, 900], middle: [1024, 768], phone: [390, 844], tall: [1100, 2400], slim: [390, 2400] };
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".wasm": "application/wasm", ".svg": "image/svg+xml" };

const server = createServer(async (request, response) => {
  const name = new URL(request.url, "http://x").pathname.replace(/\/$/, "/index.html");
  try {
    const body = await readFile(path.join(site, path.normalize(name)));
    response.setHeader("content-type", TYPES[path.extname(name)] ?? "application/octet-stream");
    response.end(body);
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
const address = `http://127.0.0.1:${server.address().port}`;

const button = (page, name) => page.getByRole("button", { name, exact: true });
const wait = (page, ms) => page.waitForTimeout(ms);
const select = async (page, id) => {
  await page.locator(`[data-node=${id}]`).focus();
  await page.keyboard.press("Enter");
  await page.locator(".inspector").waitFor();
};
const tab = async (page, name) => {
  const found = page.getByRole("tab", { name, exact: true });
  // Not every kind has an inside.
  if (await found.count()) await found.click();
};
const speed = (page, index) => page.locator(".speed select").selectOption(String(index));
const drop = (page, name, text) =>
  page.evaluate(([name, text]) => {
    const data = new DataTransfer();
    data.items.add(new File([text], name));
    document.querySelector(".stage").dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
  }, [name, text]);
/** Opens what is folded, and has it in sight. */
const unfold = async (page, summary) => {
  await summary.click();
  await summary.locator("..").evaluate((it) => it.scrollIntoView({ block: "nearest" }));
  await wait(page, 400);
};
const KINDS = ["readers", "firewall", "gateway", "balancer", "books", "cache", "database", "payments"];

const READY = [
  [/^Cache cluster/, "cluster"], [/^Mumbai–Delhi/, "store"], [/^Leaderless/, "store"], [/^Shopping cart/, "store"],
  [/^Two primaries/, "store"], [/^Users, sharded/, "store"], [/^Product cache/, "cache"], [/^News site/, "stories"],
  [/^Blog cache/, "cache"], [/^Leaderboard/, "board"], [/^Redis cluster/, "cluster"], [/^Ring with a bad hash/, "cluster"], [/^From modulo/, "cluster"],
  [/^Bank transfer/, "accounts"], [/^Available database/, "orders"], [/^Multi-region/, "west-lb"],
  [/^Browser cache/, "browser"], [/^Active–active/, "both"], [/^Standby race/, "warm"], [/^Cache layers/, "shared"],
  [/^Sessions in Redis/, "sessions"], [/^Shared folder/, "copies"], [/^Regional shards/, "south-shard"], [/^Scaling ladder/, "db"],
  [/^Divide and combine/, "uneven-split"], [/^Shuffle/, "reduce"], [/^Memory beside disk/, "memory"], [/^Caches that disagree/, "cache-b"],
  [/^Three ways to write/, "cache-behind"], [/^Orders by month/, "orders"], [/^Out of memory/, "cache-off"], [/^Yesterday's hits/, "cache-lfu"],
];

/** A ready design in which one component is set otherwise, with another script of faults. */
const changed = async (name, id, settings, script) => {
  const it = JSON.parse(await readFile(new URL(`../../../static/designs/${name}.json`, import.meta.url), "utf8"));
  Object.assign(it.design.components[id].settings, settings);
  // None: its own.
  if (script) it.design.script = Object.fromEntries(Object.entries(script).map(([at, fault]) => [`at-${at}`, { at, fault }]));
  return JSON.stringify(it);
};
/** Commands that leave a key of every type. */
const TYPED = Object.fromEntries(
  [
    "RPUSH jobs mail resize invoice", "HSET user:1 name Ann city Catania visits 3", "SADD tags red green blue", "SADD numbers 30 4 100",
    "ZADD board 10 ann 40 bob 25 cy 32 dee", "SETBIT seen 3 1", "SETBIT seen 130 1", "PFADD visitors a b c d e f g h", "XADD log * temperature 21",
    "XADD log * temperature 22 place roof", "XGROUP CREATE log readers 0", "XREADGROUP GROUP readers eve COUNT 1 STREAMS log >",
    "GEOADD places 13.361389 38.115556 Palermo 15.087269 37.502669 Catania 15.554015 38.193814 Messina", "SET page:home \"hello world\"",
    "SET session:1 ann EX 60", "INCRBY hits 41", "LPUSH board x", "ZRANGE board 0 -1 WITHSCORES", "LRANGE jobs 0 -1",
  ].map((words, at) => [`${3_000 + at}ms`, { command: { target: "sessions/0", words } }]),
);

const between = (store) => ({ partition: { name: "0 | 1, 2", one: [`${store}/0`], other: [`${store}/1`, `${store}/2`] } });
/** Insides that take a setting, a fault or some time: name, design, component, settings, script, seconds to play. */
const PANELS = [
  ["shard-replicas", "users-sharded", "store", { replicas: 2, replication: "majority" }, { "2s": { crash: "store/0" } }, 8],
  ["shard-splits", "users-sharded", "store", { auto_split: true }, {}, 20],
  ["shard-directory", "users-sharded", "store", { scheme: "directory", lookup: "each" }, {}, 4],
  ["two-phase", "users-sharded", "store", { cross_writes: "50%" }, { "2s": { crash: "store/1" } }, 5],
  ["hash-trees", "leaderless", "store", { anti_entropy: "3s" }, { "1s": { crash: "store/2" }, "6s": { restart: "store/2" } }, 12],
  ["cut-sides", "mumbai-delhi", "store", {}, { "2s": between("store") }, 5],
  ["database-cut", "news-site", "stories", {}, { "2s": between("stories") }, 4],
  ["redis-cut", "redis-sentinel", "sessions", {}, { "2s": between("sessions") }, 4],
  ["standby-warm", "standby-race", "warm", {}, { "4s": { crash: "warm/0" } }, 16],
  ["sentinels", "redis-sentinel", "sessions", {}, undefined, 30],
  ["standby-cold", "standby-race", "cold", {}, { "4s": { crash: "cold/0" } }, 340],
  ["heartbeats", "available-database", "orders", { patience: "300ms" },
    { "8s": { delay: { on: { target: "orders/0" }, by: "400ms" } }, "8300ms": { delay: { on: { target: "orders/0" }, by: "0s" } } }, 8.45],
  ["pieces", "divide-combine", "uneven-split", {}, {}, 16],
  ["stale-share", "shared-folder", "copies", {}, undefined, 50],
  ["types", "redis-sentinel", "sessions", {}, TYPED, 8],
];

/** A design whose every call brings two more, for ever: it has to be stopped. */
const runaway = JSON.stringify({
  version: 1,
  design: {
    name: "Run-away",
    components: {
      a: { kind: "service", label: "One", at: [240, 0], settings: { queue: 1000000, work: "0s", hold_worker: false } },
      b: { kind: "service", label: "Other", at: [480, 0], settings: { queue: 1000000, work: "0s", hold_worker: false } },
      c: { kind: "client", label: "People", at: [0, 0], settings: { rate: "5000/s" } },
    },
    wires: {
      "a-b": { from: "a", to: "b", settings: { latency: "0s", retries: 5, timeout: "1ms" } },
      "b-a": { from: "b", to: "a", settings: { latency: "0s", retries: 5, timeout: "1ms" } },
      "c-a": { from: "c", to: "a" },
    },
  },
  seed: 1,
  warmup: "0s",
});

/** The book store with a script of faults that have numbers. */
const scripted = async () => {
  const it = JSON.parse(await readFile(new URL("../../../static/designs/bookstore.json", import.meta.url), "utf8"));
  const fault = (seconds, fault) => ({ at: `${seconds}s`, fault });
  it.design.script = {
    a: fault(4, { gray: { target: "books", share: 0.3, factor: 20 } }),
    b: fault(20, { hot_key: { target: "readers", key: 7, share: 0.5 } }),
    c: fault(26, { loss: { on: { wire: "books-cache" }, share: 0.05 } }),
    d: fault(32, { skew: { target: "database/1", offset: "-10s" } }),
    e: fault(40, { crash: "cache" }),
  };
  return JSON.stringify(it);
};

/** Name, what is done, and whether the page is left as it is for the next one. */
const STATES = [
  ["open", async (page) => wait(page, 2_500)],
  ["cache-killed", async (page) => { await wait(page, 1_000); await button(page, "Kill the cache").click(); await page.locator(".story").waitFor({ timeout: 30_000 }); }, true],
  ["cache-back", async (page) => { await button(page, "Bring the cache back").click(); await wait(page, 4_500); }, true],
  ["cache-answered", async (page) => { await button(page, "Misses").click(); await wait(page, 200); }, true],
  ["replica-cut", async (page) => { await button(page, "Next").click(); await button(page, "Cut replica 2 off").click(); await wait(page, 5_000); }, true],
  ["replica-stale-requests", async (page) => { await select(page, "database"); await tab(page, "Requests"); await wait(page, 1_000); }, true],
  ["replica-healed", async (page) => { await page.keyboard.press("Escape"); await button(page, "Heal the network").click(); await wait(page, 4_500); }, true],
  ["sale", async (page) => { await button(page, "Old values").click(); await button(page, "Next").click(); await button(page, "Make it Black Friday").click(); await wait(page, 5_000); }, true],
  ["sale-over", async (page) => { await button(page, "End the sale").click(); await wait(page, 4_500); }, true],
  ["paused", async (page) => { await page.keyboard.press("Space"); await wait(page, 500); }, true],
  ["scrubbed", async (page) => { await page.getByRole("slider", { name: "Moment" }).press("Home"); for (let n = 0; n < 6; n++) await page.getByRole("slider", { name: "Moment" }).press("ArrowRight"); await wait(page, 800); }, true],
  ["branch", async (page) => { await select(page, "books"); await page.locator(".inspector").getByRole("button", { name: "Kill", exact: true }).first().click(); await page.keyboard.press("Escape"); await page.keyboard.press("Space"); await wait(page, 5_000); }, true],
  ["dots", async (page) => { await wait(page, 1_500); await speed(page, 3); await wait(page, 2_500); }],
  ["dots-slow", async (page) => { await wait(page, 1_500); await speed(page, 1); await wait(page, 3_000); }],
  ...KINDS.flatMap((id) => [
    [`${id}-settings`, async (page) => { await wait(page, 1_200); await select(page, id); await tab(page, "Settings"); await wait(page, 400); }],
    [`${id}-requests`, async (page) => { await tab(page, "Requests"); await wait(page, 900); }, true],
    [`${id}-inside`, async (page) => { await tab(page, "Inside"); await wait(page, 900); }, true],
    [`${id}-about`, async (page) => { await tab(page, "About"); await wait(page, 200); }, true],
  ]),
  ...["gateway", "balancer", "books", "cache", "database"].map((id) => [`${id}-spread`, async (page) => {
    await wait(page, 1_200);
    await select(page, id);
    await tab(page, "Inside");
    await page.locator(".spread").click();
    await wait(page, 900);
  }]),
  ["trace", async (page) => {
    await wait(page, 1_200);
    await select(page, "cache");
    await tab(page, "Inside");
    await page.evaluate(() => {
      const key = (at) => (at % 3000 < 600 ? at % 20_000 : Math.floor(20_000 * ((at * 0.6180339887) % 1) ** 3));
      const data = new DataTransfer();
      data.items.add(new File([Array.from({ length: 60_000 }, (_, at) => key(at)).join("\n")], "reads.txt"));
      document.querySelector(".slate").dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
    });
    await page.getByText("Every request simulated").waitFor({ timeout: 60_000 });
    await wait(page, 600);
  }],
  ["waterfall", async (page) => { await wait(page, 1_500); await select(page, "readers"); await tab(page, "Requests"); await page.locator(".pick").first().click(); await page.locator(".bar").nth(2).waitFor(); await wait(page, 1_500); }],
  ["wire", async (page) => { await wait(page, 1_200); await page.locator("[data-wire=books-cache]").focus(); await page.keyboard.press("Enter"); await wait(page, 600); }],
  ["wire-cut", async (page) => { await page.locator(".inspector").getByRole("button", { name: "Cut", exact: true }).click(); await wait(page, 1_500); }, true],
  ["wire-faults", async (page) => { await unfold(page, page.locator(".inspector .faults summary").first()); }, true],
  ["member-faults", async (page) => { await wait(page, 1_200); await select(page, "database"); await unfold(page, page.locator(".member-list .faults summary").first()); }],
  ["client-faults", async (page) => { await wait(page, 1_200); await select(page, "readers"); await unfold(page, page.locator(".inspector .faults summary").first()); }],
  ["parting", async (page) => { await wait(page, 1_200); await select(page, "database"); await unfold(page, page.locator(".parting summary")); }],
  ...[0, 1, 2, 3, 4].map((index) => [`chart-${index}`, async (page) => {
    await wait(page, index === 0 ? 3_000 : 0);
    if (index === 0) { await button(page, "Kill the cache").click(); await wait(page, 4_000); }
    await page.locator(".which").selectOption({ index });
    await wait(page, 900);
    const box = await page.locator(".chart canvas").boundingBox();
    await page.mouse.move(box.x + box.width * 0.22, box.y + box.height / 2);
    await wait(page, 400);
  }, index > 0]),
  ["designs", async (page) => { await wait(page, 800); await page.locator("#designs-button").click(); await wait(page, 300); }],
  ["empty", async (page) => { await button(page, "New design").click(); await page.getByText("An empty canvas").waitFor(); }, true],
  ...READY.flatMap(([name, id], at) => [
    [`ready-${at}`, async (page) => { await wait(page, 800); await page.locator("#designs-button").click(); await page.getByRole("button", { name }).click(); await wait(page, 5_000); }],
    [`ready-${at}-inside`, async (page) => { await select(page, id); await tab(page, "Inside"); await wait(page, 1_200); }, true],
    [`ready-${at}-spread`, async (page) => { await page.locator(".spread").click(); await wait(page, 900); }, true],
  ]),
  ...PANELS.flatMap(([name, design, id, settings, script, seconds]) => [
    [`${name}-inside`, async (page) => {
      await wait(page, 800);
      await drop(page, `${design}.json`, await changed(design, id, settings, script));
      await page.locator(`[data-node=${id}]`).first().waitFor();
      await select(page, id);
      await tab(page, "Inside");
      // At 10 times, or 100.
      await speed(page, seconds > 60 ? 16 : 13);
      await wait(page, (seconds / (seconds > 60 ? 50 : 8)) * 1_000);
      await page.keyboard.press("Space");
      await wait(page, 600);
    }],
    [`${name}-spread`, async (page) => { await page.locator(".spread").click(); await wait(page, 900); }, true],
  ]),
  // Right after "types-spread": each key as what it is.
  ...["board", "hits", "jobs", "log", "numbers", "page:home", "places", "seen", "tags", "user:1", "visitors"].map((key) => [
    `types-${key.replace(":", "-")}`,
    async (page) => {
      const press = async (id) => {
        await page.locator(`.lens [data-id="${id}"]`).focus();
        await page.keyboard.press("Enter");
        await wait(page, 500);
      };
      if (await page.locator('.lens [data-id="view/data"].strong').count() === 0) await press("view/data");
      const at = await page.evaluate((key) => [...document.querySelectorAll('.lens [data-id^="data/key/"]')].find((it) => it.querySelector("text")?.textContent.startsWith(key))?.dataset.id, key);
      await press(at);
      await page.locator('.lens [data-id="data/value/caption"]').evaluate((it) => it.scrollIntoView({ block: "center" }));
      await wait(page, 300);
    },
    true,
  ]),
  ["slots-move-inside", async (page) => {
    await wait(page, 800);
    await page.locator("#designs-button").click();
    await page.getByRole("button", { name: /^Redis cluster/ }).click();
    await wait(page, 2_000);
    await select(page, "cluster");
    await tab(page, "Settings");
    await page.locator(".inspector").getByLabel("Nodes", { exact: true }).first().fill("4");
    await page.keyboard.press("Tab");
    await tab(page, "Inside");
    await wait(page, 3_000);
    await page.keyboard.press("Space");
    await wait(page, 600);
  }],
  ["slots-move-spread", async (page) => { await page.locator(".spread").click(); await wait(page, 900); }, true],
  ["keys", async (page) => { await wait(page, 800); await page.keyboard.press("?"); await wait(page, 400); }],
  ["several", async (page) => { await wait(page, 800); await page.locator("[data-node=books]").focus(); await page.keyboard.press("Control+a"); await page.locator(".inspector").waitFor(); await wait(page, 300); }],
  ["zone", async (page) => { await wait(page, 1_200); if ((await page.viewportSize()).width < 640) return; const it = await page.locator(".zone").first().boundingBox(); await page.mouse.click(it.x + 40, it.y + 10); await page.locator(".inspector").waitFor(); await wait(page, 300); }],
  ["theory", async (page) => { await wait(page, 1_500); await select(page, "books"); await tab(page, "Theory"); await wait(page, 900); }],
  ["requests-of-wire", async (page) => { await wait(page, 1_200); await page.locator("[data-wire=books-cache]").focus(); await page.keyboard.press("Enter"); await tab(page, "Requests"); await wait(page, 900); }],
  ["until", async (page) => { await wait(page, 1_200); await page.keyboard.press("u"); await wait(page, 400); }],
  ["script", async (page) => { await wait(page, 1_200); await button(page, "Kill the cache").click(); await wait(page, 600); await page.keyboard.press("j"); await page.getByRole("dialog", { name: "Script" }).waitFor(); await wait(page, 300); }],
  ["script-fields", async (page) => { await wait(page, 800); await drop(page, "scripted.json", await scripted()); await wait(page, 1_500); await page.keyboard.press("j"); await page.getByRole("dialog", { name: "Script" }).waitFor(); await wait(page, 300); }],
  ["what-if", async (page) => { await wait(page, 1_500); await page.keyboard.press("b"); await page.locator(".other [data-node=cache]").waitFor(); await wait(page, 1_200); }],
  ["refused", async (page) => { await wait(page, 1_200); await page.locator("[data-node=database]").focus(); await page.keyboard.press("w"); await page.locator("[data-node=readers]").focus(); await page.keyboard.press("Enter"); await wait(page, 400); }],
  ["share", async (page) => { await wait(page, 1_000); await page.locator("#share-button").click(); await page.locator("#share-link").waitFor(); }],
  ["library", async (page) => { await wait(page, 800); await page.locator(".library > button").click(); await wait(page, 300); }],
  ["file-broken", async (page) => { await wait(page, 800); await drop(page, "broken.json", '{"design": {"name": "X",,}}'); await page.locator(".notice").waitFor(); }],
  ["file-notices", async (page) => { await drop(page, "odd.json", '{"version": 1, "design": {"name": "Odd", "components": {"a": {"kind": "quantum"}, "b": {"kind": "service", "settings": {"workers": -3, "color": 1}}}}}'); await wait(page, 600); }, true],
  ["runaway", async (page) => { await wait(page, 800); await drop(page, "runaway.json", runaway); await wait(page, 4_000); }],
  ["worker-died", async (page) => { await wait(page, 1_500); await page.evaluate(() => globalThis.workers[0].dispatchEvent(new ErrorEvent("error", { message: "a test" }))); await page.getByRole("alert").waitFor(); }],
  ["link-broken", async (page) => { await page.goto("about:blank"); await page.goto(`${address}/#d=${deflateRawSync("not json").toString("base64url")}`); await page.locator(".notice").waitFor(); await wait(page, 800); }],
];

/** Whether a state is wanted, or one that goes on from it. */
const isNeeded = (at) => wanted.test(STATES[at][0]) || (STATES[at + 1]?.[2] === true && isNeeded(at + 1));

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"] });
for (const theme of chosen("THEMES", ["light", "dark", "projector"])) {
  for (const size of process.env.SIZES?.split(",") ?? Object.keys(SIZES).slice(0, 3)) {
    const [width, height] = SIZES[size];
    const folder = path.join(out, `${theme}-${size}`);
    await mkdir(folder, { recursive: true });
    const phone = ["phone", "slim"].includes(size) ? { hasTouch: true, isMobile: true } : {};
    let context, page, broken;
    const fresh = async () => {
      await context?.close();
      context = await browser.newContext({ viewport: { width, height }, ...phone });
      await context.addInitScript((theme) => localStorage.setItem("ringside.theme", theme), theme);
      await context.addInitScript(() => {
        const start = globalThis.Worker;
        globalThis.Worker = class extends start {
          constructor(...all) { super(...all); globalThis.workers = [...(globalThis.workers ?? []), this]; }
        };
      });
      page = await context.newPage();
      page.setDefaultTimeout(20_000);
      await page.goto(address);
      await page.locator("#shell").waitFor({ state: "detached", timeout: 60_000 });
      await page.locator(".track").waitFor({ timeout: 60_000 });
      broken = false;
    };
    for (const [at, [name, act, goesOn]] of STATES.entries()) {
      if (!isNeeded(at)) continue;
      if (goesOn && broken) continue;
      try {
        if (!goesOn) await fresh();
        await act(page);
        if (!wanted.test(name)) continue;
        const inspector = page.locator(".inspector");
        const shown = height > 1_000 && (await inspector.count()) ? inspector : page;
        await shown.screenshot({ path: path.join(folder, `${name}.png`) });
      } catch (error) {
        // What cannot be reached at one size (a button behind a sheet) is told, and the rest goes on.
        broken = true;
        console.error(`${theme}-${size}/${name}: ${String(error).split("\n")[0]}`);
      }
    }
    await context?.close();
    console.log(`${folder}: done`);
  }
}
await browser.close();
server.close();
