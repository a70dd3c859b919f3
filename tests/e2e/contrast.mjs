// Contrast of the tokens that are used together, in every theme (WCAG 2.2, 1.4.3 and 1.4.11): text
// 4.5 to 1; marks and wires, which are not read, 3 to 1.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { root } from "./harness.mjs";

const GROUNDS = ["paper", "surface", "sunk", "accent-soft"];
const PAIRS = [
  ...["ink", "ink-2"].flatMap((text) => GROUNDS.map((ground) => [text, ground, 4.5])),
  ...["ink-3", "link", "fail", "warn-ink"].flatMap((text) => ["paper", "surface"].map((ground) => [text, ground, 4.5])),
  ["ink-3", "sunk", 4.5],
  ["paper", "ink", 4.5],
  ["on-warn", "warn", 4.5],
  ...["read", "write", "replicate", "control", "hit", "fail", "stale", "accent", "edge"].flatMap((mark) =>
    ["paper", "surface"].map((ground) => [mark, ground, 3]),
  ),
];

const css = await readFile(path.join(root, "static/app.css"), "utf8");
const block = (selector) => {
  const from = css.indexOf(`\n${selector} {`);
  assert.ok(from >= 0, selector);
  const found = css.slice(from, css.indexOf("\n}", from)).matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})/g);
  return Object.fromEntries([...found].map(([, name, colour]) => [name, colour]));
};
const light = block(":root");
const THEMES = {
  light,
  dark: { ...light, ...block('[data-theme="dark"]') },
  projector: { ...light, ...block('[data-theme="projector"]') },
};

/** Relative luminance, as WCAG defines it. */
function luminance(colour) {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const share = parseInt(colour.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one, other) {
  const [dark, bright] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (bright + 0.05) / (dark + 0.05);
}

test("the measure itself: black on white is 21, white on white 1", () => {
  assert.equal(contrast("#000000", "#ffffff"), 21);
  assert.equal(contrast("#ffffff", "#ffffff"), 1);
});

for (const [theme, tokens] of Object.entries(THEMES)) {
  test(`tokens used together are told apart (${theme})`, () => {
    const weak = PAIRS.flatMap(([mark, ground, least]) => {
      assert.ok(tokens[mark] && tokens[ground], `${mark} on ${ground}`);
      const ratio = contrast(tokens[mark], tokens[ground]);
      return ratio < least ? [`${mark} on ${ground}: ${ratio.toFixed(2)}, at least ${least}`] : [];
    });
    assert.deepEqual(weak, []);
  });
}
