import { test as teardown } from "@playwright/test";

import { seedInfo } from "../lib/facts.ts";

teardown("the server full of data ends", () => {
  if (process.env["HOOKFERRY_SEEDED"] === undefined) process.kill(seedInfo().pid, "SIGTERM");
});
