import { useSuspenseQuery } from "@tanstack/react-query";
import { createFileRoute } from "@tanstack/react-router";

import { endpointQuery } from "@/features/webhook/queries";
import { SecretTab } from "@/features/webhook/SecretTab";

export const Route = createFileRoute("/_app/webhooks/$id/secret")({
  loader: ({ context: { queryClient }, params: { id } }) => queryClient.ensureQueryData(endpointQuery(id)),
  component: WebhookSecretPage,
});

function WebhookSecretPage() {
  const { id } = Route.useParams();
  const { data: endpoint } = useSuspenseQuery(endpointQuery(id));
  return <SecretTab key={id} endpoint={endpoint} />;
}
