import { createFileRoute } from "@tanstack/react-router";

import { Page } from "@/ui/Page";

export const Route = createFileRoute("/_app/webhooks/new")({ component: NewWebhookPage });

function NewWebhookPage() {
  return <Page title="Add webhook">{null}</Page>;
}
