// Contrast of the tokens that are used together, in every theme, and that no other ones are: by the style
// sheets as they stand. What is painted where is measured in access.mjs, opacity included.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { root } from "./harness.mjs";
import { PAIRS, TEXT, THEMES, contrast, rules } from "./pairs.mjs";

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

const token = (value) => /^var\(--([\w-]+)\)$/.exec(value ?? "")?.[1];
const isPair = (text, ground) => PAIRS.some((it) => it[0] === text && it[1] === ground && it[2] >= TEXT);

for (const sheet of ["app.css", "rooms.css"]) {
  test(`what is written in ${sheet} is in colours that are judged`, async () => {
    const all = rules(await readFile(path.join(root, "static", sheet), "utf8"));
    assert.ok(all.length > 50);
    const unknown = all.flatMap(([selector, it]) => {
      const [colour, ground] = [it.color, it.background ?? it["background-color"]];
      if (colour === undefined || ["inherit", "currentColor", "transparent"].includes(colour)) return [];
      const text = token(colour);
      if (!text) return [`${selector}: ${colour} is no token`];
      const on = token(ground);
      // Where the ground is another rule's, it is one of those below everything.
      const known = on ? isPair(text, on) : ["paper", "surface", "ink", "warn"].some((it) => isPair(text, it));
      return known ? [] : [`${selector}: ${text} on ${on ?? "anything"}`];
    });
    assert.deepEqual(unknown, []);
  });
}
