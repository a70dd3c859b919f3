// Usable by everybody: in every state, theme and size axe-core finds nothing, and every text that is in
// sight can be read, in colours that are judged together (pairs.mjs).

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { drop, journey, knowWorkers } from "./harness.mjs";
import { faint, texts } from "./pairs.mjs";

const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** What another theme can change; everything else is the same in all of them. */
const LOOKS = ["color-contrast", "link-in-text-block", "scrollable-region-focusable"];

/** What axe-core finds in the page as it is, by all its rules or by some. */
async function findings(page, rules) {
  // Evaluated by the debugger, which the page's content policy does not concern.
  if (!(await page.evaluate(() => "axe" in globalThis))) {
    const { readFile } = await import("node:fs/promises");
    await page.evaluate(await readFile(axe, "utf8"));
  }
  const options = rules ? { runOnly: { type: "rule", values: rules } } : {};
  const { violations } = await page.evaluate((options) => globalThis.axe.run(document, options), options);
  return violations.flatMap((it) => it.nodes.map((node) => `${it.id}: ${node.target} ${node.failureSummary?.split("\n")[1]?.trim()}`));
}

const SIZES = { wide: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };

const button = (page, name) => page.getByRole("button", { name, exact: true });
const escape = (page) => page.keyboard.press("Escape");
const choose = async (page, what) => {
  await page.locator(what).focus();
  await page.keyboard.press("Enter");
  await page.locator(".inspector").waitFor();
};
const tab = (page, name) => page.getByRole("tab", { name, exact: true }).click();

/** What is looked at, one after the other: a name, and how it is reached from the one before. */
const STATES = {
  bars: [
    ["open", (page) => page.waitForTimeout(1_000)],
    ["designs", (page) => page.locator("#designs-button").click()],
    ["share", async (page) => {
      await escape(page);
      await page.locator("#share-button").click();
      await page.locator("#share-link").waitFor();
    }],
    ["library", async (page) => {
      await escape(page);
      await button(page, "Add a component").click();
      await page.locator(".shelves").waitFor();
    }],
    ["keys", async (page) => {
      await escape(page);
      await page.locator("[data-node=cache]").focus();
      await page.keyboard.press("?");
      await page.locator(".sheet").waitFor();
    }],
    ["until", async (page) => {
      await escape(page);
      await page.keyboard.press("u");
      await page.getByRole("dialog").waitFor();
    }],
    ["killed", async (page) => {
      await escape(page);
      await button(page, "Kill the cache").click();
      await page.locator(".story p").waitFor({ timeout: 60_000 });
      await page.locator(".node.down").waitFor();
    }],
    ["script", async (page) => {
      await page.keyboard.press("j");
      await page.getByRole("dialog", { name: "Script" }).waitFor();
    }],
    ["question", async (page) => {
      await escape(page);
      await button(page, "Bring the cache back").click();
      await page.locator(".question").waitFor({ timeout: 60_000 });
    }],
    ["notice", async (page) => {
      await drop(page, "broken.json", "{,}");
      await page.locator(".notice").waitFor();
    }],
    ["banner", async (page) => {
      await page.evaluate(() => globalThis.workers[0].dispatchEvent(new ErrorEvent("error", { message: "a test" })));
      await page.locator(".banner:not(.notice)").waitFor();
    }],
    ["empty", async (page) => {
      await page.locator("#designs-button").click();
      await button(page, "New design").click();
      await page.getByText("An empty canvas").waitFor();
    }],
  ],
  panels: [
    ["inspector", (page) => choose(page, "[data-node=cache]")],
    ["inside", async (page) => {
      await tab(page, "Inside");
      await page.locator(".lens svg").waitFor();
    }],
    ["spread", (page) => page.locator(".spread").click()],
    ["about", async (page) => {
      await page.locator(".spread").click();
      await tab(page, "About");
    }],
    ["theory", async (page) => {
      await escape(page);
      await choose(page, "[data-node=books]");
      await tab(page, "Theory");
      await page.locator(".theory").waitFor();
    }],
    ["waterfall", async (page) => {
      await escape(page);
      await choose(page, "[data-node=readers]");
      await tab(page, "Requests");
      await page.locator(".pick").first().click();
      await page.locator(".bar").nth(2).waitFor();
    }],
    ["moment", async (page) => {
      await escape(page);
      await escape(page);
      await button(page, "Pause").click();
      await page.locator(".of-moment").click();
      await page.locator(".pick").first().waitFor();
    }],
    ["wire", async (page) => {
      await escape(page);
      await choose(page, "[data-wire=books-cache]");
      await tab(page, "Settings");
      await page.locator(".inspector").getByRole("button", { name: "Cut", exact: true }).click();
    }],
    ["faults", (page) => page.locator(".inspector .faults summary").first().click()],
    ["several", async (page) => {
      await escape(page);
      await escape(page);
      await page.locator("[data-node=books]").focus();
      await page.keyboard.press("Control+a");
      await page.locator(".inspector").waitFor();
    }],
    ["zone", async (page) => {
      await escape(page);
      if (page.viewportSize().width < 641) return;
      const it = await page.locator(".zone").first().boundingBox();
      await page.mouse.click(it.x + 40, it.y + 10);
      await page.locator(".inspector").waitFor();
    }],
    ["what-if", async (page) => {
      await escape(page);
      await page.locator("[data-node=books]").focus();
      await page.keyboard.press("b");
      await page.locator(".other [data-node=cache]").waitFor();
    }],
  ],
};

for (const theme of ["light", "dark", "projector"]) {
  for (const [size, viewport] of Object.entries(SIZES)) {
    // Dark is laid out as light is: its colours are seen on the wide page.
    if (theme === "dark" && size === "phone") continue;
    for (const [part, states] of Object.entries(STATES)) {
      journey(`axe-core finds nothing, and all can be read (${part}, ${theme}, ${size})`, { viewport }, async ({ page, context, open, shot }) => {
        await context.addInitScript((theme) => localStorage.setItem("ringside.theme", theme), theme);
        await knowWorkers(page);
        await open();
        const found = {};
        for (const [state, act] of states) {
          await act(page).catch((error) => assert.fail(`${state}: ${error.message}`));
          await page.waitForTimeout(400);
          await shot(`access-${state}-${theme}-${size}`);
          const seen = await texts(page);
          assert.ok(seen.length > 0, `${state}: there is something to read`);
          const list = [...(await findings(page, theme === "light" ? undefined : LOOKS)), ...faint(theme, seen)];
          if (list.length > 0) found[state] = list;
        }
        assert.deepEqual(found, {});
      });
    }
  }
}

journey("the measure of what is read: what is faint is found, and what is painted in other colours", async ({ page, open }) => {
  await open();
  await page.locator("[data-node=books] .node-name").evaluate((it) => (it.style.opacity = 0.4));
  await page.locator("[data-node=cart] .node-name").evaluate((it) => (it.style.color = "var(--read)"));
  await page.locator("[data-node=search] .node-name").evaluate((it) => (it.style.color = "#123456"));
  const all = faint("light", await texts(page));
  for (const what of [/^\d\.\d\d: .*Books/, /^not in PAIRS: read on .*Cart/, /#123456 is no token .*Search/]) {
    assert.ok(all.some((it) => what.test(it)), `${what}: ${all.join("\n")}`);
  }
});

journey("usable at 200 % zoom", { viewport: { width: 720, height: 450 } }, async ({ page, open, shot }) => {
  await open();
  /** What is to be used lies within the window, or can be scrolled to in a panel that does. */
  const within = async (what) => {
    const it = await page.locator(what).first().boundingBox();
    assert.ok(it && it.x >= 0 && it.y >= 0 && it.y + it.height <= 451 && it.x + it.width <= 721, `${what}: ${JSON.stringify(it)}`);
  };
  /** Nothing is wider than the window. */
  const narrow = async (state) => {
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= 720, `${state}: ${wide} px wide`);
    await shot(`access-zoomed-${state}`);
  };
  await page.locator("#designs-button").click();
  await within(".panel");
  await page.keyboard.press("Escape");
  assert.ok(await button(page, "Pause").isVisible());
  await narrow("open");
  await button(page, "Add a component").click();
  await within(".shelves");
  const last = page.locator(".shelves button").last();
  await last.scrollIntoViewIfNeeded();
  assert.ok(await last.isVisible());
  await narrow("library");
  await page.keyboard.press("Escape");
  // The chart is drawn, and all of its head can be reached.
  await within(".chart canvas");
  assert.ok((await page.locator(".chart canvas").boundingBox()).height >= 40);
  for (const what of [".which", ".percentile.p99", ".of-moment"]) {
    await page.locator(what).scrollIntoViewIfNeeded();
    await within(what);
  }
  await narrow("chart");
  await choose(page, "[data-node=cache]");
  await within(".inspector");
  for (const name of ["Settings", "Inside", "Requests", "About"]) {
    const it = page.getByRole("tab", { name, exact: true });
    await it.scrollIntoViewIfNeeded();
    await it.click();
    await within(".inspector [role=tab][aria-selected=true]");
    await narrow(`inspector-${name.toLowerCase()}`);
  }
  await tab(page, "Settings");
  const field = page.locator(".inspector .tab-body input").last();
  await field.scrollIntoViewIfNeeded();
  await field.focus();
  const it = await field.boundingBox();
  assert.ok(it.y >= 0 && it.y + it.height <= 450, JSON.stringify(it));
});
