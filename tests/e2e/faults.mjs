// Faults by their amounts, partitions of any component's members, restarts of what runs, and marks of the
// timeline in slow motion.

import assert from "node:assert/strict";
import { becomes, figure, journey, until } from "./harness.mjs";

const button = (page, name) => page.getByRole("button", { name, exact: true });
const inspector = (page) => page.locator(".inspector");
const clock = (page) => page.locator(".clock").innerText();
const mark = (page, words) => page.locator(".deeds").getByRole("button", { name: words });
const seconds = (text) => {
  const [minutes, rest] = text.replace(/[^\d:.]/g, "").split(":");
  return Number(minutes) * 60 + Number(rest);
};
const type = async (field, text) => {
  await field.fill(text);
  await field.press("Enter");
};

journey("how much goes wrong is typed: before it does, and while it does", async ({ page, open, shot }) => {
  await open();
  await page.locator("[data-wire=gateway-balancer]").focus();
  await page.keyboard.press("Enter");
  await inspector(page).locator(".doing summary").click();
  const by = inspector(page).getByLabel("Delay messages: by");
  const delay = inspector(page).getByRole("button", { name: /Delay messages$/ });
  assert.equal(await by.inputValue(), "100 ms");
  // What is none is said, with what is allowed, and what held stays.
  await type(by, "lots");
  await inspector(page).getByRole("alert").getByText(/^by: a duration from 0 s to 3\s600 s/).waitFor();
  assert.equal(await by.inputValue(), "100 ms");
  await type(by, "400ms");
  await until(async () => (await by.inputValue()) === "400 ms" || (await by.inputValue()), "as people write it");
  assert.equal(await inspector(page).getByRole("alert").isVisible(), false, "and it is over");
  assert.equal(await mark(page, /Network trouble/).count(), 0, "nothing has happened yet");
  await becomes(page, "readers", 1, (it) => it > 0 && it < 300, "the usual");
  await shot("amounts-1-menu");
  await delay.click();
  // 400 ms there, 400 ms back.
  await becomes(page, "readers", 1, (it) => it >= 800, "late by twice as much");
  // Another number, while it is in force.
  await type(by, "30");
  await becomes(page, "readers", 1, (it) => it < 400, "less late");
  assert.equal(await by.inputValue(), "30 ms");
  assert.equal(await delay.getAttribute("aria-pressed"), "true");
  await delay.click();
  await until(async () => (await delay.getAttribute("aria-pressed")) === "false", "taken back");
});

journey("one member is slowed, and restarted; a component that runs is restarted", async ({ page, open, shot }) => {
  await open();
  await page.locator("[data-node=books]").click();
  const rows = inspector(page).locator(".member-list li");
  const row = rows.nth(1);
  // Those who hear them tell the rows apart; what is folded is not there.
  assert.equal(await rows.nth(0).locator(".fault").count(), 0);
  assert.equal(await row.locator("summary").getAttribute("aria-label"), "More faults, instance 2");
  await row.locator("summary").click();
  await type(row.getByLabel("Slow, instance 2: times"), "40");
  await button(row, "Slow, instance 2").click();
  await mark(page, /slowed 40 times$/).waitFor();
  await until(async () => (await row.locator("span.slow").count()) === 1, "only this one is slow");
  assert.equal(await rows.locator("span.slow").count(), 1);
  // It stays open: the number is changed, and taken back.
  await shot("amounts-2-member");
  await button(row, "Slow, instance 2").click();
  await until(async () => (await rows.locator("span.slow").count()) === 0, "at full speed");
  await button(row, "Restart, instance 2").click();
  await mark(page, /Books, .*restarted$/).waitFor();
  // A cache that is restarted begins empty.
  await page.locator("[data-node=cache]").click();
  await until(async () => (await figure(page, "cache", 1)) > 1_000 || (await figure(page, "cache", 1)), "it holds much", 40_000);
  const keys = await figure(page, "cache", 1);
  await button(inspector(page), "Restart").click();
  await becomes(page, "cache", 1, (it) => it < keys / 2, "much less");
});

journey("an amount in the script", async ({ page, open, shot }) => {
  await open();
  await until(async () => (await clock(page)) > "00:01" || (await clock(page)), "time runs");
  await page.keyboard.press("j");
  const form = page.getByRole("dialog", { name: "Script" });
  await form.getByLabel("Put what I do next in, at").fill("300");
  await button(form, "Choose faults").click();
  await page.locator("[data-node=readers]").click();
  await inspector(page).locator(".doing summary").click();
  await type(inspector(page).getByLabel("More traffic: times"), "3");
  await inspector(page).getByRole("button", { name: /More traffic$/ }).click();
  await page.locator(".until-state").getByText("goes into the script").waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("j");
  const times = form.getByLabel(/^Readers × 3: times$/);
  assert.equal(await times.inputValue(), "3");
  await times.fill("99999");
  await times.press("Tab");
  await form.getByRole("alert").getByText(/^times: a number from 0 to 10/).waitFor();
  await type(times, "2.5");
  await form.getByLabel(/^Readers × 2.5: times$/).waitFor();
  await shot("amounts-3-script");
  // Words and fields stand clear of each other.
  const words = await form.locator(".script-rows li > :nth-child(2)").boundingBox();
  const field = await form.getByLabel(/^Readers × 2.5: times$/).boundingBox();
  assert.ok(words.y + words.height <= field.y && words.width > 100, JSON.stringify([words, field]));
});

journey("members of a database are parted, both ways and one way, and healed", async ({ page, open, shot }) => {
  await open();
  await page.locator("[data-node=database]").click();
  await inspector(page).getByText("Cut the network…").click();
  const sides = inspector(page).getByRole("group", { name: "Cut the network" });
  const cut = button(sides, "Cut");
  assert.ok(await cut.isDisabled(), "nobody is on the other side");
  const replica = sides.locator(".parties button").nth(2);
  const name = await replica.innerText();
  await replica.click();
  await shot("parting-1-sides");
  const room = await inspector(page).evaluate((it) => [...it.querySelectorAll(".sides button, .sides select, .sides p")].map((part) => part.getBoundingClientRect().right - it.getBoundingClientRect().right));
  assert.ok(room.every((it) => it < 0), `nothing sticks out: ${room}`);
  await cut.click();
  await sides.getByText(new RegExp(`^Cut: .*\\| ${name}$`)).waitFor();
  await mark(page, /Network cut$/).waitFor();
  await until(async () => (await inspector(page).locator(".member-list li").nth(2).locator("span.apart").count()) === 1, "it is apart");
  await shot("parting-2-cut");
  await button(sides, "Heal").click();
  await mark(page, /Network mended$/).waitFor();
  await until(async () => (await inspector(page).locator("span.apart").count()) === 0, "together again");
  // One way: it hears nothing, and is heard.
  await replica.click();
  await sides.getByRole("combobox", { name: "Which ways", exact: true }).selectOption({ label: "Stops only what goes to them" });
  await cut.click();
  await mark(page, /Network cut one way$/).waitFor();
  await button(sides, "Heal").click();
  await until(async () => (await sides.locator(".cuts").innerText()) === "", "healed");
  // While a moment is set for the script, what holds then is said, and healed then.
  await page.keyboard.press("j");
  const form = page.getByRole("dialog", { name: "Script" });
  await form.getByLabel("Put what I do next in, at").fill("300");
  await button(form, "Choose faults").click();
  await replica.click();
  await cut.click();
  await sides.getByText(new RegExp(`^Cut: .*\\| ${name}$`)).waitFor();
  assert.equal(await inspector(page).locator("span.apart").count(), 0, "not yet");
  await button(sides, "Heal").click();
  await until(async () => (await sides.locator(".cuts").innerText()) === "", "to be healed");
  await page.locator(".script > button .num").getByText("2", { exact: true }).waitFor();
});

journey("a mark of the timeline in slow motion, by pointer and by key", async ({ page, open, shot }) => {
  await open();
  await until(async () => (await clock(page)) > "00:02" || (await clock(page)), "time runs");
  await button(page, "Kill the cache").click();
  const crash = mark(page, /Book cache killed$/);
  await crash.waitFor();
  const at = seconds((await crash.getAttribute("aria-label")).split(" ")[0]);
  assert.match(await crash.getAttribute("title"), /with Shift: see it in slow motion/);
  const later = async () => seconds(await clock(page)) > at + 3 || (await clock(page));
  for (const way of ["pointer", "key"]) {
    if ((await button(page, "Play").count()) > 0) await button(page, "Play").click();
    await until(later, "time goes on", 40_000);
    if (way === "pointer") await crash.click({ modifiers: ["Shift"] });
    else {
      await crash.focus();
      await page.keyboard.press("Shift+Enter");
    }
    // From a little before to a little after, and there it stops.
    await until(async () => Math.abs(seconds(await clock(page)) - at) < 0.6 || (await clock(page)), `${way}: there`);
    await button(page, "Pause").waitFor();
    await button(page, "Play").waitFor({ timeout: 30_000 });
    const stopped = seconds(await clock(page));
    assert.ok(stopped >= at - 0.06 && stopped < at + 1, `${way}: stopped at ${stopped}, after ${at}`);
    await shot(`slowly-${way}`);
    await button(page, "Latest").click();
  }
  // Without Shift it goes there, and stands.
  await crash.click();
  await until(async () => Math.abs(seconds(await clock(page)) - at) < 0.06 || (await clock(page)), "there");
  await button(page, "Play").waitFor();
});

journey("a run stops at a call over a wire that fails, and at what is done to it", async ({ page, open, shot }) => {
  await open();
  await until(async () => (await clock(page)) > "00:01" || (await clock(page)), "time runs");
  await button(page, "Kill the cache").click();
  await page.keyboard.press("u");
  const form = page.getByRole("dialog", { name: "Run until" });
  const kind = form.getByRole("combobox", { name: "Run until" });
  await kind.selectOption({ label: "a call over a wire is tried again" });
  await kind.selectOption({ label: "a call over a wire fails" });
  await form.getByLabel("Where").selectOption({ label: "Books → Book cache" });
  await form.getByLabel("How").selectOption({ label: "refused" });
  await shot("until-call-1-form");
  await button(form, "Run").click();
  await page.locator(".until-state").getByText(/Stopped at .* a call from Books → Book cache fails \(refused\)/).waitFor({ timeout: 30_000 });
  await shot("until-call-2-stopped");
  // One member alone is in no imbalance.
  await page.keyboard.press("u");
  await kind.selectOption({ label: "a figure passes a value" });
  const figures = form.getByRole("combobox", { name: "Figure" });
  for (const [where, offered] of [["Book cache", 0], ["Books", 1]]) {
    await form.getByLabel("Where").selectOption({ label: where });
    const count = () => figures.locator("option", { hasText: "imbalance" }).count();
    await until(async () => (await count()) === offered || (await count()), where);
    assert.equal(await figures.locator("option", { hasText: "goodput" }).count(), 1, where);
  }
  // What the script does counts as well: the primary dies at 20 s.
  await page.keyboard.press("Escape");
  await page.locator("#designs-button").click();
  await page.getByRole("button", { name: /^Bank transfer/ }).click();
  await page.locator("[data-node=accounts]").waitFor();
  await page.keyboard.press("u");
  await kind.selectOption({ label: "a fault or an edit comes" });
  await button(form, "Run").click();
  await page.locator(".until-state").getByText(/Stopped at 00:20\.000, event .*: a fault or an edit comes/).waitFor({ timeout: 60_000 });
});

journey("one event back, on, and again from the start, on a phone", { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }, async ({ page, open, shot }) => {
  await open();
  await until(async () => (await clock(page)) > "00:01" || (await clock(page)), "time runs");
  for (const name of ["Back one event", "Step", "Restart"]) {
    const box = await button(page, name).boundingBox();
    assert.ok(box && box.x >= 0 && box.x + box.width <= 390 && box.y + box.height <= 844 && box.width >= 24, `${name}: ${JSON.stringify(box)}`);
  }
  await shot("phone-steps");
  await button(page, "Step").tap();
  await button(page, "Play").waitFor();
  // Several, since the clock does not tell two events of one millisecond apart.
  for (let step = 0; step < 8; step += 1) await button(page, "Step").tap();
  const now = await clock(page);
  for (let step = 0; step < 30; step += 1) await button(page, "Back one event").tap();
  await until(async () => (await clock(page)) < now || (await clock(page)), "earlier");
  await button(page, "Restart").tap();
  await until(async () => (await clock(page)) < "00:01" || (await clock(page)), "from the start");
});
