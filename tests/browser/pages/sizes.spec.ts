import { type BrowserContext, type CDPSession, expect, test } from "@playwright/test";

import { letIn } from "../fixtures.ts";
import { facts, seedInfo } from "../lib/facts.ts";
import { Watch } from "../lib/watch.ts";

/** What a first load may take, as the browser counts it: compressed, headers and all. */
const JAVASCRIPT_BYTES_MAX = 250 * 1024;

/** Counts the bytes of JavaScript that come over the wire. */
async function scripts(session: CDPSession): Promise<Map<string, number>> {
  const urls = new Map<string, string>();
  const bytes = new Map<string, number>();
  await session.send("Network.enable");
  session.on("Network.responseReceived", ({ requestId, response, type }) => {
    if (type === "Script" || /javascript/.test(response.mimeType)) urls.set(requestId, response.url);
  });
  session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    const url = urls.get(requestId);
    if (url !== undefined) bytes.set(url, encodedDataLength);
  });
  return bytes;
}

async function firstLoad(context: BrowserContext, path: string): Promise<number> {
  const { url } = seedInfo();
  const page = await context.newPage();
  const bytes = await scripts(await context.newCDPSession(page));
  const watch = new Watch(page, new URL(url).origin);
  await page.goto(new URL(path, url).href);
  await watch.settled();
  const total = [...bytes.values()].reduce((sum, each) => sum + each, 0);
  test.info().annotations.push({ type: "javascript", description: `${path}: ${total} bytes in ${bytes.size} files` });
  console.log(`  JavaScript of a first load of ${path}: ${(total / 1024).toFixed(1)} KB in ${bytes.size} files`);
  return total;
}

test.skip(process.env["HOOKFERRY_WEB"] === "vite", "Vite's development server compresses and bundles nothing");

test("the overview takes less than 250 KB of JavaScript", async ({ context }) => {
  const { login, company } = facts();
  await letIn(context, seedInfo().url, login.owner);
  const total = await firstLoad(context, `/?company=${company}`);
  expect(total).toBeGreaterThan(10_000);
  expect(total).toBeLessThan(JAVASCRIPT_BYTES_MAX);
});

test("the login takes less than 250 KB of JavaScript", async ({ context }) => {
  const total = await firstLoad(context, "/login");
  expect(total).toBeGreaterThan(10_000);
  expect(total).toBeLessThan(JAVASCRIPT_BYTES_MAX);
});
