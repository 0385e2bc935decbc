import { describe, expect, it } from "vitest";

import { findingsOf, verdictOf } from "./signature";

describe("what the server found about a signature", () => {
  it("is read word by word", () => {
    const signature = { verdict: "wrong", webhook_signature: "timestamp_off", x_hub_signature_256: "verified" };
    expect(verdictOf(signature)).toBe("wrong");
    expect(findingsOf(signature).map((each) => each.finding)).toEqual(["timestamp_off", "verified"]);
  });
  it("never counts as verified where the word is not known", () => {
    const signature = { verdict: "splendid", webhook_signature: "fine", x_hub_signature_256: "" };
    expect(verdictOf(signature)).toBe("unknown");
    expect(findingsOf(signature).map((each) => each.finding)).toEqual(["unknown", "unknown"]);
  });
});
