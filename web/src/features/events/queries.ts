import { keepPreviousData, queryOptions } from "@tanstack/react-query";

import { api, type Schemas, unwrap } from "@/api/client";
import { longList } from "@/api/long-list";
import { PAGE_ROWS } from "@/api/pages";
import { rawMember } from "@/lib/json-member";
import { resolve } from "@/lib/list-search";

import type { EventFilter } from "./filter";

export type Event = Schemas["EventView"];
export type Delivery = Schemas["DeliveryView"];
export type EndpointWhy = Schemas["EndpointWhyView"];

/** The list of a filter. A span such as the last hour is told anew for each page. */
export const eventList = (filter: EventFilter) =>
  longList<Event>(["events", filter], (cursor, signal) => {
    const now = new Date();
    const query = { ...filter, since: resolve(filter.since, now), until: resolve(filter.until, now), limit: PAGE_ROWS, cursor };
    return unwrap(api.GET("/api/v1/events", { params: { query }, signal }));
  });

/** One event, and its data as it was taken in, byte for byte. */
export const eventQuery = (id: string) =>
  queryOptions({
    queryKey: ["event", id, "facts"],
    queryFn: async ({ signal }) => {
      const text = await unwrap(api.GET("/api/v1/events/{id}", { params: { path: { id } }, signal, parseAs: "text" }));
      const event: Event = JSON.parse(text);
      return { event, data: rawMember(text, "data") ?? "", session: rawMember(text, "session") };
    },
    // An event is a fact: it does not change.
    staleTime: 60_000,
  });

/** Webhook by webhook, whether the event became a delivery, and if not why. */
export const whyQuery = (id: string) =>
  queryOptions({
    queryKey: ["event", id, "why"],
    queryFn: async ({ signal }) => (await unwrap(api.GET("/api/v1/events/{id}/why", { params: { path: { id } }, signal }))).data,
  });

/** Its deliveries, the newest first: those to webhooks that were deleted as well. At most a page; `more` says if there are more. */
export const eventDeliveriesQuery = (id: string) =>
  queryOptions({
    queryKey: ["event", id, "deliveries"],
    queryFn: async ({ signal }) => {
      const page = await unwrap(api.GET("/api/v1/deliveries", { params: { query: { event_id: id, limit: PAGE_ROWS } }, signal }));
      return { rows: page.data, more: Boolean(page.next_cursor) && (page.cut || page.data.length === PAGE_ROWS) };
    },
  });

/** How many deliveries a replay would make; to all that pick the event where `endpoints` is `null`. */
export const replayPreviewQuery = (id: string, endpoints: string[] | null) =>
  queryOptions({
    queryKey: ["event", id, "replay", endpoints],
    queryFn: async ({ signal }): Promise<Schemas["PreviewView"]> => {
      const answer = await unwrap(replay(id, { endpoint_ids: endpoints, preview: true }, signal));
      if (!("count" in answer)) throw new Error("a preview made a job");
      return answer;
    },
    placeholderData: keepPreviousData,
  });

export async function replayEvent(id: string, endpoints: string[] | null): Promise<Schemas["JobView"]> {
  const answer = await unwrap(replay(id, { endpoint_ids: endpoints }));
  if (!("state" in answer)) throw new Error("a job was only counted");
  return answer;
}

function replay(id: string, body: Schemas["ReplayBody"], signal?: AbortSignal) {
  return api.POST("/api/v1/events/{id}/replay", { params: { path: { id } }, body, signal });
}
