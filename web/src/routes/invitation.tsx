import { createFileRoute } from "@tanstack/react-router";

import { Page } from "@/ui/Page";

export const Route = createFileRoute("/invitation")({ component: InvitationPage });

function InvitationPage() {
  return <Page title="Invitation">{null}</Page>;
}
