import { expect, it } from "vitest";

import { metaWaits, standardWaits, triedFor, waitsOf } from "./schedules";

const WEEK = 7 * 86_400;
const RULES = { standard_tries: 145, standard_interval_ms: 600_000, give_up_after_seconds: WEEK };

it("has the standard schedule as the installation has it", () => {
  expect(standardWaits(RULES)).toHaveLength(144);
  expect(triedFor("standard", RULES)).toBe(86_400);
  expect(standardWaits({ ...RULES, standard_tries: 3, standard_interval_ms: 1_500 })).toEqual([1.5, 1.5]);
  expect(standardWaits({ ...RULES, standard_tries: 1, standard_interval_ms: null })).toEqual([]);
});

it("has Meta's as the server's tests have it, shorter than the seven days it stays within", () => {
  expect(metaWaits().slice(0, 7)).toEqual([60, 300, 900, 3600, 10_800, 21_600, 43_200]);
  expect(triedFor("meta", RULES)).toBe(598_860);
});

it("is given up by the installation's limit where that is shorter", () => {
  expect(triedFor("meta", { ...RULES, give_up_after_seconds: 3600 })).toBe(3600);
  expect(triedFor({ custom_seconds: [10, 60, 300] }, RULES)).toBe(370);
  expect(waitsOf({ custom_seconds: [10] }, RULES)).toEqual([10]);
});
