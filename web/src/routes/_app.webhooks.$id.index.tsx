import { createFileRoute } from "@tanstack/react-router";

import { Page } from "@/ui/Page";

export const Route = createFileRoute("/_app/webhooks/$id/")({ component: WebhookHealthPage });

function WebhookHealthPage() {
  return <Page title="Health">{null}</Page>;
}
