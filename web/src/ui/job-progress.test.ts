import { expect, it } from "vitest";

import { type JobData, jobKind, jobShare } from "./job-progress";

const job = (change: Partial<JobData>): JobData => ({ kind: "retry", state: "running", total: 200, total_is_open: false, done: 0, skipped: 0, ...change });

it("counts what was passed over as progress", () => {
  expect(jobShare(job({ done: 90, skipped: 10 }))).toBe(0.5);
});

it("is full at the end, also where less was there than had been counted", () => {
  expect(jobShare(job({ state: "finished", done: 150 }))).toBe(1);
  expect(jobShare(job({ state: "finished", total: 0 }))).toBe(1);
});

it("stays where it stopped when it was canceled", () => {
  expect(jobShare(job({ state: "canceled", done: 50 }))).toBe(0.25);
});

it("says that nobody knows once it is past what was counted", () => {
  const open = { total: 100_000, total_is_open: true };
  expect(jobShare(job({ ...open, done: 50_000 }))).toBe(0.5);
  expect(jobShare(job({ ...open, done: 100_200 }))).toBeNull();
});

it("knows its kinds", () => {
  expect(jobKind("replay")).toBe("replay");
  expect(jobKind("something new")).toBeNull();
});
