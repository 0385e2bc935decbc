import { describe, expect, it } from "vitest";

import { expiresAt, stateOf } from "./token";

const now = Date.parse("2026-11-28T12:00:00Z");

describe("stateOf", () => {
  it("is active until it is revoked or its time has come", () => {
    expect(stateOf({}, now)).toBe("active");
    expect(stateOf({ expires_at: "2026-11-28T12:00:01Z" }, now)).toBe("active");
    expect(stateOf({ expires_at: "2026-11-28T12:00:00Z" }, now)).toBe("expired");
    expect(stateOf({ revoked_at: "2026-11-01T00:00:00Z", expires_at: "2026-11-02T00:00:00Z" }, now)).toBe("revoked");
  });
});

describe("expiresAt", () => {
  it("counts days, takes a day to its end, and leaves what is no day to the server", () => {
    expect(expiresAt("never", "", now)).toBeNull();
    expect(expiresAt("30", "", now)).toBe("2026-12-28T12:00:00.000Z");
    expect(expiresAt("date", "2026-12-01", now)).toBe(new Date("2026-12-01T23:59:59").toISOString());
    expect(expiresAt("date", "", now)).toBe("");
  });
});
