import { createFileRoute } from "@tanstack/react-router";

import { Page } from "@/ui/Page";

export const Route = createFileRoute("/change-email")({ component: ChangeEmailPage });

function ChangeEmailPage() {
  return <Page title="Change email">{null}</Page>;
}
