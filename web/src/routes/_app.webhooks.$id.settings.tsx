import { createFileRoute } from "@tanstack/react-router";

import { Page } from "@/ui/Page";

export const Route = createFileRoute("/_app/webhooks/$id/settings")({ component: WebhookSettingsPage });

function WebhookSettingsPage() {
  return <Page title="Settings">{null}</Page>;
}
