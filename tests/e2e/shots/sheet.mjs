// Puts pictures on one sheet, to compare them: node sheet.mjs OUT.png COLUMNS WIDTH PICTURE…
import path from "node:path";
import { chromium } from "playwright-core";

const [out, columns, width, ...pictures] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
const page = await browser.newPage({ viewport: { width: columns * width, height: 100 } });
await page.goto("file:///");
const images = pictures.map((it) => `<img src="file://${path.resolve(it)}" width="${width}" style="display:block">`).join("");
await page.setContent(`<body style="margin:0;display:grid;grid-template-columns:repeat(${columns},${width}px)">${images}`);
await page.waitForFunction(() => [...document.images].every((it) => it.complete));
await page.screenshot({ path: out, fullPage: true });
await browser.close();
