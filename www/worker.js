// The worker entry: the same WebAssembly as the page, its other entry point.
// The page shell posts the compiled module first; whatever arrives before `start_worker` has set
// its own handler is kept and delivered then, in order.
import init, { hand_over, retire, start_worker } from "./ringside.js";

self.onmessage = async ({ data: module }) => {
  const early = [];
  self.onmessage = (event) => early.push(event);
  await init({ module_or_path: module });
  self.onmessage = null;
  const furnished = start_worker();
  for (const { data, ports } of early) {
    self.dispatchEvent(new MessageEvent("message", { data, ports: [...ports] }));
  }
  await furnished;
  await hasten().catch((reason) => console.info("The light worker goes on:", reason));
};

// How often it is asked whether this is a moment for it, and how long the light worker is left alone
// between two steps, in milliseconds.
const ASK_MS = 250;
const PAUSE_MS = 10;

// This module is light, so that the first run begins soon; another is built to be fast. It runs the
// same again in the pauses, and goes on in this one's place once it has come to the same state.
async function hasten() {
  const fast = await import("./fast.js");
  await fast.default();
  for (let taken; !taken; ) {
    const told = hand_over();
    taken = told && fast.take_over(told);
    if (!taken) await new Promise((next) => setTimeout(next, told ? PAUSE_MS : ASK_MS));
    else performance.mark("ringside-fast", { detail: taken });
  }
  retire();
}
