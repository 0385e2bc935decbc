import { expect, it } from "vitest";

import { ownPath } from "./back";

const ORIGIN = "https://hooks.example";

it("leads back to a path of our own, with its search and hash", () => {
  for (const path of ["/", "/webhooks", "/events?q=%2B49&company=cmp_1#top", "/deliveries?to=https://a.example/x"]) {
    expect(ownPath(path, ORIGIN)).toBe(path);
  }
});

it("refuses whatever leads to another site, or to the login itself", () => {
  const refused = [
    undefined, "", "webhooks", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "/a\\..\\..\\evil.example",
    "https://evil.example", "https:evil.example", "HTTPS://hooks.example/", "javascript:alert(1)", "data:text/html,x", " //evil.example",
    "/\t/evil.example", "/\n/evil.example", "/..//evil.example", "/a/..//evil.example", "@evil.example", "/login", "/login?back=/",
  ];
  for (const path of refused) expect(ownPath(path, ORIGIN), path).toBeNull();
});
