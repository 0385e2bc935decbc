import { describe, expect, it } from "vitest";

import { parse } from "./form";

describe("parse", () => {
  it("takes nothing and objects, and says what is wrong with the rest", () => {
    expect(parse(" \n")).toEqual({ value: null });
    expect(parse('{"a":1}')).toEqual({ value: { a: 1 } });
    expect(parse("[1]")).toMatchObject({ fault: "notObject" });
    expect(parse('{"a":}')).toMatchObject({ fault: "notJson" });
  });
});
