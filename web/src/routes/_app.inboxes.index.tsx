import { createFileRoute } from "@tanstack/react-router";

import { Page } from "@/ui/Page";

export const Route = createFileRoute("/_app/inboxes/")({ component: InboxesPage });

function InboxesPage() {
  return <Page title="Inbox">{null}</Page>;
}
