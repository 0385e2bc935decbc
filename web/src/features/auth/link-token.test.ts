import { expect, it } from "vitest";

import { tokenIn } from "./link-token";

it("finds the token of a link, wherever it is pasted from", () => {
  expect(tokenIn("token=aB3-_x")).toBe("aB3-_x");
  expect(tokenIn("https://hooks.example/invitation#token=aB3-_x")).toBe("aB3-_x");
  expect(tokenIn("  aB3-_x\n")).toBe("aB3-_x");
  expect(tokenIn("link https://hooks.example/reset-password#token=aB3-_x until 14:00")).toBe("aB3-_x");
});

it("takes nothing that cannot be one", () => {
  for (const text of ["", "   ", "two words", "<script>", "a".repeat(129), "https://hooks.example/invitation"]) expect(tokenIn(text), text).toBeNull();
});
