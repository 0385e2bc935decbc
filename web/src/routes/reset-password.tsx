import { createFileRoute } from "@tanstack/react-router";

import { Page } from "@/ui/Page";

export const Route = createFileRoute("/reset-password")({ component: ResetPasswordPage });

function ResetPasswordPage() {
  return <Page title="Reset password">{null}</Page>;
}
