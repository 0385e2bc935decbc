import { type CDPSession, expect, type Page, type Route, test } from "@playwright/test";

import { letIn } from "../fixtures.ts";
import { facts, seedInfo } from "../lib/facts.ts";

/** More than anybody has on a screen, and few enough that scrolling stays cheap. */
const ROWS_IN_PAGE_MAX = 120;
const ROWS = 10_000;

const cursor = (route: Route): number => Number(new URL(route.request().url()).searchParams.get("cursor") ?? 0);
const next = (from: number, step: number): string | null => (from + step < ROWS ? String(from + step) : null);
const id = (prefix: string, at: number): string => `${prefix}_${String(at).padStart(26, "0")}`;

/** Scrolls for some frames, and tells how many rows the page held at most. */
async function scroll(page: Page, px: number, frames: number): Promise<number> {
  return page.evaluate(
    ([step, count]) =>
      new Promise<number>((done) => {
        let [left, most] = [count ?? 0, 0];
        const tick = (): void => {
          window.scrollBy(0, step ?? 0);
          most = Math.max(most, document.querySelectorAll("tbody tr").length);
          left -= 1;
          if (left > 0) requestAnimationFrame(tick);
          else done(most);
        };
        requestAnimationFrame(tick);
      }),
    [px, frames],
  );
}

/** Milliseconds of the page's main thread, on its own clock: what other programs take does not count. */
async function busy(session: CDPSession): Promise<number> {
  const { metrics } = await session.send("Performance.getMetrics");
  return (metrics.find(({ name }) => name === "TaskDuration")?.value ?? 0) * 1000;
}

async function measured(page: Page, what: string, px: number): Promise<void> {
  const frames = 150;
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const before = await busy(session);
  const rows = await scroll(page, px, frames);
  console.log(`  ${what}, ${px} px a frame: ${((await busy(session)) - before).toFixed(0)} ms of work in ${frames} frames, at most ${rows} rows in the page`);
  expect(rows).toBeGreaterThan(5);
  expect(rows).toBeLessThan(ROWS_IN_PAGE_MAX);
}

test("10,000 webhooks are scrolled with few of them in the page", async ({ context }) => {
  const { login, company } = facts();
  await letIn(context, seedInfo().url, login.owner);
  const page = await context.newPage();
  const [model] = (await (await context.request.get(`${seedInfo().url}/api/v1/endpoints?limit=1`, { headers: { "Hookferry-Company": company } })).json()).data;
  await page.route("**/api/v1/endpoints?*", (route) => {
    const from = cursor(route);
    const data = Array.from({ length: 100 }, (_, at) => ({ ...model, id: id("ep", from + at), description: `Shop ${from + at}` }));
    return route.fulfill({ json: { data, next_cursor: next(from, 100) } });
  });
  await page.goto(`${seedInfo().url}/webhooks?company=${company}`);
  await expect(page.getByText(/10,000 (working|failing|Defective|paused|disabled)/).first()).toBeVisible();
  await measured(page, "webhooks", 40);
  await measured(page, "webhooks", 400);
  await page.getByLabel("Search names, URLs, events").fill("shop 9999");
  await expect(page.getByRole("link", { name: "Shop 9999" })).toBeVisible();
});

test("10,000 deliveries are scrolled with few of them in the page", async ({ context }) => {
  const { login, company } = facts();
  await letIn(context, seedInfo().url, login.owner);
  const page = await context.newPage();
  const [model] = (await (await context.request.get(`${seedInfo().url}/api/v1/deliveries?limit=1`, { headers: { "Hookferry-Company": company } })).json()).data;
  await page.route("**/api/v1/deliveries?*", (route) => {
    const from = cursor(route);
    const data = Array.from({ length: 100 }, (_, at) => ({ ...model, id: id("dlv", from + at) }));
    return route.fulfill({ json: { data, next_cursor: next(from, 100), cut: false } });
  });
  await page.goto(`${seedInfo().url}/deliveries?company=${company}`);
  await expect(page.getByRole("table")).toBeVisible();
  // The list loads on as one scrolls.
  for (let loaded = 0; loaded < 110; loaded += 1) await page.evaluate(() => window.scrollTo(0, document.documentElement.scrollHeight));
  await expect.poll(async () => {
    await page.evaluate(() => window.scrollTo(0, document.documentElement.scrollHeight));
    return page.evaluate(() => document.documentElement.scrollHeight);
  }, { timeout: 60_000 }).toBeGreaterThan(ROWS * 30);
  await page.evaluate(() => window.scrollTo(0, 0));
  await measured(page, "deliveries", 40);
  await measured(page, "deliveries", 400);
});
