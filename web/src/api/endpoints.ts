import { queryOptions } from "@tanstack/react-query";

import { api, type Schemas, unwrap } from "./client";
import { everyRow, PAGE_ROWS } from "./pages";

export type Endpoint = Schemas["EndpointView"];

/** Every webhook of the company: lists of other things name them by it. */
export const endpointsQuery = queryOptions({
  queryKey: ["endpoints", "all"],
  queryFn: ({ signal }) =>
    everyRow<Endpoint>((cursor) => unwrap(api.GET("/api/v1/endpoints", { params: { query: { limit: PAGE_ROWS, cursor } }, signal }))),
  staleTime: 30_000,
});

/** What a webhook is called: its description, or else the host and path of its URL. */
export function endpointName(endpoint: Pick<Endpoint, "description" | "url">): string {
  return endpoint.description || endpoint.url.replace(/^https?:\/\//, "");
}
