import { defineConfig } from "@playwright/test";

const executablePath = process.env["HOOKFERRY_CHROMIUM"] ?? "/usr/bin/chromium";
// Nothing of the browser's own may go out; as root it has no sandbox.
const quiet = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

export default defineConfig({
  testDir: ".",
  outputDir: "test-results",
  forbidOnly: process.env["CI"] !== undefined,
  fullyParallel: true,
  workers: 2,
  // What fails once and then passes is reported as flaky, and does not hold back others' work.
  retries: process.env["CI"] === undefined ? 0 : 1,
  // A journey takes a few seconds; the rest is for a machine that does other things as well.
  timeout: 90_000,
  expect: { timeout: 15_000 },
  reporter: [["list"]],
  use: {
    launchOptions: { executablePath, args: quiet },
    viewport: { width: 1440, height: 900 },
    locale: "en-GB",
    // Not UTC, so that nobody takes the one for the other.
    timezoneId: "Asia/Kolkata",
    reducedMotion: "reduce",
    trace: process.env["CI"] === undefined ? "retain-on-failure" : "off",
    screenshot: "only-on-failure",
  },
  projects: [
    { name: "journeys", testMatch: "journeys/*.spec.ts" },
    { name: "seed", testMatch: "pages/seed.setup.ts", teardown: "unseed" },
    { name: "unseed", testMatch: "pages/seed.teardown.ts" },
    { name: "pages", testMatch: "pages/*.spec.ts", dependencies: ["seed"] },
  ],
});
