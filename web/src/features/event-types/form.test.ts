import { describe, expect, it } from "vitest";

import { parse, toValues } from "./form";
import type { EventType } from "./queries";

describe("parse", () => {
  it("takes nothing and objects, and says what is wrong with the rest", () => {
    expect(parse(" \n")).toEqual({ value: null });
    expect(parse('{"a":1}')).toEqual({ value: { a: 1 } });
    expect(parse("[1]")).toMatchObject({ fault: "notObject" });
    expect(parse('{"a":}')).toMatchObject({ fault: "notJson" });
  });
});

describe("toValues", () => {
  it("edits what the server wrote, also numbers that JavaScript cannot hold", () => {
    const type = { name: "order.paid", description: "", built_in: false, sample: {}, validation: "off", created_at: "2026-11-20T14:00:00Z" } as unknown as EventType;
    expect(toValues({ type, sample: '{"n": 12345678901234567890}', schema: null })).toMatchObject({ sample: '{"n": 12345678901234567890}', schema: "" });
  });
});
