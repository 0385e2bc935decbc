import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";

import { api, unwrap } from "@/api/client";
import type { Job } from "@/api/jobs";
import { everyRow, PAGE_ROWS } from "@/api/pages";

function firstPage(): string | undefined {
  return undefined;
}

/** Jobs, newest first; asked for again while one runs, so that its progress is seen with the live stream paused as well. */
export const jobsQuery = infiniteQueryOptions({
  queryKey: ["jobs", "list"],
  queryFn: ({ pageParam, signal }) => unwrap(api.GET("/api/v1/jobs", { params: { query: { limit: PAGE_ROWS, cursor: pageParam } }, signal })),
  initialPageParam: firstPage(),
  getNextPageParam: (last) => (last.data.length === PAGE_ROWS ? (last.next_cursor ?? undefined) : undefined),
  refetchInterval: ({ state }) => (state.data?.pages.some((page) => page.data.some(runs)) ? 2_000 : false),
});

function runs(job: Job): boolean {
  return job.state === "running";
}

/** What people of the company are called, by their ids; only an admin may ask. */
export const namesQuery = queryOptions({
  queryKey: ["members", "names"],
  queryFn: async ({ signal }) => {
    const members = await everyRow((cursor) => unwrap(api.GET("/api/v1/members", { params: { query: { limit: PAGE_ROWS, cursor } }, signal })));
    return new Map(members.map((member) => [member.id, member.name || member.email]));
  },
  staleTime: 60_000,
});
