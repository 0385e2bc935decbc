import { useSuspenseQuery } from "@tanstack/react-query";
import { createFileRoute } from "@tanstack/react-router";
import * as z from "zod/mini";

import { Deliveries } from "@/features/webhook/Deliveries";
import { deliveriesOf, endpointQuery } from "@/features/webhook/queries";
import { STATES } from "@/features/webhook/states";
import { oneOf } from "@/lib/list-search";

export const Route = createFileRoute("/_app/webhooks/$id/deliveries")({
  validateSearch: z.object({ state: oneOf(STATES) }),
  loaderDeps: ({ search: { state } }) => ({ state }),
  loader: ({ context: { queryClient }, params: { id }, deps: { state } }) =>
    Promise.all([queryClient.ensureQueryData(endpointQuery(id)), queryClient.ensureInfiniteQueryData(deliveriesOf(id, state).options)]),
  component: WebhookDeliveriesPage,
});

function WebhookDeliveriesPage() {
  const { id } = Route.useParams();
  const { state } = Route.useSearch();
  const navigate = Route.useNavigate();
  const { data: endpoint } = useSuspenseQuery(endpointQuery(id));
  return (
    <Deliveries
      endpoint={endpoint}
      state={state}
      onState={(next) => void navigate({ search: (before) => ({ ...before, state: next }), replace: true })}
      onOpen={(delivery) => void navigate({ to: "/deliveries/$id", params: { id: delivery }, search: ({ company }) => ({ company }) })}
    />
  );
}
