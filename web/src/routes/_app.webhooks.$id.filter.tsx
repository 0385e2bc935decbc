import { createFileRoute } from "@tanstack/react-router";

import { Page } from "@/ui/Page";

export const Route = createFileRoute("/_app/webhooks/$id/filter")({ component: WebhookFilterPage });

function WebhookFilterPage() {
  return <Page title="Filter">{null}</Page>;
}
