import { describe, expect, it } from "vitest";

import { stageOf } from "./mail";

const now = Date.parse("2026-11-28T12:00:00Z");
const past = "2026-11-28T11:59:00Z";
const later = "2026-11-28T18:00:00Z";

describe("stageOf", () => {
  it.each([
    [{ state: "sent", due_at: past, tries: 1 }, true, "sent"],
    [{ state: "undone", due_at: later, tries: 0 }, true, "undone"],
    [{ state: "failed", due_at: past, tries: 30 }, true, "failed"],
    [{ state: "queued", due_at: later, tries: 0 }, true, "held"],
    [{ state: "queued", due_at: later, tries: 3 }, true, "retrying"],
    [{ state: "queued", due_at: past, tries: 0 }, true, "queued"],
    [{ state: "queued", due_at: past, tries: 0 }, false, "kept"],
  ] as const)("%j, mail server %s: %s", (mail, sends, stage) => expect(stageOf(mail, sends, now)).toBe(stage));
});
