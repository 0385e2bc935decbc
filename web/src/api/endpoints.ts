import { queryOptions, useQuery, useSuspenseQueries } from "@tanstack/react-query";

import { api, type Schemas, unwrap } from "./client";
import { everyRow, PAGE_ROWS } from "./pages";
import { ApiProblem } from "./problem";

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

/**
 * A webhook that the list does not have: a list that is a moment old says nothing about one that was just made.
 * `null`: it is deleted, as the server said.
 */
export const endpointOrGoneQuery = (id: string) =>
  queryOptions({
    queryKey: ["endpoint-or-gone", id],
    queryFn: async ({ signal }): Promise<Endpoint | null> => {
      try {
        return await unwrap(api.GET("/api/v1/endpoints/{id}", { params: { path: { id } }, signal }));
      } catch (error) {
        if (error instanceof ApiProblem && error.status === 404) return null;
        throw error;
      }
    },
    // What is deleted stays deleted.
    staleTime: ({ state }) => (state.data === null ? Infinity : 30_000),
  });

/** The webhook of an id: from the list where it is in it, else asked for; `null`: it is deleted. */
export function useEndpointOrGone(id: string, known: readonly Endpoint[]): Endpoint | null {
  const found = known.find((each) => each.id === id);
  const asked = found === undefined ? [id] : [];
  const [answer] = useSuspenseQueries({ queries: asked.map(endpointOrGoneQuery) });
  return found ?? answer?.data ?? null;
}

/** The same where nothing should wait for it: `undefined` until the server has said. */
export function useEndpointOfRow(id: string): Endpoint | null | undefined {
  return useQuery(endpointOrGoneQuery(id)).data;
}
