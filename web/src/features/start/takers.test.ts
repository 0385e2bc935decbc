import { expect, it } from "vitest";

import type { Endpoint } from "@/api/endpoints";

import { takersOf } from "./takers";

const endpoint = (id: string, event_types: string[], status = "enabled") => ({ id, event_types, status }) as Endpoint;

it("finds the webhooks that a real event would go to", () => {
  const endpoints = [
    endpoint("all", ["*"]), endpoint("prefix", ["status.read", "message.*"]), endpoint("name", ["message.received"]), endpoint("other", ["messages.*", "message.read"]),
    endpoint("paused", ["*"], "paused"), endpoint("defective", ["*"], "defective"), endpoint("off", ["*"], "disabled"),
  ];
  expect(takersOf(endpoints, "message.received").map(({ id }) => id)).toEqual(["all", "prefix", "name", "paused", "defective"]);
});
