import { describe, expect, it } from "vitest";

import type { Endpoint } from "@/api/endpoints";
import type { Inbox } from "@/api/inboxes";

import { progressOf } from "./progress";

const inbox = (name: string): Inbox => ({
  id: `inb_${name}`, url: `http://hooks.example/inbox/${name}`, answer_status: 200, answer_delay_ms: 0,
  created_at: "2026-11-20T14:00:00Z", expires_at: "2026-11-27T14:00:00Z", requests_kept: 0,
});
const webhook = (id: string, url: string, status = "enabled") => ({ id, url, status }) as Endpoint;

describe("how far a first delivery is", () => {
  it("begins with an inbox", () => {
    expect(progressOf([], [webhook("ep_1", "https://crm.example/")])).toEqual({ step: "inbox", inbox: null });
  });
  it("goes on with an inbox that has no webhook yet", () => {
    expect(progressOf([inbox("a")], [])).toEqual({ step: "inbox", inbox: inbox("a") });
  });
  it("takes the newest inbox that a webhook sends to, and one that is enabled", () => {
    const endpoints = [webhook("ep_1", inbox("a").url, "disabled"), webhook("ep_2", inbox("a").url)];
    const progress = progressOf([inbox("b"), inbox("a")], endpoints);
    expect(progress.step === "sample" && [progress.inbox.id, progress.webhook.id]).toEqual(["inb_a", "ep_2"]);
  });
});
