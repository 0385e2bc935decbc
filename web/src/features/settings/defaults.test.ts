import { describe, expect, it } from "vitest";

import { toBody, toValues } from "./defaults";

describe("defaults of new webhooks", () => {
  it.each([
    { timeout_ms: null, schedule: null },
    { timeout_ms: 8000, schedule: "standard" as const },
    { timeout_ms: 1000, schedule: "meta" as const },
    { timeout_ms: null, schedule: { custom_seconds: [10, 60] } },
  ])("come back from the form as they were: %j", (defaults) => expect(toBody(toValues(defaults))).toEqual(defaults));

  it("leave what is no number to the server", () => {
    expect(JSON.stringify(toBody({ timeout_ms: "", choice: "custom", waits: "10; soon" }).schedule)).toBe('{"custom_seconds":[10,null]}');
  });
});
