import { createFileRoute } from "@tanstack/react-router";

import { Page } from "@/ui/Page";

export const Route = createFileRoute("/_app/webhooks/")({ component: WebhooksPage });

function WebhooksPage() {
  return <Page title="Webhooks">{null}</Page>;
}
