import { describe, expect, it } from "vitest";

import { areNumbers, toBody, toValues } from "./defaults";

describe("defaults of new webhooks", () => {
  it.each([
    { timeout_ms: null, schedule: null },
    { timeout_ms: 8000, schedule: "standard" as const },
    { timeout_ms: 1000, schedule: "meta" as const },
    { timeout_ms: null, schedule: { custom_seconds: [10, 60] } },
  ])("come back from the form as they were: %j", (defaults) => expect(toBody(toValues(defaults))).toEqual(defaults));

  it("are numbers, however they are separated", () => {
    expect(toBody({ timeout_ms: "", choice: "custom", waits: "10; 60 600," }).schedule).toEqual({ custom_seconds: [10, 60, 600] });
    expect(areNumbers("10, 60.5")).toBe(true);
    expect(areNumbers("10, soon")).toBe(false);
  });
});
