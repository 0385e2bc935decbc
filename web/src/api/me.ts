import { queryOptions, useSuspenseQuery } from "@tanstack/react-query";

import { api, currentCompany, type Schemas, unwrap } from "./client";
import { connection } from "./connection";

export type Me = { user: Schemas["UserView"]; companies: Schemas["MembershipView"][] };
export type Membership = Schemas["MembershipView"];
export type Scope = Schemas["Scope"];

/** Who is logged in, and the companies they are in. */
export const meQuery = queryOptions({
  queryKey: ["me"],
  queryFn: async ({ signal }): Promise<Me> => {
    const me = await unwrap(api.GET("/api/v1/auth/me", { signal }));
    if (!me.user) throw new Error("a token is no person");
    connection.set({ loggedOut: false });
    return { user: me.user, companies: me.companies };
  },
  staleTime: 60_000,
});

const ORDER = ["viewer", "developer", "admin", "owner"];

/** The person, the company of this tab, and what they may do in it. */
export function useMe(): {
  me: Me;
  company: Membership | null;
  /** Whether their role has a scope. Mirrors `domain::role`: a role is a set of scopes, and `admin` holds all. */
  can: (scope: Scope) => boolean;
  /** Whether their role is this one or more. */
  isAtLeast: (role: "viewer" | "developer" | "admin" | "owner") => boolean;
} {
  const { data: me } = useSuspenseQuery(meQuery);
  const company = me.companies.find((each) => each.id === currentCompany()) ?? null;
  return {
    me,
    company,
    can: (scope) => company !== null && (company.scopes.includes(scope) || company.scopes.includes("admin")),
    isAtLeast: (role) => company !== null && ORDER.indexOf(company.role) >= ORDER.indexOf(role),
  };
}
