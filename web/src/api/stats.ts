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

/** How often what is said of each webhook is asked for while live; see `endpointsQuestion`. */
export const ENDPOINTS_PACE_MS = 10_000;

/** How attempts went, webhook by webhook, and the steps that their `points` are of. */
export type EndpointsStats = Pick<Schemas["EndpointsStatsView"], "since" | "until" | "step_seconds"> & { rows: EndpointStats[] };

/** One question for the overview and for the list. The key is not the stream's: with thousands of webhooks it is much to ask for. */
const endpointsQuestion = (range: Range) =>
  queryOptions({
    queryKey: ["stats-of-endpoints", range],
    queryFn: async ({ signal }): Promise<EndpointsStats> => {
      const query = { since: since(range), limit: ENDPOINT_ROWS };
      const page = (cursor?: string) => unwrap(api.GET("/api/v1/stats/endpoints", { params: { query: { ...query, cursor } }, signal }));
      const first = await page();
      // The first page has been asked for already.
      const rows = await everyRow<EndpointStats>((cursor) => (cursor === undefined ? Promise.resolve(first) : page(cursor)));
      return { since: first.since, until: first.until, step_seconds: first.step_seconds, rows };
    },
  });

/** How the attempts of each webhook went. */
export const endpointsStatsQuery = (range: Range) => queryOptions({ ...endpointsQuestion(range), select: rowsOf });

function rowsOf(stats: EndpointsStats): EndpointStats[] {
  return stats.rows;
}

/** The same by the webhook's id. */
export const endpointsStatsByIdQuery = (range: Range) => queryOptions({ ...endpointsQuestion(range), select: byId });

export type EndpointsStatsById = ReturnType<typeof byId>;

function byId({ rows, ...steps }: EndpointsStats): Omit<EndpointsStats, "rows"> & { byId: Record<string, EndpointStats> } {
  return { ...steps, byId: Object.fromEntries(rows.map((row) => [row.endpoint_id, row])) };
}
