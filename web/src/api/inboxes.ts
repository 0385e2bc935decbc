import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";

import { api, done, type Schemas, unwrap } from "./client";
import type { Endpoint } from "./endpoints";
import { useLiveState } from "./live";
import { everyRow, PAGE_ROWS } from "./pages";

export type Inbox = Schemas["InboxView"];
export type InboxRequest = Schemas["InboxRequestView"];
export type InboxRequestSummary = Schemas["InboxRequestSummary"];

/** How often an inbox is asked for what came: the stream tells no requests of inboxes. */
const INBOX_PACE_MS = 2_000;
/** A page of requests: short, for each that is loaded is asked for again. */
const REQUEST_ROWS = 50;

export const inboxesQuery = queryOptions({
  queryKey: ["inboxes", "all"],
  queryFn: ({ signal }) => everyRow<Inbox>((cursor) => unwrap(api.GET("/api/v1/inboxes", { params: { query: { limit: PAGE_ROWS, cursor } }, signal }))),
});

export const inboxQuery = (id: string) =>
  queryOptions({
    queryKey: ["inboxes", "one", id],
    queryFn: ({ signal }) => unwrap(api.GET("/api/v1/inboxes/{id}", { params: { path: { id } }, signal })),
  });

/** What an inbox keeps, newest first. */
export const inboxRequestsQuery = (id: string) =>
  infiniteQueryOptions({
    queryKey: ["inboxes", "requests", id],
    queryFn: ({ pageParam, signal }) =>
      unwrap(api.GET("/api/v1/inboxes/{id}/requests", { params: { path: { id }, query: { limit: REQUEST_ROWS, cursor: pageParam } }, signal })),
    initialPageParam: firstPage(),
    getNextPageParam: (last) => last.next_cursor ?? undefined,
  });

function firstPage(): string | undefined {
  return undefined;
}

/** One request whole. It never changes. */
export const inboxRequestQuery = (id: string, request: string) =>
  queryOptions({
    queryKey: ["inbox-request", id, request],
    queryFn: ({ signal }) => unwrap(api.GET("/api/v1/inboxes/{id}/requests/{request_id}", { params: { path: { id, request_id: request } }, signal })),
    staleTime: Infinity,
  });

export function createInbox(): Promise<Inbox> {
  return unwrap(api.POST("/api/v1/inboxes", { body: {} }));
}

export function changeInbox(id: string, change: Schemas["InboxBody"]): Promise<Inbox> {
  return unwrap(api.PATCH("/api/v1/inboxes/{id}", { params: { path: { id } }, body: change }));
}

export function deleteInbox(id: string): Promise<void> {
  return done(api.DELETE("/api/v1/inboxes/{id}", { params: { path: { id } } }));
}

export function clearInbox(id: string): Promise<void> {
  return done(api.DELETE("/api/v1/inboxes/{id}/requests", { params: { path: { id } } }));
}

/** A webhook that sends everything to an inbox. */
export function createInboxWebhook(inbox: Pick<Inbox, "url">, description: string): Promise<Endpoint> {
  return unwrap(api.POST("/api/v1/endpoints", { body: { url: inbox.url, event_types: ["*"], description } }));
}

/** Whether a webhook sends to an inbox: to its URL, or to one with more behind it. */
export function sendsTo(endpoint: Pick<Endpoint, "url">, inbox: Pick<Inbox, "url">): boolean {
  const rest = endpoint.url.startsWith(inbox.url) ? endpoint.url.slice(inbox.url.length) : null;
  return rest !== null && (rest === "" || rest.startsWith("/") || rest.startsWith("?"));
}

/**
 * How often to ask an inbox for what came, for `refetchInterval`: never while live updates are paused. A query asks
 * only while its page can be seen.
 */
export function useInboxPace(): number | false {
  return useLiveState() === "paused" ? false : INBOX_PACE_MS;
}
