import { describe, expect, it } from "vitest";

import { before, type Series, seriesBars } from "./series";

const at = (minute: number): string => new Date(Date.UTC(2026, 10, 20, 14, minute)).toISOString();
const series = (points: Series["points"], until = at(5)): Series => ({ since: at(0), until, step_seconds: 60, points });

describe("bars of a series", () => {
  it("has a bar for each step, also where nothing happened", () => {
    const bars = seriesBars(series([{ began_at: at(1), succeeded: 3, failed: 1 }]));
    expect(bars.map((bar) => [bar.good, bar.bad])).toEqual([[0, 0], [3, 1], [0, 0], [0, 0], [0, 0]]);
  });
  it("puts neighbours together where there are too many", () => {
    const points = [0, 1, 2, 3, 4].map((minute) => ({ began_at: at(minute), succeeded: 1, failed: minute }));
    expect(seriesBars(series(points), 3).map((bar) => [bar.good, bar.bad])).toEqual([[2, 1], [2, 5], [1, 4]]);
  });
  it("begins the last step that is not over", () => {
    expect(seriesBars(series([{ began_at: at(5), succeeded: 1, failed: 0 }], new Date(Date.UTC(2026, 10, 20, 14, 5, 30)).toISOString())).at(-1)?.good).toBe(1);
  });
  it("draws nothing that lies outside", () => {
    expect(seriesBars(series([{ began_at: at(9), succeeded: 1, failed: 0 }])).every((bar) => bar.good === 0)).toBe(true);
  });
});

describe("what was before a moment", () => {
  it("counts whole steps alone", () => {
    const points = [0, 1, 2].map((minute) => ({ began_at: at(minute), succeeded: 10, failed: 1 }));
    expect(before(series(points), at(2))).toEqual({ succeeded: 20, failed: 2 });
    expect(before(series(points), new Date(Date.UTC(2026, 10, 20, 14, 2, 30)).toISOString())).toEqual({ succeeded: 20, failed: 2 });
  });
});
