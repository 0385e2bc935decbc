import { createFileRoute, notFound, Outlet, redirect, retainSearchParams } from "@tanstack/react-router";
import * as z from "zod/mini";

import { currentCompany, setCompany } from "@/api/client";
import { live } from "@/api/live";
import { meQuery } from "@/api/me";
import { isLoggedOut } from "@/api/problem";
import { Frame } from "@/features/frame/Frame";
import { chosenCompany, rememberCompany } from "@/features/frame/company";

/** Which company a link is about; left out where the person is in one alone. */
const search = z.object({ company: z.optional(z.string()) });

export const Route = createFileRoute("/_app")({
  validateSearch: search,
  search: { middlewares: [retainSearchParams(["company"])] },
  beforeLoad: async ({ context, search, location, preload }) => {
    const me = await context.queryClient.ensureQueryData(meQuery).catch((error: unknown) => {
      if (isLoggedOut(error)) throw redirect({ to: "/login", search: { back: location.href } });
      throw error;
    });
    const company = chosenCompany(me, search.company);
    if (company !== currentCompany()) {
      // A link to another company is not loaded ahead: the tab would be in it before anybody has clicked.
      if (preload) throw notFound();
      setCompany(company);
      // What was shown belongs to another company.
      context.queryClient.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== "me" });
      if (company !== null) rememberCompany(company);
    }
    if (company !== null && me.companies.length > 1 && search.company !== company) {
      throw redirect({ to: ".", search: (before) => ({ ...before, company }), replace: true });
    }
    if (!preload) live.follow(company);
  },
  component: App,
});

function App() {
  return (
    <Frame>
      <Outlet />
    </Frame>
  );
}
