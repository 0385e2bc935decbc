import { createFileRoute } from "@tanstack/react-router";

import { Page } from "@/ui/Page";

export const Route = createFileRoute("/_app/team")({ component: TeamPage });

function TeamPage() {
  return <Page title="Team">{null}</Page>;
}
