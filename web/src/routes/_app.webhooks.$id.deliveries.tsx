import { createFileRoute } from "@tanstack/react-router";

import { Page } from "@/ui/Page";

export const Route = createFileRoute("/_app/webhooks/$id/deliveries")({ component: WebhookDeliveriesPage });

function WebhookDeliveriesPage() {
  return <Page title="Deliveries">{null}</Page>;
}
