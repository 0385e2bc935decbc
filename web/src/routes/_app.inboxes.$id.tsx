import { createFileRoute } from "@tanstack/react-router";

import { Page } from "@/ui/Page";

export const Route = createFileRoute("/_app/inboxes/$id")({ component: InboxPage });

function InboxPage() {
  return <Page title="Inbox">{null}</Page>;
}
