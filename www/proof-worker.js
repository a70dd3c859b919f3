// The worker of the proof page: the same WebAssembly as the page's and its worker's.
import init, { prove } from "./ringside.js";

try {
  await init();
  let began = performance.now();
  await prove(([run, way, expected, computed]) => {
    const now = performance.now();
    self.postMessage({ run, way, expected, computed, ms: now - began });
    began = now;
  });
  self.postMessage({ done: true });
} catch (reason) {
  self.postMessage({ failed: String(reason?.message ?? reason) });
}
