// Colours that are used together, and the measure of how well they are told apart (WCAG 2.2, 1.4.3 and
// 1.4.11): text 4.5 to 1; marks and wires, which are not read, 3 to 1.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { root } from "./harness.mjs";

export const TEXT = 4.5;
const GROUNDS = ["paper", "surface", "sunk", "accent-soft"];
/** Tokens used together: what is read or seen, on what, and the least contrast. */
export const PAIRS = [
  ...["ink", "ink-2"].flatMap((text) => GROUNDS.map((ground) => [text, ground, TEXT])),
  ...["ink-3", "link", "fail", "warn-ink"].flatMap((text) => ["paper", "surface"].map((ground) => [text, ground, TEXT])),
  ["ink-3", "sunk", TEXT],
  ["accent", "accent-soft", TEXT],
  ...["paper", "surface"].flatMap((ground) => [["stale", ground, TEXT], [ground, "ink", TEXT]]),
  ["paper", "ink-2", TEXT], // A main button under the pointer.
  ["hit", "surface", TEXT],
  ["on-warn", "warn", TEXT],
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
/** Tokens by theme. */
export const THEMES = {
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

export function contrast(one, other) {
  const [dark, bright] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (bright + 0.05) / (dark + 0.05);
}

/** Rules of a style sheet: selector, and its declarations by name. */
export function rules(css) {
  const found = css.replace(/\/\*.*?\*\//gs, "").matchAll(/([^{};]+)\{([^{}]*)\}/g);
  return [...found].map(([, selector, body]) => {
    const parts = body.split(";").map((it) => it.split(/:(.*)/s)).filter((it) => it.length > 1);
    return [selector.trim(), Object.fromEntries(parts.map(([name, value]) => [name.trim(), value.trim()]))];
  });
}

/**
 * Every text that is in sight, in the colours it has by all that lies around and below it: `text` and
 * `ground` as they are painted, `own` the colour before anything is seen through it, `plain` whether
 * nothing is. What cannot be used is left out (1.4.3).
 */
export function texts(page) {
  return page.evaluate(() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync("* { pointer-events: auto !important; }");
    document.adoptedStyleSheets.push(sheet);
    /** Red, green, blue to 255 and opacity. */
    const rgba = (text) => {
      const [r, g, b, a = 1] = (text.match(/[\d.e-]+/g) ?? [0, 0, 0, 0]).map(Number);
      const scale = text.startsWith("color(") ? 255 : 1;
      return [r * scale, g * scale, b * scale, a];
    };
    const over = ([r, g, b, a], [x, y, z]) => [r * a + x * (1 - a), g * a + y * (1 - a), b * a + z * (1 - a), 1];
    const hex = (colour) => `#${colour.slice(0, 3).map((it) => Math.round(it).toString(16).padStart(2, "0")).join("")}`;
    const through = (it) => {
      let opacity = 1;
      for (; it; it = it.parentElement) opacity *= Number(getComputedStyle(it).opacity);
      return opacity;
    };
    /** What an element paints all over. */
    const paint = (it) => {
      const style = getComputedStyle(it);
      const drawn = it instanceof SVGElement;
      if (drawn && (!(it instanceof SVGGeometryElement) || style.fill === "none" || style.fill.startsWith("url"))) return [0, 0, 0, 0];
      const colour = rgba(drawn ? style.fill : style.backgroundColor);
      return [...colour.slice(0, 3), colour[3] * (drawn ? Number(style.fillOpacity) : 1) * through(it)];
    };
    const found = new Map();
    const see = (element, rect, words) => {
      const [x, y] = [rect.left + Math.min(rect.width / 2, 12), rect.top + rect.height / 2];
      if (rect.width < 2 || rect.height < 2 || x < 0 || y < 0 || x >= innerWidth || y >= innerHeight) return;
      const stack = document.elementsFromPoint(x, y);
      const at = stack.indexOf(element);
      // Cut off, or behind something.
      if (at < 0 || stack.slice(0, at).some((it) => !element.contains(it) && paint(it)[3] > 0.5)) return;
      if (element.closest(":disabled, [aria-disabled=true]") || element.querySelector(":scope > :disabled")) return;
      const layers = [];
      for (const it of stack.slice(at)) {
        const layer = paint(it);
        if (layer[3] > 0) layers.push(layer);
        if (layer[3] === 1) break;
      }
      const ground = layers.reduceRight((below, it) => over(it, below), [255, 255, 255, 1]);
      const style = getComputedStyle(element);
      const drawn = element instanceof SVGElement;
      const own = rgba(drawn ? style.fill : style.color);
      const opacity = own[3] * (drawn ? Number(style.fillOpacity) : 1) * through(element);
      const text = over([...own.slice(0, 3), opacity], ground);
      const of = { text: hex(text), ground: hex(ground), own: hex(own), plain: opacity === 1 && layers.length === 1 };
      const key = Object.values(of).join();
      const where = `${element.closest("[class]")?.getAttribute("class") ?? element.localName}: ${words.trim().slice(0, 40)}`;
      if (!found.has(key)) found.set(key, { ...of, where });
    };
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const range = document.createRange();
    while (walker.nextNode()) {
      const node = walker.currentNode;
      const element = node.parentElement;
      if (node.data.trim() === "" || !element.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
      range.selectNodeContents(node);
      const rect = range.getClientRects()[0];
      if (rect) see(element, rect, node.data);
    }
    for (const it of document.querySelectorAll("input:not([type=checkbox]), select, textarea")) {
      if (it.checkVisibility({ visibilityProperty: true, opacityProperty: true })) see(it, it.getBoundingClientRect(), it.value);
    }
    document.adoptedStyleSheets.pop();
    return [...found.values()];
  });
}

/** What of it cannot be read well, and what is painted in colours that are not judged together. */
export function faint(theme, all) {
  const tokens = THEMES[theme];
  const names = (colour) => Object.keys(tokens).filter((it) => tokens[it] === colour);
  const judged = (one, other) => PAIRS.some(([text, ground, least]) => least >= TEXT && one.includes(text) && other.includes(ground));
  return all.flatMap(({ text, ground, own, plain, where }) => {
    const ratio = contrast(text, ground);
    if (ratio < TEXT) return [`${ratio.toFixed(2)}: ${text} on ${ground} (${where})`];
    const [one, other] = [names(own), names(ground)];
    if (one.length === 0) return [`${own} is no token (${where})`];
    return plain && !judged(one, other) ? [`not in PAIRS: ${one} on ${other.length ? other : ground} (${where})`] : [];
  });
}
