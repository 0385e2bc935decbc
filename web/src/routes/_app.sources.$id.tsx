import { createFileRoute } from "@tanstack/react-router";

import { Page } from "@/ui/Page";

export const Route = createFileRoute("/_app/sources/$id")({ component: SourcePage });

function SourcePage() {
  return <Page title="Source">{null}</Page>;
}
