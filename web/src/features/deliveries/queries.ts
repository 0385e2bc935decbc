import { keepPreviousData, queryOptions } from "@tanstack/react-query";

import { api, type Schemas, unwrap } from "@/api/client";
import { longList } from "@/api/long-list";
import { PAGE_ROWS } from "@/api/pages";
import { resolve } from "@/lib/list-search";

import type { DeliveryFilter } from "./filter";

export type Delivery = Schemas["DeliveryView"];
export type Attempt = Schemas["AttemptView"];
export type Pick = Schemas["PickBody"];
export type BulkKind = "retry" | "cancel";

/** The list of a filter. A span such as the last hour is told anew for each page. */
export const deliveryList = (filter: DeliveryFilter) =>
  longList<Delivery>(["deliveries", filter], (cursor, signal) => {
    const now = new Date();
    const query = { ...filter, since: resolve(filter.since, now), until: resolve(filter.until, now), limit: PAGE_ROWS, cursor };
    return unwrap(api.GET("/api/v1/deliveries", { params: { query }, signal }));
  });

/** One delivery with all its attempts. Followed by `useLiveAbout`: it may be big. */
export const deliveryQuery = (id: string) =>
  queryOptions({
    queryKey: ["delivery", id],
    queryFn: ({ signal }) => unwrap(api.GET("/api/v1/deliveries/{id}", { params: { path: { id } }, signal })),
  });

export function retryDelivery(id: string): Promise<Delivery> {
  return unwrap(api.POST("/api/v1/deliveries/{id}/retry", { params: { path: { id } } }));
}

export function cancelDelivery(id: string): Promise<Delivery> {
  return unwrap(api.POST("/api/v1/deliveries/{id}/cancel", { params: { path: { id } } }));
}

/** How many deliveries a job would be for. */
export const previewQuery = (kind: BulkKind, pick: Pick) =>
  queryOptions({
    queryKey: ["jobs", "preview", kind, pick],
    queryFn: async ({ signal }): Promise<Schemas["PreviewView"]> => {
      const answer = await unwrap(post(kind, { ...pick, preview: true }, signal));
      if (!("count" in answer)) throw new Error("a preview made a job");
      return answer;
    },
    placeholderData: keepPreviousData,
    staleTime: 0,
  });

export async function startBulk(kind: BulkKind, pick: Pick): Promise<Schemas["JobView"]> {
  const answer = await unwrap(post(kind, pick));
  if (!("state" in answer)) throw new Error("a job was only counted");
  return answer;
}

function post(kind: BulkKind, body: Pick, signal?: AbortSignal) {
  return kind === "retry" ? api.POST("/api/v1/deliveries/retry", { body, signal }) : api.POST("/api/v1/deliveries/cancel", { body, signal });
}
