import { queryOptions } from "@tanstack/react-query";

import { api, type Schemas, unwrap } from "@/api/client";

export type Settings = Schemas["SettingsView"];

export const settingsQuery = queryOptions({
  queryKey: ["settings", "all"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/v1/settings", { signal })),
});

export const changeSettings = (body: Schemas["SettingsPatchBody"]): Promise<Settings> => unwrap(api.PATCH("/api/v1/settings", { body }));
