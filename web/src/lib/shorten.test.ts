import { expect, it } from "vitest";

import { shorten } from "./shorten";

it("leaves out the middle, and nothing of what is short", () => {
  expect(shorten("wamid.HRgMOTE5ODc2NTQzMjEwFQIAEhgg2C298436F0AA", 16)).toBe("wamid.HR…436F0AA");
  expect(shorten("order-7", 16)).toBe("order-7");
  expect(shorten("x".repeat(100), 34)).toHaveLength(34);
});
