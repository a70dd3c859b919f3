// The worker entry: the same WebAssembly as the page, its other entry point.
// The page shell posts the compiled module first; whatever arrives before `start_worker` has set
// its own handler is kept and delivered then, in order.
import init, { start_worker } from "./ringside.js";

self.onmessage = async ({ data: module }) => {
  const early = [];
  self.onmessage = (event) => early.push(event);
  await init({ module_or_path: module });
  self.onmessage = null;
  start_worker();
  for (const { data, ports } of early) {
    self.dispatchEvent(new MessageEvent("message", { data, ports: [...ports] }));
  }
};
