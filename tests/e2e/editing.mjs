// A design is built and changed while it runs: by mouse, by keyboard alone from an empty canvas, by
// touch on a phone; zones and notes; and all of it is undone and done again.

import assert from "node:assert/strict";
import { journey, until } from "./harness.mjs";

const button = (page, name) => page.getByRole("button", { name, exact: true });
const nodes = (page) => page.locator(".node").count();
const wires = (page) => page.locator("[data-wire]").count();
const is = (read, expected, what) => until(async () => (await read()) === expected || (await read()), what);

/** The middle of an element, on the screen. */
async function middle(page, selector) {
  const box = await page.locator(selector).first().boundingBox();
  return { ...box, x: box.x + box.width / 2, y: box.y + box.height / 2, left: box.x, right: box.x + box.width };
}

/** A drag in steps, and what is seen before the pointer is let go. */
async function drag(page, from, to, meanwhile) {
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move((from.x + to.x) / 2, (from.y + to.y) / 2, { steps: 4 });
  await page.mouse.move(to.x, to.y, { steps: 4 });
  await meanwhile?.();
  await page.mouse.up();
}

/** What the design is, for comparing: nodes with places and names, wires with ends, zones, notes. */
async function picture(page) {
  await page.waitForTimeout(250);
  return page.evaluate(() => {
    const all = (selector, of) => [...document.querySelectorAll(selector)].map(of).sort();
    return JSON.stringify([
      all(".node", (it) => `${it.dataset.node} ${it.style.transform} ${it.querySelector(".node-name").textContent}`),
      all("[data-wire]", (it) => `${it.dataset.wire} ${it.querySelector(".line").getAttribute("d")}`),
      all(".zone", (it) => `${it.getAttribute("style")} ${it.textContent}`),
      all(".note", (it) => `${it.getAttribute("style")} ${it.textContent}`),
    ]);
  });
}

async function ready(page, open) {
  await open();
  await page.locator(".library-button").waitFor();
  await page.locator("[data-node=cart]").waitFor();
}

journey("by mouse: added, wired, refused, led elsewhere, several at once; all undone and done again", async ({ page, open, shot }) => {
  await ready(page, open);
  const start = await picture(page);
  const wiresBefore = await wires(page);

  // From the library onto the canvas.
  await button(page, "Add a component").click();
  await page.getByLabel("Search the library").fill("key value cache");
  await page.locator(".shelves .empty").waitFor();
  await page.getByLabel("Search the library").fill("service");
  await shot("editing-1-library");
  const gateway = await middle(page, "[data-node=gateway]");
  const row = await middle(page, ".shelves li button >> nth=0");
  const free = { x: gateway.x, y: gateway.y + 100 };
  await drag(page, row, free, async () => {
    await page.locator(".ghost").waitFor({ state: "attached" });
    await shot("editing-2-carried");
  });
  await is(() => nodes(page), 13, "one more component");
  const service = await middle(page, "[data-node=service]");
  assert.ok(Math.abs(service.x - free.x) < 12 && Math.abs(service.y - free.y) < 12, "it lies where it was let go");

  // A wire from its handle; what can be connected is marked.
  await page.mouse.move(service.x, service.y);
  await page.locator(".handle").first().waitFor({ state: "attached" });
  const handle = { x: service.right, y: service.y };
  const cache = await middle(page, "[data-node=cache]");
  await drag(page, handle, cache, async () => {
    assert.ok((await page.locator(".ring.can").count()) > 0 && (await page.locator(".ring.cannot").count()) > 0);
    await page.locator(".verdict").filter({ hasText: "Book cache can be connected" }).waitFor();
    await shot("editing-3-wire-allowed");
  });
  await is(() => wires(page), wiresBefore + 1, "one more wire");
  assert.ok(await page.locator("[data-wire=service-cache].sel").count(), "it is selected");

  // What cannot talk is refused, in words, and nothing is drawn.
  await page.keyboard.press("Escape");
  await page.waitForTimeout(300);
  const readers = await middle(page, "[data-node=readers]");
  const again = await middle(page, "[data-node=service]");
  await page.mouse.move(again.x, again.y);
  await drag(page, { x: again.right, y: again.y }, readers, async () => {

    await page.locator(".verdict.refused").filter({ hasText: "Nothing calls Readers" }).waitFor();
    await shot("editing-4-wire-refused");
  });
  await page.locator(".verdict.refused").filter({ hasText: "Nothing calls Readers" }).waitFor();
  assert.equal(await wires(page), wiresBefore + 1);

  // The wire's end is led to the database.
  const wire = page.locator("[data-wire=service-cache] .line");
  const ends = () => wire.evaluate((path) => {
    const at = (share) => {
      const point = path.getPointAtLength(path.getTotalLength() * share).matrixTransform(path.getScreenCTM());
      return { x: point.x, y: point.y };
    };
    return { middle: at(0.12), end: at(1 - 14 / path.getTotalLength() / path.getScreenCTM().a) };
  });
  const { middle: on } = await ends();
  await page.mouse.click(on.x, on.y);
  await page.locator("[data-wire=service-cache].sel").waitFor({ state: "attached" });
  assert.equal(await page.locator(".sketch .end").count(), 2);
  await shot("editing-5-wire-selected");
  // A wire that is chosen is brought into sight with both its ends.
  await page.waitForTimeout(400);
  await drag(page, (await ends()).end, await middle(page, "[data-node=database]"), () => shot("editing-6-led-elsewhere"));
  await page.locator("[data-wire=service-database]").waitFor({ state: "attached" });
  assert.equal(await wires(page), wiresBefore + 1);

  // Escape cancels a drag without trace.
  await page.keyboard.press("Escape");
  const before = await picture(page);
  const now = await middle(page, "[data-node=service]");
  await page.mouse.move(now.x - 40, now.y);
  await page.mouse.down();
  await page.mouse.move(now.x + 60, now.y + 60, { steps: 5 });
  assert.notEqual(await picture(page), before);
  await page.keyboard.press("Escape");
  await page.mouse.up();
  assert.equal(await picture(page), before);

  // Several: a rectangle, moved together with guides, copied, deleted.
  const books = await middle(page, "[data-node=books]");
  const search = await middle(page, "[data-node=search]");
  await drag(page, { x: books.left - 25, y: search.y + 60 }, { x: books.right - 20, y: books.y - 10 }, () => shot("editing-7-marquee"));
  await page.getByRole("heading", { name: /selected/ }).waitFor();
  assert.equal(await page.locator(".node.sel").count(), 2);
  await drag(page, { x: books.x - 60, y: books.y - 12 }, { x: books.x - 60, y: books.y - 92 }, async () => {
    await page.locator(".guide").first().waitFor({ state: "attached" });
    await shot("editing-8-several-with-guides");
  });
  const moved = await middle(page, "[data-node=search]");
  assert.ok(Math.abs(moved.y - search.y + 80) < 12, "both have moved");
  await shot("editing-9-several");
  await page.keyboard.press("Control+d");
  await is(() => nodes(page), 15, "two copies");
  await page.keyboard.press("Delete");
  await is(() => nodes(page), 13, "the copies are gone");

  // A double click names.
  await page.locator("[data-node=cart]").dblclick();
  await page.locator(".naming").fill("Basket");
  await page.keyboard.press("Enter");
  await page.locator(".node-name", { hasText: "Basket" }).waitFor();

  const end = await picture(page);
  let steps = 0;
  for (; await button(page, "Undo").isEnabled(); steps++) await button(page, "Undo").click();
  assert.equal(await picture(page), start, "undone, all of it");
  assert.ok(steps >= 7 && steps <= 9, `${steps} steps`);
  while (await button(page, "Redo").isEnabled()) await button(page, "Redo").click();
  assert.equal(await picture(page), end, "and done again");
});

journey("by keyboard alone, from an empty canvas to a design that runs", async ({ page, open, shot }) => {
  await ready(page, open);
  await page.locator("#designs-button").focus();
  await page.keyboard.press("Enter");
  // The menu takes the keyboard when it has opened.
  await page.locator(".menu .panel:focus").waitFor();
  await button(page, "New design").focus();
  await page.keyboard.press("Enter");
  await is(() => nodes(page), 0, "an empty canvas");

  const add = async (word, count) => {
    await page.keyboard.press("a");
    await page.locator(".shelves input").waitFor();
    await page.waitForFunction(() => document.activeElement?.type === "search");
    await page.keyboard.type(word);
    await page.keyboard.press("Enter");
    await is(() => nodes(page), count, word);
  };
  await add("client", 1);
  await add("load bal", 2);
  await add("service", 3);
  // The list is walked by arrows, too.
  await page.keyboard.press("a");
  await page.waitForFunction(() => document.activeElement?.type === "search");
  await page.keyboard.type("sql");
  await page.keyboard.press("ArrowDown");
  await page.waitForFunction(() => document.activeElement?.querySelector("b")?.textContent === "SQL database");
  await page.keyboard.press("Enter");
  await is(() => nodes(page), 4, "a database");
  await page.keyboard.press("Escape");

  // Tab reaches components; Enter selects; arrows move what is selected.
  const onto = async (id) => {
    for (let step = 0; step < 60; step++) {
      if (await page.evaluate((id) => document.activeElement?.dataset.node === id, id)) return;
      await page.keyboard.press("Tab");
    }
    assert.fail(`Tab does not reach ${id}`);
  };
  await onto("client");
  await page.keyboard.press("Enter");
  const at = await middle(page, "[data-node=client]");
  await page.keyboard.press("Shift+ArrowUp");
  await page.keyboard.press("ArrowUp");
  await page.waitForTimeout(150);
  assert.ok((await middle(page, "[data-node=client]")).y < at.y - 20, "moved by keys");
  await page.keyboard.press("Escape");

  // W aims from where the keyboard is; Tab and arrows choose; the verdict is read out.
  const connect = async (from, to, count) => {
    await onto(from);
    await page.keyboard.press("w");
    for (let step = 0; step < 8; step++) {
      await page.keyboard.press("Tab");
      const told = await page.locator(".verdict").innerText();
      if (told.includes(`${to} can be connected`)) break;
    }
    assert.match(await page.locator("[role=status].hidden").first().innerText(), new RegExp(`${to}: can be connected`));
    await page.keyboard.press("Enter");
    await is(() => wires(page), count, `${from} to ${to}`);
    await page.keyboard.press("Escape");
  };
  await onto("client");
  await page.keyboard.press("w");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await shot("editing-10-aimed-by-keys");
  await page.keyboard.press("Escape");
  assert.equal(await wires(page), 0);
  await connect("client", "Load balancer", 1);
  await connect("load-balancer", "Service", 2);
  await connect("service", "SQL database", 3);

  // Named by F2.
  await onto("service");
  await page.keyboard.press("F2");
  await page.locator(".naming").waitFor();
  await page.keyboard.type("Orders");
  await page.keyboard.press("Enter");
  await page.locator(".node-name", { hasText: "Orders" }).waitFor();
  assert.ok(await page.evaluate(() => document.activeElement?.dataset.node === "service"), "the keyboard is back");

  const figure = page.locator("[data-node=sql-db] .figure b").first();
  await until(async () => Number((await figure.innerText()).replace(/[^\d.]/g, "")) > 5 || (await figure.innerText()), "it runs");
  await page.keyboard.press("f");
  await shot("editing-11-by-keyboard");

  // The sheet, and back.
  await page.keyboard.press("?");
  await page.getByRole("complementary", { name: "Keys and gestures" }).waitFor();
  await shot("editing-12-sheet");
  await page.keyboard.press("Escape");
  await page.locator(".sheet").waitFor({ state: "detached" });
});

journey("a zone: chosen, named, made larger, failing as one and coming back", async ({ page, open, shot }) => {
  await ready(page, open);
  const zone = await page.locator(".zone").first().boundingBox();
  await page.mouse.click(zone.x + zone.width - 30, zone.y + 10);
  await page.locator(".zone-edge.sel").waitFor();
  assert.equal(await page.locator(".sketch .grip").count(), 8);
  await shot("editing-13-zone");

  await page.keyboard.press("F2");
  await page.locator(".naming").fill("Private network");
  await page.keyboard.press("Enter");
  await page.locator(".zone", { hasText: "Private network" }).waitFor();

  await button(page, "Zone outage").click();
  await button(page, "Bring the zone back").waitFor();
  await page.locator("[data-node=books].down").waitFor();
  assert.ok((await page.locator(".node.down").count()) >= 6, "all of it is down");
  await page.waitForTimeout(1_500);
  await shot("editing-14-zone-outage");
  await button(page, "Bring the zone back").click();
  await button(page, "Zone outage").waitFor();
  await is(() => page.locator(".node.down").count(), 0, "all of it is up");
  await button(page, "Cut off").click();
  await button(page, "Heal the network").click();
  await button(page, "Cut off").waitFor();
  // One way only: what lies in it is asked, and its answers do not come out.
  await page.getByRole("combobox", { name: "Which ways", exact: true }).selectOption({ label: "Stops only what goes out" });
  await button(page, "Cut off").click();
  await page.locator(".deeds").getByRole("button", { name: /Network cut one way$/ }).waitFor();
  await is(() => page.getByRole("combobox", { name: "Which ways", exact: true }).isDisabled(), true, "healed first");
  await button(page, "Heal the network").click();
  await button(page, "Cut off").waitFor();

  // Farther away; larger; moved with all that lies in it.
  await page.getByLabel("Distance").fill("3ms");
  await page.getByLabel("Distance").press("Enter");
  const corner = { x: zone.x, y: zone.y + zone.height };
  await drag(page, corner, { x: corner.x - 10, y: corner.y + 40 });
  const larger = await page.locator(".zone").first().boundingBox();
  assert.ok(larger.height > zone.height + 25, `${larger.height} of ${zone.height}`);
  const books = await middle(page, "[data-node=books]");
  const readers = await middle(page, "[data-node=readers]");
  await drag(page, { x: zone.x + zone.width / 2, y: zone.y + 10 }, { x: zone.x + zone.width / 2, y: zone.y + 60 });
  assert.ok((await middle(page, "[data-node=books]")).y > books.y + 30, "what lies in it comes along");
  assert.ok(Math.abs((await middle(page, "[data-node=readers]")).y - readers.y) < 1, "what lies outside stays");
  // Three edits, six faults and what ended them, and the name.
  for (let step = 0; step < 10; step++) await button(page, "Undo").click();
  await page.locator(".zone", { hasText: "VPC" }).waitFor();

  // A zone of one's own, around two; and away again.
  await page.keyboard.press("Escape");
  await page.locator("[data-node=search]").click();
  await page.locator("[data-node=cart]").click({ modifiers: ["Shift"] });
  await button(page, "Put a zone around them").click();
  await page.locator(".naming").fill("Rack 7");
  await page.keyboard.press("Enter");
  await page.locator(".zone", { hasText: "Rack 7" }).waitFor();
  await page.getByRole("group", { name: "Lies in it" }).getByRole("button", { name: "Search" }).waitFor();
  await shot("editing-15-own-zone");
  await page.keyboard.press("Delete");
  await is(() => page.locator(".zone").count(), 1, "one zone again");
  assert.equal(await nodes(page), 12);
});

journey("a note: added, written, moved, deleted", async ({ page, open, shot }) => {
  await ready(page, open);
  await button(page, "Add a component").click();
  await page.getByLabel("Search the library").fill("note");
  await page.keyboard.press("Enter");
  await page.locator(".naming").fill("Black Friday: watch the queue before the store, it grows first.");
  await page.keyboard.press("Enter");
  const note = page.locator(".note");
  await note.filter({ hasText: "Black Friday" }).waitFor();
  await shot("editing-16-note");
  const at = await note.boundingBox();
  await drag(page, { x: at.x + 10, y: at.y + 8 }, { x: at.x + 10, y: at.y + 88 });
  const moved = await note.boundingBox();
  assert.ok(Math.abs(moved.y - at.y - 80) < 12, `${moved.y - at.y}`);
  await page.getByLabel("Text", { exact: true }).fill("Shorter.");
  await page.getByLabel("Text", { exact: true }).blur();
  await note.filter({ hasText: "Shorter." }).waitFor();
  await page.mouse.click(moved.x + 10, moved.y + 8);
  await page.keyboard.press("Delete");
  await is(() => note.count(), 0, "gone");
  await page.keyboard.press("Control+z");
  await note.waitFor();
});

journey("an edit in the past leaves later edits alone unless it is felt", async ({ page, open }) => {
  await ready(page, open);
  const clock = () => page.locator(".clock").innerText();
  await until(async () => (await clock()) > "00:02" || (await clock()), "it has run");
  await page.locator("[data-node=cart]").click();
  await page.getByLabel("Workers", { exact: true }).fill("5");
  await page.getByLabel("Workers", { exact: true }).press("Enter");
  await page.locator(".event.edit").first().waitFor({ state: "attached" });
  await page.waitForTimeout(500);
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  const track = await page.locator(".track").boundingBox();
  await page.mouse.click(track.x + track.width * 0.02, track.y + track.height / 2);
  await page.waitForTimeout(400);
  await page.locator("[data-node=cart]").click();
  await is(() => page.getByLabel("Workers", { exact: true }).inputValue(), "2", "two workers then");
  const cart = await middle(page, "[data-node=cart]");
  await drag(page, { x: cart.x - 40, y: cart.y - 10 }, { x: cart.x - 20, y: cart.y - 10 });
  await button(page, "Latest").click();
  await is(() => page.getByLabel("Workers", { exact: true }).inputValue(), "5", "five workers now");
});

const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
journey("by touch on a phone: added, wired, sorted, undone", phone, async ({ page, open, shot, context }) => {
  await ready(page, open);
  const before = await wires(page);
  await button(page, "Add a component").tap();
  await shot("editing-17-library-phone");
  await page.locator(".shelves button").filter({ hasText: "Cache" }).first().tap();
  await is(() => nodes(page), 13, "one more");

  // Wired from the sheet: tap the button, then what is to be called.
  await button(page, "Close").tap();
  const session = await context.newCDPSession(page);
  const touch = (type, at) =>
    session.send("Input.dispatchTouchEvent", { type, touchPoints: at ? [{ x: at.x, y: at.y }] : [] });
  const swipe = async (by) => {
    const from = { x: 195, y: by < 0 ? 500 : 200 };
    await touch("touchStart", from);
    for (let step = 1; step <= 5; step++) await touch("touchMove", { x: from.x, y: from.y + (by * step) / 5 });
    await touch("touchEnd");
    await page.waitForTimeout(100);
  };
  // As far as it takes for something to be clear of bars and sheets.
  const bring = async (id) => {
    for (let step = 0; step < 8; step++) {
      const { y } = await middle(page, `[data-node=${id}]`);
      if (y > 150 && y < 420) return;
      await swipe(Math.max(-250, Math.min(250, 280 - y)));
    }
    assert.fail(`${id} is not in sight`);
  };
  await bring("cart");
  await page.locator("[data-node=cart]").tap();
  await button(page, "Draw a wire").tap();
  await page.locator(".aiming").waitFor();
  await shot("editing-18-aiming-phone");
  await bring("cache-2");
  await page.locator("[data-node=cache-2]").tap();
  await is(() => wires(page), before + 1, "a wire");
  await shot("editing-19-phone");
  if (await button(page, "Close").isVisible()) await button(page, "Close").tap();

  // A finger that is held lifts a component; let go elsewhere in its row, they change places.
  await bring("books");
  const pan = await middle(page, "[data-node=books]");
  await touch("touchStart", pan);
  await touch("touchMove", { x: pan.x, y: pan.y - 20 });
  await touch("touchMove", { x: pan.x, y: pan.y - 40 });
  await touch("touchEnd");
  const books = await middle(page, "[data-node=books]");
  assert.ok(Math.abs(books.y - pan.y + 40) < 2, "a quick finger pans");
  const search = await middle(page, "[data-node=search]");
  assert.equal(Math.round(books.y), Math.round(search.y), "side by side");
  await touch("touchStart", books);
  await page.waitForTimeout(700);
  await touch("touchMove", { x: (books.x + search.x) / 2, y: books.y - 8 });
  await shot("editing-20-lifted-phone");
  await touch("touchMove", { x: search.x, y: search.y });
  await touch("touchEnd");
  await page.waitForTimeout(300);
  const now = await middle(page, "[data-node=books]");
  assert.ok(Math.abs(now.x - search.x) < 2, `Books is where Search was: ${now.x}, ${search.x}`);
  for (let step = 0; step < 3; step++) await button(page, "Undo").tap();
  await is(() => nodes(page), 12, "undone");
  assert.equal(await wires(page), before);
});

const tablet = { viewport: { width: 1024, height: 768 }, hasTouch: true };
journey("by touch on a tablet: dragged from the library, moved, two fingers zoom", tablet, async ({ page, open, shot, context }) => {
  await ready(page, open);
  const session = await context.newCDPSession(page);
  const touch = (type, ...points) => session.send("Input.dispatchTouchEvent", { type, touchPoints: points.map(({ x, y }, id) => ({ x, y, id })) });
  const cart = await middle(page, "[data-node=cart]");
  await touch("touchStart", cart);
  await touch("touchMove", { x: cart.x, y: cart.y + 10 });
  await touch("touchMove", { x: cart.x, y: cart.y + 20 });
  await touch("touchEnd");
  await page.waitForTimeout(200);
  assert.ok((await middle(page, "[data-node=cart]")).y > cart.y + 5, "a finger moves what it is on");
  await button(page, "Undo").tap();
  if (await button(page, "Close").isVisible()) await button(page, "Close").tap();
  const one = { x: 300, y: 470 };
  const other = { x: 500, y: 470 };
  const width = (await middle(page, "[data-node=cart]")).width;
  await touch("touchStart", one, other);
  await touch("touchMove", { x: 250, y: 470 }, { x: 550, y: 470 });
  await touch("touchMove", { x: 200, y: 470 }, { x: 600, y: 470 });
  await touch("touchEnd");
  await page.waitForTimeout(200);
  const zoomed = (await middle(page, "[data-node=cart]")).width;
  assert.ok(zoomed > width * 1.5, `${zoomed} of ${width}`);
  await shot("editing-21-tablet");
});
