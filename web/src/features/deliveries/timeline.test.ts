import { expect, it } from "vitest";

import type { Attempt } from "./queries";
import { timeline, type TimelineRow } from "./timeline";

const attempt = (number: number, outcome: string): Attempt => ({
  id: `att_${number}`, number, started_at: "2026-11-20T14:00:00Z", duration_ms: 3,
  status_code: /^\d+$/.test(outcome) ? Number(outcome) : null,
  error: outcome === "200" ? null : { kind: /^\d+$/.test(outcome) ? "status" : "connect", message: outcome },
  request: { method: "POST", url: "https://a.example/", headers: {}, body: "{}" },
  response: { headers: {}, body: "", encoding: "utf-8", truncated: false },
});
const attempts = (...outcomes: string[]): Attempt[] => outcomes.map((outcome, index) => attempt(index + 1, outcome));
const shown = (rows: TimelineRow[]): string =>
  rows.map((row) => (row.kind === "one" ? `${row.attempt.number}` : `${row.attempts[0]?.number}–${row.attempts.at(-1)?.number}`)).join(" ");
const many = (times: number, outcome: string): string[] => Array.from({ length: times }, () => outcome);

it("draws dashboard.md's example", () => {
  expect(shown(timeline(attempts(...many(36, "refused"), "503")))).toBe("1 2–36 37");
});

it("keeps the last attempt by itself, also of 145 alike", () => {
  expect(shown(timeline(attempts(...many(145, "refused"))))).toBe("1 2–144 145");
});

it("groups only what stands in a row", () => {
  expect(shown(timeline(attempts(...many(5, "503"), "200", ...many(5, "503"), "200")))).toBe("1 2–5 6 7 8–11 12");
  expect(shown(timeline(attempts("503", "refused", "503", "refused")))).toBe("1 2 3 4");
});

it("does not hide a few", () => {
  expect(shown(timeline(attempts("503", "503", "503", "200")))).toBe("1 2 3 4");
  expect(shown(timeline([]))).toBe("");
});

it("takes failures that differ by a number of bytes as alike", () => {
  expect(shown(timeline(attempts(...[1, 2, 3, 4, 5, 6].map((n) => `it had sent ${n} bytes`))))).toBe("1 2–5 6");
});

it("loses no attempt", () => {
  const rows = timeline(attempts(...many(7, "503"), ...many(9, "refused"), ...many(2, "500"), "200"));
  const numbers = rows.flatMap((row) => (row.kind === "one" ? [row.attempt.number] : row.attempts.map((each) => each.number)));
  expect(numbers).toEqual(Array.from({ length: 19 }, (_, index) => index + 1));
});
