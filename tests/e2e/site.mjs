// The site as files: light enough, relative, compressed, safe against stale caches.

import assert from "node:assert/strict";
import { readFile, readdir, stat } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { root } from "./harness.mjs";

// What the first load may not grow beyond. What makes it grow and can wait belongs into
// `src/app/rooms.rs`, whose module comes later.
const FIRST_LOAD_BYTES_MAX = 300_000;
const FIRST_LOAD_WITH_FONTS_BYTES_MAX = 400_000;

const dist = path.join(root, "dist");
const entries = await readdir(dist, { recursive: true, withFileTypes: true });
const files = entries
  .filter((entry) => entry.isFile())
  .map((entry) => path.relative(dist, path.join(entry.parentPath ?? entry.path, entry.name)));
const contents = files.filter((file) => !/\.(br|gz)$/.test(file));
const read = (file) => readFile(path.join(dist, file));

test("the first load is light", async () => {
  const load = JSON.parse(await read("first-load.json"));
  let total = 0;
  let fonts = 0;
  for (const { path: file, bytes, brotli_bytes } of load.files) {
    const font = file.endsWith(".woff2");
    assert.equal((await stat(path.join(dist, file))).size, bytes, file);
    assert.equal((await stat(path.join(dist, font ? file : `${file}.br`))).size, brotli_bytes, file);
    total += brotli_bytes;
    if (font) fonts += brotli_bytes;
  }
  assert.equal(load.brotli_bytes, total);
  assert.equal(load.brotli_bytes_without_fonts, total - fonts);
  assert.ok(total - fonts <= FIRST_LOAD_BYTES_MAX, `${total - fonts} bytes without fonts`);
  assert.ok(total <= FIRST_LOAD_WITH_FONTS_BYTES_MAX, `${total} bytes with fonts`);
});

test("the first load lists the page, its code and its looks", async () => {
  const load = JSON.parse(await read("first-load.json"));
  const names = load.files.map((file) => file.path.replace(/-[0-9a-f]{16}\./, "."));
  for (const name of ["index.html", "ringside.js", "ringside_bg.wasm", "opening.bin", "worker.js", "app.css", "fonts.css"]) {
    assert.ok(names.includes(name), name);
  }
});

test("every file has compressed siblings with the same contents", async () => {
  for (const file of contents.filter((file) => !file.endsWith(".woff2"))) {
    const bytes = await read(file);
    assert.ok(brotliDecompressSync(await read(`${file}.br`)).equals(bytes), `${file}.br`);
    assert.ok(gunzipSync(await read(`${file}.gz`)).equals(bytes), `${file}.gz`);
  }
});

test("every address is relative", async () => {
  const own = contents.filter((file) => /\.(html|css|js|webmanifest|json)$/.test(file));
  for (const file of own) {
    const text = (await read(file)).toString();
    const absolute = /(?:href|src|content)="(?:\/|https?:)[^"]*"|url\(["']?(?:\/|https?:)|from ["']\/|import\(["']\/|"(?:src|start_url|scope)": "(?:\/|https?:)/;
    assert.equal(absolute.exec(text)?.[0], undefined, file);
  }
});

test("whatever may be cached for ever is named after its contents", () => {
  const fixed = contents.filter((file) => !/-[0-9a-f]{16}\.\w+$/.test(file));
  const known = /^(index\.html|404\.html|proof\.html|manifest\.webmanifest|first-load\.json|robots\.txt|service-worker\.js|.*\.txt)$/;
  assert.deepEqual(fixed.filter((file) => !known.test(file)), []);
});
