import { expect, it } from "vitest";

import { canCancel, retryReason } from "./capabilities";
import type { Attempt, Delivery } from "./queries";

const enabled = { status: "enabled" };
const delivery = (change: Partial<Delivery>): Delivery => ({ id: "dlv_1", event_id: "evt_1", endpoint_id: "ep_1", event_type: "message.read", state: "pending", tries: 1, max_tries: 145, created_at: "2026-11-20T14:00:00Z", ...change });
const attempt = (body: string | null): Attempt => ({ id: "att_1", number: 1, started_at: "2026-11-20T14:00:00Z", duration_ms: 3, request: { method: "POST", url: "https://a.example/", headers: {}, body }, response: { headers: {}, body: "", encoding: "utf-8", truncated: false } });

it("retries what is pending or over", () => {
  for (const state of ["pending", "delivered", "exhausted", "canceled"]) expect(retryReason(delivery({ state }), enabled)).toBeNull();
});

it("says why not", () => {
  expect(retryReason(delivery({ state: "held" }), enabled)).toBe("held");
  expect(retryReason(delivery({ state: "exhausted" }), { status: "paused" })).toBe("held");
  expect(retryReason(delivery({}), "deleted")).toBe("deleted");
  expect(retryReason(delivery({ state: "expired" }), enabled)).toBe("expired");
  expect(retryReason(delivery({ waiting_for: "dlv_2" }), enabled)).toBe("waits");
  expect(retryReason(delivery({ state: "exhausted", attempts: [attempt(null)] }), enabled)).toBe("gone");
  expect(retryReason(delivery({ state: "exhausted", attempts: [attempt("{}")] }), { status: "defective" })).toBeNull();
});

it("cancels only what is not over", () => {
  expect(["pending", "held", "delivered", "exhausted", "expired", "canceled"].filter((state) => canCancel(delivery({ state })))).toEqual(["pending", "held"]);
});
