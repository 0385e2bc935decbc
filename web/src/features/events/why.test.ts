import { expect, it } from "vitest";

import type { EndpointWhy } from "./queries";
import { byReason, byState } from "./why";

const why = (endpoint_id: string, reason: string | null): EndpointWhy => ({
  endpoint_id, url: "https://a.example/", description: "", status: "enabled", matched: reason === null, deliveries: [], reason, detail: reason && `because of ${reason}`,
});

it("groups by reason, the least expected first", () => {
  const groups = byReason([why("a", "type_not_picked"), why("b", null), why("c", "disabled"), why("d", "type_not_picked")]);
  expect(groups.map((group) => [group.reason, group.webhooks.map((each) => each.endpoint_id).join("")])).toEqual([["disabled", "c"], ["type_not_picked", "ad"]]);
});

it("keeps a reason that it does not know, with the server's words", () => {
  expect(byReason([why("a", "moon")])[0]).toMatchObject({ reason: null, detail: "because of moon" });
});

it("counts deliveries by state", () => {
  expect(byState([{ state: "pending" }, { state: "delivered" }, { state: "pending" }])).toEqual([["delivered", 1], ["pending", 2]]);
});
