import type { Endpoint } from "@/api/endpoints";
import { type Inbox, sendsTo } from "@/api/inboxes";

/** How far a company is on its way to a first delivery: told from what is there, so that it survives a reload. */
export type Progress =
  | { step: "inbox"; inbox: Inbox | null }
  | { step: "sample"; inbox: Inbox; webhook: Endpoint };

/** The newest inbox that a webhook sends to; else an inbox that waits for one. */
export function progressOf(inboxes: readonly Inbox[], endpoints: readonly Endpoint[]): Progress {
  for (const inbox of inboxes) {
    const webhooks = endpoints.filter((endpoint) => sendsTo(endpoint, inbox));
    const webhook = webhooks.find((each) => each.status === "enabled") ?? webhooks[0];
    if (webhook !== undefined) return { step: "sample", inbox, webhook };
  }
  return { step: "inbox", inbox: inboxes[0] ?? null };
}
