import { describe, expect, it } from "vitest";

import { unreachableForMeta } from "./state";

describe("unreachableForMeta", () => {
  it.each([
    ["https://hooks.acme.example/in/a/b", null],
    ["http://hooks.acme.example/in/a/b", "http"],
    ["http://127.0.0.1:8080/in/a/b", "local"],
    ["https://localhost/in/a/b", "local"],
    ["https://172.20.1.1/in/a/b", "local"],
    ["https://172.32.1.1/in/a/b", null],
    ["http://[::1]:8080/in/a/b", "local"],
  ])("%s: %s", (url, why) => expect(unreachableForMeta(url)).toBe(why));
});
