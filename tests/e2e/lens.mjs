// What journeys through a lens have in common: its marks, found by id, pressed, dragged, stepped.

export const number = (text) => Number(text.replace(/[^\d.]/g, ""));
export const mark = (id) => `.lens [data-id="${id}"]`;

/** The words of a mark of the lens; it is drawn anew all the time, so it is read in one go. */
export const words = (page, id) =>
  page.evaluate((selector) => document.querySelector(selector)?.querySelector("text")?.textContent ?? "", mark(id));

/** All lines of words that wrap. */
export const lines = (page, id) =>
  page.evaluate((id) => {
    const all = [...document.querySelectorAll(`.lens [data-id^="${id}/"] text`)];
    return all.map((it) => it.textContent).join(" ");
  }, id);

/** What the picture says of itself. */
export const told = (page) => page.evaluate(() => document.querySelector(".lens svg desc").textContent);

/** Where a mark is on screen, once it has been scrolled to. */
export async function place(page, id) {
  await page.waitForFunction((selector) => document.querySelector(selector), mark(id));
  return page.evaluate((selector) => {
    const of = () => document.querySelector(selector);
    of().scrollIntoView({ block: "center" });
    const { x, y, width, height } = of().getBoundingClientRect();
    return { x: x + width / 2, y: y + height / 2, left: x, width, height };
  }, mark(id));
}

/** Where something is once the picture around it has come to rest. */
export async function still(page, id) {
  let before = null;
  for (let at = await place(page, id); ; at = await place(page, id)) {
    if (before && before.x === at.x && before.y === at.y) return at;
    before = at;
    await page.waitForTimeout(300);
  }
}

export async function press(page, id) {
  const { x, y } = await still(page, id);
  await page.mouse.click(x, y);
}

/** A key on a mark. */
export async function strike(page, id, key) {
  await place(page, id);
  await page.evaluate((it) => document.querySelector(it).focus({ preventScroll: true }), mark(id));
  await page.keyboard.press(key);
}

/** A slider goes to a part of its length; `seen` looks before it is let go. */
export async function slide(page, id, part, seen = async () => {}) {
  const { left, width, y } = await still(page, id);
  await page.mouse.move(left + width / 2, y);
  await page.mouse.down();
  await page.mouse.move(left + width * part, y, { steps: 4 });
  await seen();
  await page.mouse.up();
}
