import { describe, expect, it } from "vitest";

import { sendsTo } from "./inboxes";

describe("whether a webhook sends to an inbox", () => {
  const inbox = { url: "http://hooks.example/inbox/abc" };
  it("is so for its URL and what stands behind it", () => {
    for (const rest of ["", "/more", "?a=1"]) expect(sendsTo({ url: inbox.url + rest }, inbox)).toBe(true);
  });
  it("is not so for another inbox that begins alike", () => {
    expect(sendsTo({ url: `${inbox.url}d` }, inbox)).toBe(false);
    expect(sendsTo({ url: "http://crm.example/" }, inbox)).toBe(false);
  });
});
