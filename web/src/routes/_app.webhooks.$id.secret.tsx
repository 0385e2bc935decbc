import { createFileRoute } from "@tanstack/react-router";

import { Page } from "@/ui/Page";

export const Route = createFileRoute("/_app/webhooks/$id/secret")({ component: WebhookSecretPage });

function WebhookSecretPage() {
  return <Page title="Secret">{null}</Page>;
}
