import { expect, it } from "vitest";

import { refusalOf } from "@/lib/refusal";

import { ApiProblem, Unreachable } from "./problem";

const problem = (status: number, retryAfter: number | null = null) =>
  new ApiProblem({ type: "about:blank", title: "No", status, detail: "No", code: "any", errors: [] }, retryAfter);

it("tells errors of the API by their shape", () => {
  expect(refusalOf(new Unreachable(null))).toEqual({ kind: "unreachable" });
  expect(refusalOf(problem(404))).toEqual({ kind: "missing" });
  expect(refusalOf(problem(403))).toEqual({ kind: "forbidden" });
  expect(refusalOf(problem(500))).toEqual({ kind: "other" });
  expect(refusalOf(new Error("a preview made a job"))).toEqual({ kind: "other" });
});

it("names a time only where the server did", () => {
  expect(refusalOf(problem(429, 7))).toEqual({ kind: "busy", seconds: 7 });
  expect(refusalOf(problem(503))).toEqual({ kind: "busy", seconds: null });
});
