import { createFileRoute } from "@tanstack/react-router";

import { Page } from "@/ui/Page";

export const Route = createFileRoute("/_app/sources/")({ component: SourcesPage });

function SourcesPage() {
  return <Page title="Sources">{null}</Page>;
}
