import { expect, it } from "vitest";

import { ApiProblem } from "@/api/problem";

import { doEach, type Summary, without } from "./each";

it("goes on after one that is refused, and says why", async () => {
  const told: Summary[] = [];
  const act = (id: string): Promise<void> => (id === "b" ? Promise.reject(new Error("it is over")) : Promise.resolve());
  const summary = await doEach(["a", "b", "c"], act, (each) => told.push(each), () => false);
  expect(summary).toEqual({ done: ["a", "c"], refused: [{ id: "b", why: "it is over" }], stopped: false });
  expect(told.map((each) => each.done.length)).toEqual([1, 1, 2]);
});

it("stops between two", async () => {
  let asked = 0;
  const summary = await doEach(["a", "b"], () => Promise.resolve(), () => undefined, () => (asked += 1) > 1);
  expect(summary).toEqual({ done: ["a"], refused: [], stopped: true });
});

it("ends when the login has ended, and has told what was done until then", async () => {
  const ended = new ApiProblem({ type: "about:blank", title: "No", status: 401, detail: "No", code: "unauthorized", errors: [] }, null);
  const asked: string[] = [];
  const told: Summary[] = [];
  const act = (id: string): Promise<void> => (asked.push(id) === 2 ? Promise.reject(ended) : Promise.resolve());
  await expect(doEach(["a", "b", "c"], act, (each) => told.push(each), () => false)).rejects.toBe(ended);
  expect([asked, told.at(-1)?.done]).toEqual([["a", "b"], ["a"]]);
});

it("leaves selected what was not done", () => {
  expect(without({ a: true, b: true, c: true }, ["a", "c"])).toEqual({ b: true });
});
