import { queryOptions } from "@tanstack/react-query";

import { api, done, type Schemas, unwrap } from "@/api/client";
import { everyRow, PAGE_ROWS } from "@/api/pages";

export type Token = Schemas["TokenView"];

/** Every token of the company, also those that have ended. */
export const tokensQuery = queryOptions({
  queryKey: ["tokens", "list"],
  queryFn: ({ signal }) =>
    everyRow<Token>((cursor) => unwrap(api.GET("/api/v1/tokens", { params: { query: { limit: PAGE_ROWS, cursor } }, signal }))),
});

export const createToken = (body: Schemas["NewTokenBody"]): Promise<Token> => unwrap(api.POST("/api/v1/tokens", { body }));

export const revokeToken = (id: string): Promise<void> => done(api.DELETE("/api/v1/tokens/{id}", { params: { path: { id } } }));
