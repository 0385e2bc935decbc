import { queryOptions } from "@tanstack/react-query";

import { api, type Schemas, unwrap } from "./client";

export type Job = Schemas["JobView"];

const PACE_MS = 1_000;

/** One job; asked for again while it runs, so that its progress is seen with the live stream paused as well. */
export const jobQuery = (id: string) =>
  queryOptions({
    queryKey: ["jobs", "one", id],
    queryFn: ({ signal }) => unwrap(api.GET("/api/v1/jobs/{id}", { params: { path: { id } }, signal })),
    refetchInterval: ({ state }) => (state.data === undefined || state.data.state === "running" ? PACE_MS : false),
  });

/** Stops a job; what it has done stays done. */
export function cancelJob(id: string): Promise<Job> {
  return unwrap(api.POST("/api/v1/jobs/{id}/cancel", { params: { path: { id } } }));
}
