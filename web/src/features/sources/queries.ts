import { type QueryClient, queryOptions } from "@tanstack/react-query";

import { api, done, type Schemas, unwrap } from "@/api/client";
import { everyRow, PAGE_ROWS } from "@/api/pages";

export type Source = Schemas["SourceView"];
export type Refused = Schemas["RefusedNotificationView"];

/** Sources are not in the live stream: while the page is in sight they are asked for. */
const AWAITED_MS = 2_000;
const QUIET_MS = 10_000;

const isAwaited = (source: Source | undefined): boolean => source !== undefined && source.state !== "receiving";

/** Every source of the company; 100 at most. */
export const sourcesQuery = queryOptions({
  queryKey: ["sources", "list"],
  queryFn: ({ signal }) =>
    everyRow<Source>((cursor) => unwrap(api.GET("/api/v1/sources", { params: { query: { limit: PAGE_ROWS, cursor } }, signal }))),
  refetchInterval: QUIET_MS,
});

export const sourceQuery = (id: string) =>
  queryOptions({
    queryKey: ["sources", "one", id],
    queryFn: ({ signal }) => unwrap(api.GET("/api/v1/sources/{id}", { params: { path: { id } }, signal })),
    refetchInterval: ({ state }) => (state.status === "error" ? false : isAwaited(state.data) ? AWAITED_MS : QUIET_MS),
  });

/** What it refused: 20 of each reason at most. */
export const refusedQuery = (id: string) =>
  queryOptions({
    queryKey: ["sources", "refused", id],
    queryFn: ({ signal }) =>
      everyRow<Refused>((cursor) => unwrap(api.GET("/api/v1/sources/{id}/refused", { params: { path: { id }, query: { limit: PAGE_ROWS, cursor } }, signal }))),
    refetchInterval: QUIET_MS,
  });

export const createSource = (body: Schemas["NewSourceBody"]): Promise<Source> => unwrap(api.POST("/api/v1/sources", { body }));

export const renameSource = (id: string, name: string): Promise<Source> =>
  unwrap(api.PATCH("/api/v1/sources/{id}", { params: { path: { id } }, body: { name } }));

export const rotateAppSecret = (id: string, body: Schemas["RotateAppSecretBody"]): Promise<Source> =>
  unwrap(api.POST("/api/v1/sources/{id}/app-secret/rotate", { params: { path: { id } }, body }));

export const rotateVerifyToken = (id: string, body: Schemas["RotateVerifyTokenBody"]): Promise<Source> =>
  unwrap(api.POST("/api/v1/sources/{id}/verify-token/rotate", { params: { path: { id } }, body }));

export const deleteSource = (id: string): Promise<void> => done(api.DELETE("/api/v1/sources/{id}", { params: { path: { id } } }));

/** Takes over what an answer said, and asks for the rest again. */
export function sourceChanged(client: QueryClient, source: Source): void {
  client.setQueryData(sourceQuery(source.id).queryKey, source);
  void client.invalidateQueries({ queryKey: ["sources"] });
}
