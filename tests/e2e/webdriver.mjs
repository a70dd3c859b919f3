// A browser through plain WebDriver (https://www.w3.org/TR/webdriver2/): Firefox and WebKit, which
// Playwright knows only in builds of its own.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { root } from "./harness.mjs";

const START_MS_MAX = 60_000;

/** Where `.ci/need` has put something. */
function found(what) {
  const { stdout, stderr } = spawnSync(path.join(root, ".ci/need"), [`path:${what}`], { encoding: "utf8" });
  assert.ok(stdout.trim(), `${what} is missing; .ci/need ${what} installs it: ${stderr}`);
  return stdout.trim();
}

function freePort() {
  return new Promise((done, failed) => {
    const server = createServer().once("error", failed);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

const browsers = {
  firefox: () => ({
    driver: found("geckodriver"),
    options: (port) => ["--port", String(port)],
    capabilities: {
      "moz:firefoxOptions": { binary: found("firefox"), args: ["-headless"] },
    },
  }),
  webkit: () => ({
    driver: found("webkitdriver"),
    options: (port) => [`--port=${port}`],
    capabilities: {
      "webkitgtk:browserOptions": { binary: found("webkit"), args: ["--automation"] },
    },
    screen: found("xvfb"),
  }),
};

/**
 * Starts a browser and hands `body` what can be asked of it: `go(address)`, `run(script)`, whose
 * value it returns, and `name`, what the browser calls itself. All is gone when it ends.
 */
export async function drive(browser, body) {
  const { driver, options, capabilities, screen } = browsers[browser]();
  const home = await mkdtemp(path.join(tmpdir(), "ringside-browser-"));
  // A root's WebKit starts no sandbox; containers have none to give.
  const env = { ...process.env, HOME: home, XDG_RUNTIME_DIR: home, WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1", LIBGL_ALWAYS_SOFTWARE: "1" };
  const started = [];
  const start = (command, words) => {
    const child = spawn(command, words, { env, stdio: ["ignore", "ignore", "ignore", "pipe"], detached: true });
    child.once("error", () => {});
    started.push(child);
    return child;
  };
  try {
    if (screen) env.DISPLAY = await display(start(screen, ["-displayfd", "3", "-screen", "0", "1280x900x24", "-nolisten", "tcp"]));
    const port = await freePort();
    start(driver, options(port));
    const ask = async (method, where, what) => {
      const response = await fetch(`http://127.0.0.1:${port}${where}`, {
        method,
        headers: { "content-type": "application/json" },
        body: what && JSON.stringify(what),
      });
      const { value } = await response.json();
      assert.ok(response.ok, `${browser}: ${where}: ${value?.error}: ${value?.message}`);
      return value;
    };
    await ready(ask);
    const session = await ask("POST", "/session", { capabilities: { alwaysMatch: capabilities } });
    const at = `/session/${session.sessionId}`;
    try {
      const { browserName, browserVersion } = session.capabilities;
      return await body({
        name: `${browserName} ${browserVersion}`,
        go: (url) => ask("POST", `${at}/url`, { url }),
        run: (script) => ask("POST", `${at}/execute/sync`, { script, args: [] }),
        picture: async () => Buffer.from(await ask("GET", `${at}/screenshot`), "base64"),
      });
    } finally {
      await ask("DELETE", at).catch(() => {});
    }
  } finally {
    // Each leads a group of its own, with the browser in it.
    for (const child of started.reverse()) {
      try { process.kill(-child.pid, "SIGKILL"); } catch { /* It has ended. */ }
    }
    await rm(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

/** Waits until a driver listens. */
async function ready(ask) {
  const end = Date.now() + START_MS_MAX;
  for (;;) {
    try {
      await ask("GET", "/status");
      return;
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((next) => setTimeout(next, 100));
    }
  }
}

/** The number of the screen that Xvfb has opened. */
function display(child) {
  return new Promise((done, failed) => {
    let number = "";
    child.stdio[3].on("data", (bytes) => {
      number += bytes;
      if (number.endsWith("\n")) done(`:${number.trim()}`);
    });
    child.once("exit", (code) => failed(new Error(`Xvfb ended with ${code}`)));
  });
}
