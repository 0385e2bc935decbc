import { describe, expect, it } from "vitest";

import type { Scope } from "@/api/me";

import { capabilities } from "./capabilities";
import { rateBefore, safeUntil, standing, streakLimit } from "./facts";
import { faultsWithin, restOf } from "./json-faults";
import { ApiProblem } from "@/api/problem";
import type { Stats } from "./queries";
import { firstSampleType } from "./sample-type";

const stats = (change: Partial<Stats>): Stats => ({
  since: "2026-11-20T14:00:00Z", until: "2026-11-21T14:00:00Z", step_seconds: 1800, points: [], answers: [],
  attempts: 0, succeeded: 0, failed: 0, waiting: { count: 0, more: false }, ...change,
});

describe("how a webhook stands", () => {
  it.each([
    ["working", { status: "enabled", streak: 0 }],
    ["streak", { status: "enabled", streak: 1 }],
    ["defective", { status: "defective", streak: 103 }],
    ["paused", { status: "paused", streak: 103 }],
    ["disabled", { status: "disabled", status_reason: "by_person", streak: 0 }],
    ["gone", { status: "disabled", status_reason: "gone", streak: 1 }],
  ])("%s", (name, endpoint) => expect(standing(endpoint)).toBe(name));
});

const RULES = { standard_tries: 145, standard_interval_ms: 600_000, give_up_after_seconds: 7 * 86_400 };
const NOW = Date.parse("2026-11-20T02:30:00Z");

describe("until when nothing is given up", () => {
  const oldest = { count: 3, more: false, oldest_created_at: "2026-11-20T02:14:00Z" };
  it("the oldest goes first, by its schedule", () => {
    expect(safeUntil(stats({ waiting: oldest }), { schedule: "standard" }, RULES, NOW)).toBe("2026-11-21T02:14:00.000Z");
    expect(safeUntil(stats({ waiting: oldest }), { schedule: "standard" }, { ...RULES, standard_tries: 7 }, NOW)).toBe("2026-11-20T03:14:00.000Z");
  });
  it("or by the installation's limit, whichever is first", () => {
    expect(safeUntil(stats({ waiting: oldest }), { schedule: "meta" }, { ...RULES, give_up_after_seconds: 3600 }, NOW)).toBe("2026-11-20T03:14:00.000Z");
  });
  it("is not known where nothing waits, or too much", () => {
    expect(safeUntil(stats({}), { schedule: "standard" }, RULES, NOW)).toBeNull();
    expect(safeUntil(stats({ waiting: { count: 10_000, more: true } }), { schedule: "standard" }, RULES, NOW)).toBeNull();
  });
  it("is no time that is over", () => expect(safeUntil(stats({ waiting: oldest }), { schedule: "standard" }, RULES, Date.parse("2026-11-22T00:00:00Z"))).toBeNull());
});

it("counts towards Defective as long as the count alone decides", () => {
  expect(streakLimit({ streak: 37 }, { defective_after: 100 })).toBe(100);
  expect(streakLimit({ streak: 100 }, { defective_after: 100 })).toBeNull();
});

it("compares with the time before", () => {
  const now = stats({});
  const both = stats({ since: "2026-11-19T14:00:00Z", points: [
    { began_at: "2026-11-19T15:00:00Z", succeeded: 3, failed: 1 }, { began_at: "2026-11-20T15:00:00Z", succeeded: 50, failed: 0 },
  ] });
  expect(rateBefore(both, now)).toEqual({ rate: 0.75, attempts: 4 });
  expect(rateBefore(stats({ since: both.since }), now)).toBeNull();
});

describe("what may be done", () => {
  const all = (): boolean => true;
  const nothing = (scope: Scope): boolean => scope.endsWith(":read");
  it("goes by the status", () => {
    expect(capabilities({ status: "enabled" }, all)).toMatchObject({ enable: "enabled", pause: null, disable: null, recover: null });
    expect(capabilities({ status: "defective" }, all)).toMatchObject({ enable: null, pause: null, recover: null });
    expect(capabilities({ status: "paused" }, all)).toMatchObject({ enable: null, pause: "paused", disable: null, recover: "held" });
    expect(capabilities({ status: "disabled" }, all)).toMatchObject({ enable: null, pause: "disabled", disable: "disabled", recover: "held", sample: null });
  });
  it("is nothing for whoever may only read", () => {
    expect(new Set(Object.values(capabilities({ status: "enabled" }, nothing)))).toEqual(new Set(["role"]));
  });
});

describe("faults in a document of a form", () => {
  const problem = new ApiProblem({ type: "about:blank", title: "Invalid", status: 422, code: "invalid_request", detail: "The request has several mistakes", errors: [
    { code: "invalid_field", pointer: "/filter/and/0/equals", detail: "`equals` is not known; write `eq`" },
    { code: "invalid_field", pointer: "/filter", detail: "too large" },
    { code: "invalid_field", pointer: "/filters", detail: "other" },
  ] }, null);
  it("have their place in it", () => {
    expect(faultsWithin(problem, "filter")).toEqual([{ pointer: "/and/0/equals", detail: "`equals` is not known; write `eq`" }, { pointer: "", detail: "too large" }]);
  });
  it("and the rest is told beside them", () => {
    expect(restOf(problem, ["filter"])).toBe("/filters: other");
    expect(restOf(problem, ["filter", "filters"])).toBeNull();
    expect(restOf(new Error("the server cannot be reached"), [])).toBe("the server cannot be reached");
    expect(restOf(null, [])).toBeNull();
  });
});

describe("the type that a sample begins with", () => {
  const names = ["order.paid", "message.delivered", "message.received", "webhook.sample"];
  it.each([
    [["message.delivered"], "hookferry", "message.delivered"],
    [["message.*"], "meta", "message.received"],
    [["*"], "hookferry", "message.received"],
    [["gone.type", "order.*"], "hookferry", "order.paid"],
  ])("%j in %s: %s", (event_types, format, type) => expect(firstSampleType({ event_types, format }, names)).toBe(type));
  it("waits for the list", () => expect(firstSampleType({ event_types: ["*"], format: "hookferry" }, [])).toBeNull());
});
