import { queryOptions } from "@tanstack/react-query";

import { api, type Schemas, unwrap } from "@/api/client";
import type { Endpoint } from "@/api/endpoints";
import { createInbox, createInboxWebhook } from "@/api/inboxes";

import { bodyOf, changes, type WebhookValues } from "./values";

/** Every event type that can be picked. */
export const pickableTypesQuery = queryOptions({
  queryKey: ["eventTypes", "pickable"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/v1/event-types", { signal })),
  staleTime: 60_000,
});

/** What new webhooks begin with. */
export const endpointDefaultsQuery = queryOptions({
  queryKey: ["settings", "endpoint-defaults"],
  queryFn: async ({ signal }): Promise<Schemas["EndpointDefaultsView"]> => (await unwrap(api.GET("/api/v1/settings", { signal }))).endpoint_defaults,
  staleTime: 60_000,
});

export const webhookQuery = (id: string) =>
  queryOptions({
    queryKey: ["endpoints", "one", id],
    queryFn: ({ signal }) => unwrap(api.GET("/api/v1/endpoints/{id}", { params: { path: { id } }, signal })),
  });

export function createWebhook(values: WebhookValues): Promise<Endpoint> {
  return unwrap(api.POST("/api/v1/endpoints", { body: bodyOf(values) }));
}

/** Sends only what is another value than before. */
export function changeWebhook(id: string, values: WebhookValues, before: WebhookValues): Promise<Endpoint> {
  return unwrap(api.PATCH("/api/v1/endpoints/{id}", { params: { path: { id } }, body: changes(before, values) }));
}

/** A receiver of our own and a webhook that sends everything to it. One inbox that is there already is taken. */
export async function makeTestInbox(name: string): Promise<void> {
  const inboxes = await unwrap(api.GET("/api/v1/inboxes", { params: { query: { limit: 1 } } }));
  await createInboxWebhook(inboxes.data[0] ?? (await createInbox()), name);
}
