import { expect, it } from "vitest";
import * as z from "zod/mini";

import { chosen, eventType, fromLocalInput, isEventType, isStatusCode, moment, oneOf, resolve, statusCode, text, toLocalInput } from "./list-search";

const search = z.object({ q: text(), type: eventType, state: oneOf(["pending", "held"]), status_code: statusCode, since: moment });

it("takes what a link says", () => {
  const link = { q: "wamid.HBgM", type: "message.*", state: "held", status_code: "5xx", since: "24h" };
  expect(search.parse(link)).toEqual(link);
  expect(search.parse({ since: "2026-11-20T14:03:12.418Z" })).toEqual({ since: "2026-11-20T14:03:12.418Z" });
});

it("takes numbers as the router reads them", () => {
  expect(search.parse({ q: 919876543210, status_code: 503 })).toMatchObject({ q: "919876543210", status_code: "503" });
});

it("leaves out what is wrong, and shows the rest", () => {
  const read = search.parse({ q: "x".repeat(300), type: "Message", state: "lost", status_code: 999, since: "yesterday" });
  expect(chosen(read)).toEqual({});
  expect(chosen(search.parse({ q: " evt_1 ", state: ["held"] }))).toEqual({ q: "evt_1" });
});

it("tells what a span means now, and leaves a moment as it is", () => {
  const now = new Date("2026-11-20T14:00:00Z");
  expect(resolve("1h", now)).toBe("2026-11-20T13:00:00.000Z");
  expect(resolve("2026-11-19T00:00:00Z", now)).toBe("2026-11-19T00:00:00Z");
  expect(resolve(undefined, now)).toBeUndefined();
});

it("gives an input the viewer's own time and takes it back", () => {
  const iso = "2026-11-20T14:03:00.000Z";
  expect(fromLocalInput(toLocalInput(iso))).toBe(iso);
  expect(toLocalInput("24h")).toBe("");
  expect(fromLocalInput("")).toBeUndefined();
});

it("knows of what is typed just what a link may say", () => {
  for (const typed of ["message.read", "message.*", "Message.Read", "message.", "*", "x".repeat(131)]) expect(isEventType(typed)).toBe(search.parse({ type: typed }).type === typed);
  for (const typed of ["503", "5xx", "50", "5XX", "600"]) expect(isStatusCode(typed)).toBe(search.parse({ status_code: typed }).status_code === typed);
  expect([isEventType("Message.Read"), isStatusCode("50")]).toEqual([false, false]);
});
