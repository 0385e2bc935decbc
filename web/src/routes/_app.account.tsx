import { createFileRoute } from "@tanstack/react-router";

import { Page } from "@/ui/Page";

export const Route = createFileRoute("/_app/account")({ component: AccountPage });

function AccountPage() {
  return <Page title="Your account">{null}</Page>;
}
