import { type BrowserContext, type Response, expect, test } from "@playwright/test";

import { letIn } from "../fixtures.ts";
import { facts, seedInfo } from "../lib/facts.ts";
import { Watch } from "../lib/watch.ts";

/** What a first load may take over the wire: bodies as they are sent, compressed. */
const JAVASCRIPT_BYTES_MAX = 250 * 1024;

const isScript = (response: Response): boolean => /javascript/.test(response.headers()["content-type"] ?? "");

/** The JavaScript that comes when a page is opened with nothing in the cache. */
async function firstLoad(context: BrowserContext, path: string): Promise<number> {
  const { url } = seedInfo();
  const page = await context.newPage();
  const scripts: Response[] = [];
  page.on("response", (response) => {
    if (isScript(response)) scripts.push(response);
  });
  const watch = new Watch(page, new URL(url).origin);
  await page.goto(new URL(path, url).href);
  await watch.settled(1_000);
  const sizes = await Promise.all(scripts.map((response) => response.request().sizes()));
  const bodies = sizes.reduce((sum, { responseBodySize }) => sum + responseBodySize, 0);
  const heads = sizes.reduce((sum, { responseHeadersSize }) => sum + responseHeadersSize, 0);
  console.log(`  JavaScript of a first load of ${path}: ${kib(bodies)} in ${scripts.length} files, and ${kib(heads)} of headers`);
  return bodies;
}

const kib = (bytes: number): string => `${(bytes / 1024).toFixed(1)} KiB`;

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
