// Opening the site: it starts, wherever it lies and whatever the theme; where it cannot start, it
// says so.

import assert from "node:assert/strict";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { journey, root, serve } from "./harness.mjs";

journey("the page opens", async ({ page, begin, shot }) => {
  await begin();
  assert.equal(await page.title(), "Ringside");
  assert.ok(await page.locator(".stage").isVisible());
  await shot("open");
});

journey("the worker starts beside the page, from one download", async ({ page, context, begin }) => {
  const fetched = [];
  context.on("request", (request) => fetched.push(path.basename(request.url())));
  const worker = page.waitForEvent("worker");
  await begin();
  assert.match((await worker).url(), /\/worker-[0-9a-f]{16}\.js$/);
  const modules = fetched.filter((name) => name.endsWith(".wasm"));
  assert.equal(modules.filter((name) => name.startsWith("ringside_bg-")).length, 1, fetched.join(" "));
});

journey("the site works below any path", async ({ page, begin }) => {
  const folder = await mkdtemp(path.join(tmpdir(), "ringside-"));
  await cp(path.join(root, "dist"), path.join(folder, "some/path"), { recursive: true });
  await writeFile(path.join(folder, "index.html"), "<!doctype html><title>Elsewhere</title>");
  const server = await serve(folder);
  try {
    await begin("/some/path/", server.address);
    assert.ok(await page.locator(".stage").isVisible());
    await begin("/some/path", server.address);
    assert.equal(new URL(page.url()).pathname, "/some/path/");
  } finally {
    server.stop();
    await rm(folder, { recursive: true });
  }
});

for (const [chosen, colorScheme, expected] of [
  [null, "light", "light"],
  [null, "dark", "dark"],
  ["projector", "dark", "projector"],
  ["nonsense", "light", "light"],
]) {
  journey(`theme ${chosen ?? "not chosen"}, system ${colorScheme}`, { colorScheme }, async ({ page, context, begin }) => {
    if (chosen) await context.addInitScript((theme) => localStorage.setItem("ringside.theme", theme), chosen);
    await begin();
    assert.equal(await page.locator("html").getAttribute("data-theme"), expected);
  });
}

journey("without its WebAssembly the page says what to do", { forgive: [/503/] }, async ({ page, address, shot }) => {
  await page.route("**/*.wasm", (route) => route.fulfill({ status: 503, body: "" }));
  await page.goto(address);
  const alert = page.getByRole("alert");
  await alert.waitFor();
  assert.match(await alert.textContent(), /could not start/);
  await shot("open-failed");
});

journey("a host that does not know WebAssembly files will do", async ({ page, begin }) => {
  await page.route("**/*.wasm", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, headers: { ...response.headers(), "content-type": "application/octet-stream" } });
  });
  await begin();
  assert.ok(await page.locator(".stage").isVisible());
});

const withoutScripts = { javaScriptEnabled: false, forgive: [/\.js csp$/] };

journey("without JavaScript the page says so", withoutScripts, async ({ page, address }) => {
  await page.goto(address);
  assert.match(await page.locator("body").innerText(), /needs JavaScript/);
});
