import { expect, it } from "vitest";

import { countStandings, filterRows, listRows, shownUrl } from "./list";

const endpoint = (id: string, description: string, status: string, streak = 0) => ({
  id, description, status, streak, url: `https://${id}.example/%D8%A7`, event_types: ["message.read"], format: "hookferry", session: "any", headers: {}, timeout_ms: 5000,
  acknowledge: "any_2xx", schedule: "standard" as const, ordered: false, created_at: "2026-11-28T00:00:00Z", updated_at: "2026-11-28T00:00:00Z",
});
const STATS = { since: "2026-11-27T00:00:00Z", until: "2026-11-28T00:00:00Z", step_seconds: 3600, byId: {} };
const ROWS = listRows([endpoint("c", "shop 10", "enabled"), endpoint("b", "Shop 9", "enabled", 3), endpoint("a", "Zoo", "defective", 103), endpoint("d", "", "paused", 7)], STATS);

it("has the Defective first and the others by name", () => {
  expect(ROWS.map((row) => row.endpoint.id)).toEqual(["a", "d", "b", "c"]);
  expect(ROWS.map((row) => row.standing)).toEqual(["defective", "paused", "failing", "working"]);
});

it("counts what there is", () => {
  expect(countStandings(ROWS)).toEqual([{ standing: "working", count: 1 }, { standing: "defective", count: 1 }, { standing: "failing", count: 1 }, { standing: "paused", count: 1 }]);
});

it("filters by standing and by every word, letters in URLs as they are read", () => {
  expect(filterRows(ROWS, { status: "failing" }).map((row) => row.endpoint.id)).toEqual(["b"]);
  expect(filterRows(ROWS, { q: " SHOP message.r" }).map((row) => row.endpoint.id)).toEqual(["b", "c"]);
  expect(filterRows(ROWS, { q: "d.example/ا" }).map((row) => row.endpoint.id)).toEqual(["d"]);
  expect(filterRows(ROWS, { q: "shop", status: "paused" })).toEqual([]);
});

it("reads URLs, and leaves alone what is none", () => {
  expect(shownUrl("https://a.example/%D8%A7?q=%26")).toBe("https://a.example/ا?q=%26");
  expect(shownUrl("https://a.example/%ff")).toBe("https://a.example/%ff");
});
