import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

import { type Browser, type Page, test } from "@playwright/test";
import type { AxeResults } from "axe-core";

import { letIn } from "../fixtures.ts";
import { facts as knownFacts, seedInfo } from "../lib/facts.ts";
import { HERE } from "../lib/places.ts";
import { Watch } from "../lib/watch.ts";
import { PAGES, type PageEntry } from "../pages.ts";

const WIDTHS = [1440, 1024, 390] as const;
const THEMES = ["light", "dark"] as const;
const SHOTS = path.join(HERE, "screenshots");
/** What is longer is cut: nobody looks at the two hundredth row. */
const TALLEST_PX = 2200;
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

for (const entry of PAGES) {
  test(entry.name, async ({ browser }) => {
    const { page, watch } = await open(browser, entry);
    try {
      await look(page, watch, entry);
    } finally {
      await page.context().close();
    }
  });
}

async function open(browser: Browser, entry: PageEntry): Promise<{ page: Page; watch: Watch }> {
  const { url } = seedInfo();
  const facts = knownFacts();
  const context = await browser.newContext({ baseURL: url, colorScheme: "light", viewport: { width: 1440, height: 900 }, reducedMotion: "reduce" });
  if (entry.as !== "nobody") await letIn(context, url, entry.as === "viewer" ? facts.login.viewer : facts.login.owner);
  const page = await context.newPage();
  const watch = new Watch(page, new URL(url).origin);
  // Some pages are about what is not there or not allowed; the browser says so in its console.
  watch.allow(/Failed to load resource: the server responded with a status of 4\d\d/, /ApiProblem/);
  const address = new URL(entry.path(facts), url);
  if (entry.as === "owner") address.searchParams.set("company", facts.company);
  if (entry.as === "empty") address.searchParams.set("company", facts.emptyCompany);
  await page.goto(address.href);
  await watch.settled();
  return { page, watch };
}

async function look(page: Page, watch: Watch, entry: PageEntry): Promise<void> {
  if (entry.act !== undefined) {
    await entry.act(page);
    await watch.settled();
  }
  const faults: string[] = [];
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: width === 390 ? 844 : 900 });
    for (const theme of THEMES) {
      await page.emulateMedia({ colorScheme: theme });
      await watch.settled(80);
      await shoot(page, watch, `${width}-${theme}`, entry.name);
      // Colours are the same at every width, and so is what a middle one has to say.
      const asked = width === 1440 || (width === 390 && theme === "light");
      if (asked) faults.push(...(await axe(page)).map((found) => `${width} px, ${theme}: axe: ${found}`));
    }
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (wide > 0) faults.push(`${width} px: scrolls sideways by ${wide} px`);
  }
  faults.push(...watch.faults);
  if (faults.length > 0) throw new Error(`${page.url()}\n  ${faults.join("\n  ")}`);
}

/** The whole page, as a screen that is tall enough would show it: long lists hold only the rows in sight. */
async function shoot(page: Page, watch: Watch, folder: string, name: string): Promise<void> {
  const screen = page.viewportSize() ?? { width: 1440, height: 900 };
  const tall = await page.evaluate(() => (document.querySelector("[role=dialog]") === null ? document.documentElement.scrollHeight : 0));
  const grown = tall > screen.height;
  if (grown) {
    await page.setViewportSize({ width: screen.width, height: Math.min(tall, TALLEST_PX) });
    await page.evaluate(() => window.scrollTo(0, 0));
    await watch.settled(60);
  }
  await page.screenshot({ path: path.join(SHOTS, folder, `${name}.png`), animations: "disabled" });
  if (grown) await page.setViewportSize(screen);
}

/** What axe finds: the rule, what it asks for, and where. */
async function axe(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const results = await page.evaluate<AxeResults>(() => {
    const { axe: run } = globalThis as unknown as { axe: { run: (options: object) => Promise<AxeResults> } };
    return run.run({ resultTypes: ["violations"] });
  });
  return results.violations.map(({ id, help, nodes }) => {
    const places = nodes.slice(0, 3).map((node) => `${node.target.join(" ")} ${node.html.slice(0, 160)} ${node.any[0]?.message ?? ""}`);
    return `${id}: ${help} (${nodes.length})\n    ${places.join("\n    ")}`;
  });
}
