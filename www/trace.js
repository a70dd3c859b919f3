// The worker of a trace that somebody brings (src/session/bring.rs): reads the file piece by piece,
// works in slices, and hears in between how it is looked at. The page ends it to cancel.
const PIECE = 1 << 20;
// How long a slice of work takes, and how often it is told what is known, in milliseconds.
const SLICE_MS = 40;
const TELL_MS = 150;
// What is told begins with what it is; 0 is that a part of the file has been read.
const READING = 0;

async function load() {
  // A quick build has one module for all.
  const code = await import("./fast.js").catch(() => import("./ringside.js"));
  await code.default();
  return code;
}

const pause = () => new Promise((next) => setTimeout(next));
const tell = (told) => self.postMessage(told, [told.buffer]);

async function study({ file, asked }) {
  let done = false;
  let looked = false;
  // How it is looked at last, as long as nothing is known that could be told.
  let early = null;
  self.onmessage = ({ data }) => void (early = data);
  const code = await load();
  let refused = code.trace_begin(asked);
  for (let at = 0; !refused && at < file.size; at += PIECE) {
    const told = code.trace_feed(new Uint8Array(await file.slice(at, at + PIECE).arrayBuffer()));
    if (told[0] !== READING) refused = told;
    else tell(told);
  }
  if (refused) return tell(refused);
  const first = code.trace_finish();
  if (early) code.trace_look(early);
  tell(early ? code.trace_told() : first);
  self.onmessage = ({ data }) => {
    code.trace_look(data);
    if (done) tell(code.trace_told());
    looked = true;
  };
  for (let last = performance.now(); !done; await pause()) {
    done = code.trace_step(SLICE_MS);
    if (done || looked || performance.now() - last > TELL_MS) {
      tell(code.trace_told());
      [last, looked] = [performance.now(), false];
    }
  }
}

self.onmessage = ({ data }) => study(data).catch((reason) => self.postMessage(String(reason?.message ?? reason)));
