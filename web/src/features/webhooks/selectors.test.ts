import { expect, it } from "vitest";

import { coveredBy, covers, groupTypes, searchGroups, withSelector } from "./selectors";

const type = (name: string, built_in = true) => ({ name, description: `About ${name}.`, built_in, sample: {}, validation: "off" as const });
const TYPES = [type("endpoint.defective"), type("message.received"), type("session.started"), type("message.read"), type("order.shipped", false)];

it("takes by name, prefix and star, but operational ones never by the star", () => {
  expect([covers("*", "message.read"), covers("*", "endpoint.defective"), covers("endpoint.*", "endpoint.defective")]).toEqual([true, false, true]);
  expect([covers("message.*", "messages.read"), covers("message.read", "message.read")]).toEqual([false, true]);
  expect(coveredBy(["message.read", "*"], "message.read")).toBe("*");
  expect(coveredBy(["message.read"], "message.read")).toBeNull();
});

it("groups by the first word, own types first and operational ones last", () => {
  expect(groupTypes(TYPES).map((group) => [group.prefix, group.types.length])).toEqual([
    ["order.*", 1], ["message.*", 2], ["session.*", 1], ["endpoint.*", 1],
  ]);
});

it("searches in names and descriptions, all words", () => {
  expect(searchGroups(groupTypes(TYPES), "about READ").flatMap((group) => group.types.map((each) => each.name))).toEqual(["message.read"]);
  expect(searchGroups(groupTypes(TYPES), "nothing of it")).toEqual([]);
});

it("a wider selector takes the place of what it covers", () => {
  expect(withSelector(["message.read", "order.shipped", "endpoint.*"], "message.*")).toEqual(["order.shipped", "endpoint.*", "message.*"]);
  expect(withSelector(["message.*", "endpoint.defective"], "*")).toEqual(["endpoint.defective", "*"]);
  expect(withSelector(["message.eu.*", "message.eu"], "message.*")).toEqual(["message.*"]);
  expect(withSelector(["message.*"], "message.read")).toEqual(["message.*", "message.read"]);
});
