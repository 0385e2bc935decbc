import { expect, it } from "vitest";

import { type ListPage, missing, pagesInSight, placesOf, rowsOf } from "./long-list-pages";

type Row = { id: string; state?: string };
const page = (ids: string, at = 1, state?: string): ListPage<Row> => ({ rows: [...ids].map((id) => ({ id, state })), cut: false, next: null, at });
const ids = (rows: Row[]): string => rows.map((row) => row.id).join("");

it("shows a row of two pages once, as the newer page has it", () => {
  const rows = rowsOf([page("abc", 1, "pending"), page("cde", 2, "delivered"), page("ef", 1, "pending")]);
  expect(ids(rows)).toBe("abcdef");
  expect(rows.map((row) => row.state).join()).toBe("pending,pending,delivered,delivered,delivered,pending");
});

it("finds the pages of the rows in sight", () => {
  const pages = placesOf([page("abc"), page("cde"), page("fgh")]);
  expect(pagesInSight(pages, { first: 0, last: 2 })).toEqual([0]);
  expect(pagesInSight(pages, { first: 2, last: 3 })).toEqual([0, 1]);
  expect(pagesInSight(pages, { first: 6, last: 7 })).toEqual([2]);
});

it("passes over pages without rows of their own, as cut searches give", () => {
  expect(pagesInSight(placesOf([page(""), page("abc"), page("")]), { first: 0, last: 1 })).toEqual([1]);
});

it("counts what has come above", () => {
  const known = [{ id: "c" }, { id: "b" }];
  expect(missing(known, [{ id: "e" }, { id: "d" }, { id: "c" }])).toBe(2);
  expect(missing(known, [{ id: "z" }, { id: "y" }])).toBe(2);
  expect(missing([], [{ id: "a" }])).toBe(1);
  expect(missing(known, known)).toBe(0);
});
