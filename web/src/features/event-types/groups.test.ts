import { describe, expect, it } from "vitest";

import { groupsOf } from "./groups";
import type { EventType } from "./queries";

const type = (name: string, more: Partial<EventType> = {}): EventType => ({ name, description: "", sample: {}, validation: "off", built_in: true, ...more });
const types = [
  type("order.paid", { built_in: false, description: "An order was paid." }),
  type("order.lost", { built_in: false, archived_at: "2026-11-01T00:00:00Z" }),
  type("message.received", { description: "A contact has sent a message." }),
  type("message.read"),
  type("template.status_updated"),
];
const shape = (filter: Parameters<typeof groupsOf>[1]) => groupsOf(types, filter).map(({ word, types }) => [word, types.map(({ name }) => name)]);

describe("groupsOf", () => {
  it("puts the company's own first and leaves the archived ones out", () =>
    expect(shape({})).toEqual([["own", ["order.paid"]], ["message", ["message.received", "message.read"]], ["template", ["template.status_updated"]]]));
  it("shows archived ones where they are wanted", () => expect(shape({ archived: true, q: "order." })).toEqual([["own", ["order.paid", "order.lost"]]]));
  it("finds every word in the name or the description", () => expect(shape({ q: "Message contact" })).toEqual([["message", ["message.received"]]]));
  it("finds nothing where nothing fits", () => expect(shape({ q: "zzz" })).toEqual([]));
});
