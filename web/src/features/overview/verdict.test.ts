import { describe, expect, it } from "vitest";

import { standingsOf, verdictOf } from "./verdict";

const overview = (endpoints: Record<string, number>, attempts = 10) => ({
  endpoints,
  stats: {
    since: "2026-11-20T00:00:00Z", until: "2026-11-21T00:00:00Z", attempts, succeeded: attempts, failed: 0, answers: [], step_seconds: 600, points: [],
    waiting: { count: 0, more: false },
  },
});
const streaks = (...values: number[]) => values.map((streak) => ({ status: "enabled", streak }));

describe("is it working?", () => {
  it("cannot be said without webhooks", () => {
    expect(verdictOf(overview({ enabled: 0, defective: 0, paused: 0, disabled: 0 }), [], false).kind).toBe("none");
  });
  it("is no where all are switched off", () => {
    expect(verdictOf(overview({ paused: 1, disabled: 2 }), [], false)).toEqual({ kind: "off", count: 3 });
  });
  it("names the Defective ones among those that are on", () => {
    expect(verdictOf(overview({ enabled: 3, defective: 1, paused: 5 }), [], false)).toEqual({ kind: "partly", count: 1, all: 4 });
    expect(verdictOf(overview({ defective: 2 }), [], false)).toEqual({ kind: "broken", count: 2, all: 2 });
  });
  it("sees the ones that have begun to fail", () => {
    expect(verdictOf(overview({ enabled: 3 }), streaks(0, 7, 0), false)).toEqual({ kind: "failing", count: 1, all: 3 });
  });
  it("is no in a suspended company, however its webhooks are", () => {
    expect(verdictOf(overview({ enabled: 3 }), streaks(0, 0, 0), true).kind).toBe("suspended");
    expect(verdictOf(overview({ enabled: 0 }), [], true).kind).toBe("none");
  });
  it("tells quiet from working", () => {
    expect(verdictOf(overview({ enabled: 3 }), streaks(0, 0, 0), false).kind).toBe("working");
    expect(verdictOf(overview({ enabled: 3 }, 0), streaks(0, 0, 0), false).kind).toBe("quiet");
  });
});

describe("how webhooks stand", () => {
  it("is counted, the worst first, without what there is none of", () => {
    const endpoints = [...streaks(0, 7, 0), { status: "defective", streak: 120 }, { status: "paused", streak: 3 }];
    expect(standingsOf(endpoints)).toEqual([
      { standing: "defective", count: 1 }, { standing: "failing", count: 1 }, { standing: "working", count: 2 }, { standing: "paused", count: 1 },
    ]);
  });
});
