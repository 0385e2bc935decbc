import { createFileRoute, notFound, redirect } from "@tanstack/react-router";

import { meQuery } from "@/api/me";
import { companyOfEndpoint } from "@/features/webhook/company-of";

/**
 * Where links in mails lead: mails say "endpoint", as the REST API does. Such a link does not name its company, and the
 * person may be in several.
 */
export const Route = createFileRoute("/_app/endpoints/$id")({
  beforeLoad: async ({ params: { id }, context }) => {
    const me = await context.queryClient.ensureQueryData(meQuery);
    const company = await companyOfEndpoint(id, me.companies.map((each) => each.id));
    if (company === null) throw notFound();
    throw redirect({ to: "/webhooks/$id", params: { id }, search: me.companies.length > 1 ? { company } : {}, replace: true });
  },
});
