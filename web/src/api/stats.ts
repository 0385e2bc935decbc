import { queryOptions } from "@tanstack/react-query";

import { type Range, rangeStart } from "@/lib/ranges";

import { api, type Schemas, unwrap } from "./client";
import { everyRow } from "./pages";

export type Stats = Schemas["StatsView"];
export type EndpointStats = Schemas["EndpointStatsView"];

/** The most endpoints that the server gives at a time. */
const ENDPOINT_ROWS = 1_000;

function since(range: Range, times = 1): string {
  return rangeStart(range, new Date(), times).toISOString();
}

/** How all attempts of the company went, what waits, and its webhooks by status. */
export const overviewQuery = (range: Range) =>
  queryOptions({
    queryKey: ["stats", "overview", range],
    queryFn: ({ signal }) => unwrap(api.GET("/api/v1/stats/overview", { params: { query: { since: since(range) } }, signal })),
  });

/**
 * The same over twice the time, to compare with what was before. It changes slowly: it is not fetched at every attempt
 * that the stream tells.
 */
export const twiceAsLongQuery = (range: Range) =>
  queryOptions({
    queryKey: ["stats-before", "overview", range],
    queryFn: ({ signal }) => unwrap(api.GET("/api/v1/stats/overview", { params: { query: { since: since(range, 2) } }, signal })),
    staleTime: 60_000,
  });

/** How the attempts of each webhook went. The key is not the stream's: with thousands of webhooks it is much to ask for. */
export const endpointsStatsQuery = (range: Range) =>
  queryOptions({
    queryKey: ["stats-of-endpoints", range],
    queryFn: ({ signal }) =>
      everyRow<EndpointStats>((cursor) => unwrap(api.GET("/api/v1/stats/endpoints", { params: { query: { since: since(range), limit: ENDPOINT_ROWS, cursor } }, signal }))),
  });
