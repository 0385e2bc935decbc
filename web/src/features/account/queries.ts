import { type QueryClient, queryOptions } from "@tanstack/react-query";

import { api, done, type Schemas, unwrap } from "@/api/client";
import { meQuery } from "@/api/me";

export type Login = Schemas["PageView_LoginView"]["data"][number];

/** Where the person is logged in, the newest first. */
export const loginsQuery = queryOptions({
  queryKey: ["me", "logins"],
  queryFn: async ({ signal }) => (await unwrap(api.GET("/api/v1/auth/logins", { signal }))).data,
});

export async function rename(client: QueryClient, name: string): Promise<void> {
  await unwrap(api.PATCH("/api/v1/auth/me", { body: { name } }));
  await client.invalidateQueries({ queryKey: ["me"] });
  // Lists name people.
  await client.invalidateQueries({ queryKey: ["members"] });
}

export async function changePassword(client: QueryClient, body: Schemas["PasswordChangeBody"]): Promise<void> {
  await unwrap(api.POST("/api/v1/auth/password", { body }));
  await client.invalidateQueries({ queryKey: ["me"] });
}

/** Whether the address is changed already, or a link was mailed to the new one first. */
export async function changeEmail(client: QueryClient, body: Schemas["EmailChangeBody"]): Promise<"changed" | "mailed"> {
  const answer = api.POST("/api/v1/auth/email", { body });
  await done(answer);
  if ((await answer).response.status === 202) return "mailed";
  await client.invalidateQueries({ queryKey: ["me"] });
  await client.invalidateQueries({ queryKey: ["members"] });
  return "changed";
}

/** Ends logins, one after the other; the list is fresh afterwards, whatever happened on the way. */
export async function endLogins(client: QueryClient, ids: readonly string[]): Promise<void> {
  try {
    for (const id of ids) await done(api.DELETE("/api/v1/auth/logins/{id}", { params: { path: { id } } }));
  } finally {
    await client.invalidateQueries({ queryKey: loginsQuery.queryKey });
  }
}

/** Leaves a company, which need not be the one that this tab shows. */
export async function leave(client: QueryClient, company: string): Promise<void> {
  await done(api.POST("/api/v1/members/leave", { headers: { "Hookferry-Company": company } }));
  await client.fetchQuery({ ...meQuery, staleTime: 0 });
}
