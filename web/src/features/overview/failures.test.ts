import { describe, expect, it } from "vitest";

import type { Schemas } from "@/api/client";
import type { Endpoint } from "@/api/endpoints";

import { causeFilter, failureGroups } from "./failures";

type Answer = Schemas["AnswerView"];
const answer = (change: Partial<Answer>): Answer => ({ success: false, attempts: 1, last_at: "2026-11-20T14:00:00Z", status_code: null, error_kind: null, ...change });
const stats = (id: string, answers: Answer[]): Schemas["EndpointStatsView"] => ({
  endpoint_id: id, attempts: 9, succeeded: 5, failed: 4, answers, points: [], waiting: { count: 0, more: false },
});
const endpoint = (id: string, change: Partial<Endpoint> = {}) => ({ id, url: `https://${id}.example/`, status: "enabled", streak: 0, ...change }) as Endpoint;

describe("failures by webhook and cause", () => {
  it("leaves out what succeeded, and webhooks that are gone", () => {
    const rows = [stats("a", [answer({ success: true, status_code: 200 })]), stats("gone", [answer({ status_code: 500 })])];
    expect(failureGroups(rows, [endpoint("a")])).toEqual([]);
  });
  it("puts the latest first, of webhooks and of their causes", () => {
    const rows = [
      stats("a", [answer({ status_code: 500, last_at: "2026-11-20T13:00:00Z", attempts: 90 })]),
      stats("b", [answer({ error_kind: "dns", last_at: "2026-11-20T12:00:00Z" }), answer({ status_code: 503, last_at: "2026-11-20T14:00:00Z" })]),
    ];
    const groups = failureGroups(rows, [endpoint("a"), endpoint("b")]);
    expect(groups.map((group) => [group.endpoint.id, ...group.causes.map((cause) => cause.status_code ?? cause.error_kind)])).toEqual([["b", 503, "dns"], ["a", 500]]);
  });
  it("knows the words of the last error where the webhook still fails so", () => {
    const failing = endpoint("a", { streak: 3, last_error: "nothing answers at a.example:443: connection was refused" });
    const rows = [stats("a", [answer({ error_kind: "connect" }), answer({ status_code: 500, last_at: "2026-11-20T13:00:00Z" })])];
    expect(failureGroups(rows, [failing])[0]?.causes.map((cause) => cause.message)).toEqual([failing.last_error, null]);
    expect(failureGroups(rows, [{ ...failing, streak: 0 }])[0]?.causes[0]?.message).toBeNull();
    expect(failureGroups(rows, [{ ...failing, last_status_code: 500 }])[0]?.causes[0]?.message).toBeNull();
  });
});

describe("the filter for a cause", () => {
  it("names the status, or the kind of error", () => {
    expect(causeFilter({ id: "ep_1" }, answer({ status_code: 503, error_kind: "status" }))).toEqual({ endpoint_id: "ep_1", status_code: "503" });
    expect(causeFilter({ id: "ep_1" }, answer({ error_kind: "dns" }))).toEqual({ endpoint_id: "ep_1", error: "dns" });
  });
});
