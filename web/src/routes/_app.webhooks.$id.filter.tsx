import { useSuspenseQuery } from "@tanstack/react-query";
import { createFileRoute } from "@tanstack/react-router";

import { FilterTab } from "@/features/webhook/FilterTab";
import { endpointQuery, filterTextQuery } from "@/features/webhook/queries";

export const Route = createFileRoute("/_app/webhooks/$id/filter")({
  loader: ({ context: { queryClient }, params: { id } }) =>
    Promise.all([queryClient.ensureQueryData(endpointQuery(id)), queryClient.ensureQueryData(filterTextQuery(id))]),
  component: WebhookFilterPage,
});

function WebhookFilterPage() {
  const { id } = Route.useParams();
  const { data: endpoint } = useSuspenseQuery(endpointQuery(id));
  const { data: saved } = useSuspenseQuery(filterTextQuery(id));
  return <FilterTab key={id} endpoint={endpoint} saved={saved} />;
}
