import { createFileRoute } from "@tanstack/react-router";

import { Page } from "@/ui/Page";

export const Route = createFileRoute("/_app/tokens")({ component: TokensPage });

function TokensPage() {
  return <Page title="API tokens">{null}</Page>;
}
