import { describe, expect, it } from "vitest";

import { parseWaits, retriesOf, writeWaits } from "./waits";

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
    expect(writeWaits(Array.from({ length: 144 }, () => 600))).toBe("144 x 10 min");
  });
});

describe("retries", () => {
  it("come one after the other", () => {
    expect(retriesOf([10, 60], 604_800)).toEqual({ retries: [{ nth: 1, wait: 10, after: 10 }, { nth: 2, wait: 60, after: 70 }], tooLate: 0 });
  });
  it("tells what comes after the installation has given up", () => {
    const { retries, tooLate } = retriesOf([86_400, 6 * 86_400, 1], 604_800);
    expect([retries.length, tooLate]).toEqual([2, 1]);
    expect(retriesOf([10, 60], 30).tooLate).toBe(1);
  });
});
