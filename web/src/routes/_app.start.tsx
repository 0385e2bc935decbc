import { createFileRoute } from "@tanstack/react-router";

import { Page } from "@/ui/Page";

export const Route = createFileRoute("/_app/start")({ component: StartPage });

function StartPage() {
  return <Page title="First delivery">{null}</Page>;
}
