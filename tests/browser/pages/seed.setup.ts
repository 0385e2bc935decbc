import { spawn } from "node:child_process";
import { copyFileSync, mkdirSync, openSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";

import { test as setup } from "@playwright/test";

import { SEED_INFO, keepFacts, seedInfo } from "../lib/facts.ts";
import { CACHE, HERE, freePort } from "../lib/places.ts";
import { until } from "../lib/wait.ts";

// One server full of data for all pages, in a process of its own: it outlives workers, not the run.
setup("a server full of data", async () => {
  setup.setTimeout(150_000);
  mkdirSync(CACHE, { recursive: true });
  rmSync(SEED_INFO, { force: true });
  const running = process.env["HOOKFERRY_SEEDED"];
  if (running === undefined) await start();
  else copyFileSync(running, SEED_INFO);
  await keepFacts();
});

async function start(): Promise<void> {
  const log = path.join(CACHE, "seed.log");
  const port = String(await freePort());
  const args = ["--info", SEED_INFO, "--port", port, "--with", String(process.ppid)];
  const out = openSync(log, "w");
  const child = spawn(path.join(HERE, "node_modules/.bin/tsx"), ["seed.ts", ...args], { cwd: HERE, stdio: ["ignore", out, out], detached: true });
  child.unref();
  await until("the seed", () => {
    if (child.exitCode !== null) throw new Error(readFileSync(log, "utf8"));
    return seedInfo();
  }, { timeoutMs: 140_000, everyMs: 200 });
}
