import { expect, it } from "vitest";

import { rawMember, withRaw } from "./json-member";

it("gives numbers as they were written", () => {
  const json = '{"id":"evt_1", "data": {"n": 12345678901234567890, "f": 1.00},"z":null}';
  expect(rawMember(json, "data")).toBe('{"n": 12345678901234567890, "f": 1.00}');
  expect(rawMember(json, "id")).toBe('"evt_1"');
  expect(rawMember(json, "z")).toBe("null");
});

it("is not misled by brackets, quotes and names in strings", () => {
  const json = '{"a":"} \\" {\\"data\\":1}","b":[{"data":2},[]],"data":{"x":"]"}}';
  expect(rawMember(json, "data")).toBe('{"x":"]"}');
  expect(rawMember(json, "b")).toBe('[{"data":2},[]]');
  expect(rawMember(json, "c")).toBeNull();
});

it("takes every kind of value", () => {
  const json = '{"t":true,"n":-1.5e3,"o":{},"l":[1,2],"s":"","last":7}';
  const values = ["t", "n", "o", "l", "s", "last"].map((name) => rawMember(json, name));
  expect(values).toEqual(["true", "-1.5e3", "{}", "[1,2]", '""', "7"]);
  expect(rawMember("{}", "a")).toBeNull();
});

it("sends a member as it was typed, and the rest as it is", () => {
  expect(withRaw({ name: "a", sample: { n: 1 }, schema: undefined, other: null }, { sample: '{"n":12345678901234567890}' })).toBe('{"name":"a","sample":{"n":12345678901234567890},"other":null}');
  expect(withRaw({ name: "a" }, { sample: "{}" })).toBe('{"name":"a"}');
});
