import { queryOptions } from "@tanstack/react-query";

import { api, type Schemas, unwrap } from "./client";

/** What the operator of this installation has decided for everybody. */
export type Installation = Schemas["InstallationView"];

/** Needs no login. It changes only when the server starts anew. */
export const installationQuery = queryOptions({
  queryKey: ["installation"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/v1/installation", { signal })),
  staleTime: Infinity,
});
