import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";

import { api, type Schemas, unwrap } from "@/api/client";
import { everyRow, PAGE_ROWS } from "@/api/pages";
import { resolve } from "@/lib/list-search";

export type AuditLine = Schemas["AuditLineView"];
export type AuditFilter = { actor?: string | undefined; action?: string | undefined; subject?: string | undefined; since?: string | undefined; until?: string | undefined };

export const auditQuery = ({ actor, action, subject, since, until }: AuditFilter) =>
  infiniteQueryOptions({
    queryKey: ["audit", { actor, action, subject, since, until }],
    queryFn: ({ pageParam, signal }) => {
      const now = new Date();
      const query = { actor, action, subject, since: resolve(since, now), until: resolve(until, now), limit: PAGE_ROWS, cursor: pageParam || undefined };
      return unwrap(api.GET("/api/v1/audit-log", { params: { query }, signal }));
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

/** What those who act are called, by their ids: people and tokens that are there now. */
export const actorsQuery = queryOptions({
  queryKey: ["members", "actors"],
  queryFn: async ({ signal }) => {
    const [members, tokens] = await Promise.all([
      everyRow<Schemas["MemberView"]>((cursor) => unwrap(api.GET("/api/v1/members", { params: { query: { limit: PAGE_ROWS, cursor } }, signal }))),
      everyRow<Schemas["TokenView"]>((cursor) => unwrap(api.GET("/api/v1/tokens", { params: { query: { limit: PAGE_ROWS, cursor } }, signal }))),
    ]);
    return {
      people: members.map(({ id, name, email }) => ({ id, name: name || email })),
      tokens: tokens.map(({ id, name }) => ({ id, name })),
    };
  },
  staleTime: 60_000,
});

export type Actors = { people: { id: string; name: string }[]; tokens: { id: string; name: string }[] };
