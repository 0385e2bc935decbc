import { keepPreviousData, queryOptions } from "@tanstack/react-query";

import { api, type Schemas, unwrap } from "@/api/client";
import type { Endpoint } from "@/api/endpoints";
import { createInbox, createInboxWebhook, type Inbox, inboxRequestQuery } from "@/api/inboxes";
import { isObject } from "@/lib/json";

/** What both ways of sending carry: the commonest event. */
export const TYPE = "message.received";

/** An inbox, unless there is one that waits for its webhook, and the webhook. */
export async function makeFirst(inbox: Inbox | null, name: string): Promise<Endpoint> {
  return createInboxWebhook(inbox ?? (await createInbox()), name);
}

export type Sent = { sample: Schemas["SampleView"]; event?: undefined } | { event: Schemas["AcceptedView"]; sample?: undefined };

/** A trial of the webhook that leaves no trace. */
export async function sendSample(webhook: Pick<Endpoint, "id">): Promise<Sent> {
  const sample = await unwrap(api.POST("/api/v1/endpoints/{id}/sample", { params: { path: { id: webhook.id } }, body: { event_type: TYPE } }));
  return { sample };
}

/** An event as it might come from a source, with the data of its type's sample. */
export async function sendEvent(): Promise<Sent> {
  const type = await unwrap(api.GET("/api/v1/event-types/{name}", { params: { path: { name: TYPE } } }));
  // The contact is what it is found by later, as events of Meta's are.
  const event = await unwrap(api.POST("/api/v1/events", { body: { type: TYPE, data: type.sample, subject: contactOf(type.sample) } }));
  return { event };
}

function contactOf(sample: unknown): string | null {
  const contact = isObject(sample) ? sample.contact : null;
  return isObject(contact) && typeof contact.wa_id === "string" ? contact.wa_id : null;
}

/** The newest request of an inbox, whole; nothing to ask for while there is none. */
export const newestQuery = (inbox: string, request: string | undefined) =>
  queryOptions({ ...inboxRequestQuery(inbox, request ?? ""), enabled: request !== undefined, placeholderData: keepPreviousData });
