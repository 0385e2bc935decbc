import { expect, it } from "vitest";

import { bulkRefused, deliverySearch, filterOf, pickOf } from "./filter";

const now = new Date("2026-11-20T14:00:00.000Z");
const filter = (search: object) => filterOf(deliverySearch.parse(search));

it("keeps only what is chosen, so that two ways to the same list are one", () => {
  expect(filter({ q: "", state: "held", open: `dlv_${"0".repeat(26)}`, company: "cmp_1" })).toEqual({ state: "held" });
});

it("gives a job what it can take, told as moments", () => {
  const picked = pickOf(filter({ endpoint_id: "ep_1", state: "exhausted", since: "1h" }), now);
  expect(picked).toEqual({ pick: { endpoint_id: "ep_1", state: "exhausted", since: "2026-11-20T13:00:00.000Z" }, left: [] });
});

it("names what a job cannot take", () => {
  expect(pickOf(filter({ q: "919876543210", type: "message.*", status_code: "5xx", state: "pending" }), now).left).toEqual(["q", "type", "status_code"]);
});

it("knows what the server refuses", () => {
  expect(bulkRefused("retry", {})).toBe("noFilter");
  expect(bulkRefused("retry", { state: "held" })).toBe("held");
  expect(bulkRefused("retry", { state: "delivered" })).toBeNull();
  expect(bulkRefused("cancel", { state: "delivered" })).toBe("noCancel");
  expect(bulkRefused("cancel", { endpoint_id: "ep_1" })).toBeNull();
  expect(bulkRefused("cancel", { since: "2026-11-20T14:00:00Z", until: "2026-11-20T13:00:00Z" })).toBe("span");
});
