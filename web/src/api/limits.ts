import { queryOptions } from "@tanstack/react-query";

import { api, type Schemas, unwrap } from "./client";

export type Limits = Schemas["LimitsView"];

/** The company's limits, how much of each is used, and since when the operator has suspended it. */
export const limitsQuery = queryOptions({
  queryKey: ["settings", "limits"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/v1/limits", { signal })),
});
