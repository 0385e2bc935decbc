import { queryOptions } from "@tanstack/react-query";

import { api, unwrap } from "./client";

/** Every event type's name, and the prefixes that take all beneath them: what a filter by type suggests. */
export const typeChoicesQuery = queryOptions({
  queryKey: ["eventTypes", "choices"],
  queryFn: async ({ signal }) => {
    const page = await unwrap(api.GET("/api/v1/event-types", { params: { query: { include_archived: true } }, signal }));
    return withPrefixes(page.data.map((type) => type.name));
  },
  staleTime: 60_000,
});

/** `message.*` before `message.delivered`, `message.read`, … */
export function withPrefixes(names: readonly string[]): string[] {
  const prefixes = names.flatMap((name) => {
    const parts = name.split(".");
    return parts.slice(1).map((_, index) => `${parts.slice(0, index + 1).join(".")}.*`);
  });
  const twice = new Set(prefixes.filter((prefix, index) => prefixes.indexOf(prefix) !== index));
  return [...twice, ...names].sort();
}
