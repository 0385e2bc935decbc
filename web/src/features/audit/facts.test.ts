import { describe, expect, it } from "vitest";

import { changesOf, detailsOf } from "./facts";

describe("facts of a line", () => {
  it("tell before and after by field", () => {
    expect(changesOf({ changed: { event_types: [["*"], ["message.*", "x"]], timeout_ms: [null, 8000], filter: [null, { all: [] }] } })).toEqual([
      { field: "event_types", before: "*", after: "message.*, x" },
      { field: "timeout_ms", before: null, after: "8000" },
      { field: "filter", before: null, after: '{"all":[]}' },
    ]);
  });

  it("tell the rest as texts, lists also where they came as text", () => {
    expect(detailsOf({ changed: ["description"], scopes: '["events:write","admin"]', has_schema: true, note: "[not a list" })).toEqual([
      { name: "changed", value: "description" },
      { name: "scopes", value: "events:write, admin" },
      { name: "has schema", value: "true" },
      { name: "note", value: "[not a list" },
    ]);
    expect(changesOf({ changed: ["description"] })).toEqual([]);
  });
});
