import { createFileRoute } from "@tanstack/react-router";

import { Page } from "@/ui/Page";

export const Route = createFileRoute("/verify-email")({ component: VerifyEmailPage });

function VerifyEmailPage() {
  return <Page title="Verify">{null}</Page>;
}
