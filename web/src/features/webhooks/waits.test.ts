import { describe, expect, it } from "vitest";

import { metaWaits, parseWaits, retriesOf, STANDARD_WAITS, writeWaits } from "./waits";

describe("waits", () => {
  it("reads units, repetitions and any separator", () => {
    expect(parseWaits("10, 1 min; 2h\n3 x 1 d, 2×5m").seconds).toEqual([10, 60, 7200, 86_400, 86_400, 86_400, 300, 300]);
    expect(parseWaits("").seconds).toEqual([]);
  });
  it("names the part that it cannot read", () => {
    for (const [text, fault] of [["10, soon", "soon"], ["1.5 h", "1.5 h"], ["-3", "-3"], ["0 x 5", "0 x 5"], ["99999 x 1", "99999 x 1"], ["3 weeks", "3 weeks"]]) {
      expect(parseWaits(text ?? "")).toEqual({ seconds: null, fault });
    }
  });
  it("writes what it reads", () => {
    const text = "10 s, 1 min, 3 x 2 h, 1 d";
    const { seconds } = parseWaits(text);
    expect(writeWaits(seconds ?? [])).toBe(text);
    expect(writeWaits(STANDARD_WAITS)).toBe("144 x 10 min");
  });
});

describe("named schedules, as the server's tests have them", () => {
  it("is 144 retries in 24 hours", () => {
    const { retries, tooLate } = retriesOf(STANDARD_WAITS);
    expect([retries.length, retries.at(-1)?.after, tooLate]).toEqual([144, 86_400, 0]);
  });
  it("ends within seven days", () => {
    expect(metaWaits().slice(0, 7)).toEqual([60, 300, 900, 3600, 10_800, 21_600, 43_200]);
    const last = retriesOf(metaWaits()).retries.at(-1)?.after ?? 0;
    expect(last <= 7 * 86_400 && last > 7 * 86_400 - 43_200).toBe(true);
  });
  it("tells what comes too late", () => {
    const { retries, tooLate } = retriesOf([86_400, 6 * 86_400, 1]);
    expect([retries.length, tooLate]).toEqual([2, 1]);
  });
});
