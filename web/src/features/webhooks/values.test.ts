import { describe, expect, it } from "vitest";

import { bodyOf, changes, isChanged, newValues, pair, stillTyped, unsayable, valuesOf } from "./values";

const VIEW = {
  id: "ep_1", url: "https://a.example/", description: "CRM", status: "defective", event_types: ["*"], format: "wati", wati_version: 1, wati_names: {},
  session: "any", headers: { "X-Tenant": "••••••••" }, timeout_ms: 8000, acknowledge: "any_2xx", schedule: { custom_seconds: [10, 60, 60] },
  ordered: false, streak: 3, rate_limit: { per_second: 7 }, created_at: "2026-11-28T00:00:00Z", updated_at: "2026-11-28T00:00:00Z",
};

describe("what is sent", () => {
  it("is nothing where nothing was changed", () => {
    const values = valuesOf(VIEW);
    expect(changes(values, { ...valuesOf(VIEW), description: " CRM " })).toEqual({});
    expect(isChanged(values, valuesOf(VIEW))).toBe(false);
  });
  it("is only what was changed", () => {
    const values = valuesOf(VIEW);
    expect(changes(values, { ...values, waits: "10 s, 1 h", rate_limit: "", status: "paused" })).toEqual({ schedule: { custom_seconds: [10, 3600] }, rate_limit: null });
  });
  it("keeps the values of headers that are not shown", () => {
    const values = valuesOf(VIEW);
    const headers = [...values.headers, pair("X-New", "1"), pair()];
    expect(changes(values, { ...values, headers })).toEqual({ headers: { "X-Tenant": "••••••••", "X-New": "1" } });
  });
  it("leaves Wati's fields to Wati's format", () => {
    const values = valuesOf(VIEW);
    expect(bodyOf({ ...values, format: "meta" })).not.toHaveProperty("wati_version");
    expect(changes(values, { ...values, format: "meta" })).toEqual({ format: "meta" });
    expect(changes(values, { ...values, wati_version: "2" })).toEqual({ wati_version: 2 });
  });
  it("begins with what the company has set", () => {
    expect(bodyOf(newValues({ timeout_ms: 9000, schedule: "meta" }))).toMatchObject({ timeout_ms: 9000, schedule: "meta" });
    expect(bodyOf(newValues(null))).toMatchObject({ timeout_ms: null, schedule: "standard", description: null });
    expect(bodyOf(newValues(null))).not.toHaveProperty("secret");
  });
});

describe("what cannot be said", () => {
  it("is a name twice, or a wait that is none", () => {
    const values = newValues(null);
    expect(unsayable({ ...values, headers: [pair("X-A", "1"), pair("X-A", "2")] })).toEqual({ twice: { field: "headers", name: "X-A" } });
    expect(unsayable({ ...values, schedule: "custom", waits: "10 s, soon" })).toEqual({ wait: "soon" });
    expect(unsayable({ ...values, waits: "soon", wati_names: [pair("a", "1"), pair("a", "2")] })).toEqual({});
  });
});

describe("what was typed while it was being saved", () => {
  const sent = { ...valuesOf(VIEW), description: "CRM 2", schedule: "custom" as const, waits: "10s" };
  const saved = valuesOf({ ...VIEW, description: "CRM 2", schedule: { custom_seconds: [10] } });
  it("stays, and is what is sent next", () => {
    const now = { ...sent, url: "https://b.example/", headers: [...sent.headers, pair("X-New", "1")] };
    const after = stillTyped(sent, now, saved);
    expect(after).toMatchObject({ url: "https://b.example/", description: "CRM 2", waits: "10 s" });
    expect(changes(saved, after)).toEqual({ url: "https://b.example/", headers: { "X-Tenant": "••••••••", "X-New": "1" } });
  });
  it("is nothing where nothing was", () => expect(stillTyped(sent, { ...sent }, saved)).toEqual(saved));
});
