import { type QueryClient, queryOptions } from "@tanstack/react-query";

import { api, done, type Schemas, unwrap } from "@/api/client";
import { everyRow, PAGE_ROWS } from "@/api/pages";

export type Member = Schemas["MemberView"];
export type Invitation = Schemas["InvitationView"];
export type Role = Schemas["Role"];

/** Everybody in the company, by what they may do and then by name. */
export const membersQuery = queryOptions({
  queryKey: ["members", "all"],
  queryFn: async ({ signal }) => {
    const members = await everyRow<Member>((cursor) => unwrap(api.GET("/api/v1/members", { params: { query: { limit: PAGE_ROWS, cursor } }, signal })));
    return members.sort((a, b) => rank(b.role) - rank(a.role) || (a.name || a.email).localeCompare(b.name || b.email));
  },
});

/** The newest invitations, whatever became of them. */
export const invitationsQuery = queryOptions({
  queryKey: ["members", "invitations"],
  queryFn: ({ signal }) => everyRow<Invitation>((cursor) => unwrap(api.GET("/api/v1/invitations", { params: { query: { limit: PAGE_ROWS, cursor } }, signal })), 1_000),
});

/** Whether mails leave this installation; else a person hands links over. */
export const mailsAreSentQuery = queryOptions({
  queryKey: ["settings", "mails-are-sent"],
  queryFn: async ({ signal }) => (await unwrap(api.GET("/api/v1/settings", { signal }))).notifications.mails_are_sent,
  staleTime: 60_000,
});

export const ROLES: readonly Role[] = ["viewer", "developer", "admin", "owner"];

/** How much a role may: each may what the ones before it may. */
export function rank(role: string): number {
  return ROLES.findIndex((each) => each === role);
}

export function isRole(role: string): role is Role {
  return rank(role) >= 0;
}

async function changed(client: QueryClient): Promise<void> {
  // It may have been about oneself: whoever is no admin any more does not ask for the members.
  await client.invalidateQueries({ queryKey: ["me"] });
  await client.invalidateQueries({ queryKey: ["members"] });
}

export async function invite(client: QueryClient, body: Schemas["InvitationBody"]): Promise<Invitation> {
  const invitation = await unwrap(api.POST("/api/v1/invitations", { body }));
  await changed(client);
  return invitation;
}

export async function takeBack(client: QueryClient, id: string): Promise<void> {
  await done(api.DELETE("/api/v1/invitations/{id}", { params: { path: { id } } }));
  await changed(client);
}

export async function changeRole(client: QueryClient, id: string, role: Role): Promise<Member> {
  const member = await unwrap(api.PATCH("/api/v1/members/{id}", { params: { path: { id } }, body: { role } }));
  await changed(client);
  return member;
}

export async function makeOwner(client: QueryClient, id: string): Promise<void> {
  await unwrap(api.POST("/api/v1/members/{id}/make-owner", { params: { path: { id } } }));
  await changed(client);
}

export async function removeMember(client: QueryClient, id: string): Promise<void> {
  await done(api.DELETE("/api/v1/members/{id}", { params: { path: { id } } }));
  await changed(client);
}
