import { expect, it } from "vitest";

import { doEach, type Summary } from "./each";

it("goes on after one that is refused, and says why", async () => {
  const told: Summary[] = [];
  const act = (id: string): Promise<void> => (id === "b" ? Promise.reject(new Error("it is over")) : Promise.resolve());
  const summary = await doEach(["a", "b", "c"], act, (each) => told.push(each), () => false);
  expect(summary).toEqual({ done: 2, refused: [{ id: "b", why: "it is over" }], stopped: false });
  expect(told.map((each) => each.done)).toEqual([1, 1, 2]);
});

it("stops between two", async () => {
  let asked = 0;
  const summary = await doEach(["a", "b"], () => Promise.resolve(), () => undefined, () => (asked += 1) > 1);
  expect(summary).toEqual({ done: 1, refused: [], stopped: true });
});
