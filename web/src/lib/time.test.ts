import { describe, expect, it } from "vitest";

import { count, milliseconds, percent, bytes } from "./numbers";
import { countdown, exact, roughly, span } from "./time";

describe("times", () => {
  it("names a span in its two biggest units", () => {
    const cases: [number, string][] = [[0, "0 s"], [59.4, "59 s"], [60, "1 min"], [3599, "59 min"], [3600, "1 h"], [7500, "2 h 5 min"], [86_400, "1 d"], [273_600, "3 d 4 h"]];
    for (const [seconds, text] of cases) expect(span(seconds)).toBe(text);
  });
  it("names a span in its biggest unit, never more than it is", () => {
    expect([59, 3599, 3600, 86_399, 86_400, 273_600].map(roughly)).toEqual(["59 s", "59 min", "1 h", "23 h", "1 d", "3 d"]);
  });
  it("counts down to nothing, and not below", () => {
    expect(countdown(401)).toBe("6:41");
    expect(countdown(0.2)).toBe("0:01");
    expect(countdown(-5)).toBe("0:00");
    expect(countdown(4001)).toBe("1:06:41");
  });
  it("writes the exact time to the millisecond", () => {
    expect(exact(new Date("2026-11-20T14:03:12.418Z"), "utc")).toBe("2026-11-20 14:03:12.418");
  });
});

describe("numbers", () => {
  it("never rounds a share up to all or down to nothing", () => {
    expect(percent(1)).toBe("100 %");
    expect(percent(0.99996)).toBe("99.99 %");
    expect(percent(0.982)).toBe("98.2 %");
    expect(percent(0.0000001)).toBe("< 0.1 %");
    expect(percent(0)).toBe("0 %");
  });
  it("carries units", () => {
    expect([count(1204), milliseconds(0.4), milliseconds(182.4), milliseconds(1234), bytes(1536)]).toEqual(["1,204", "< 1 ms", "182 ms", "1.2 s", "1.5 KiB"]);
  });
});
