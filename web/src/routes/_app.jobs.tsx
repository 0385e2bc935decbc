import { createFileRoute } from "@tanstack/react-router";

import { Page } from "@/ui/Page";

export const Route = createFileRoute("/_app/jobs")({ component: JobsPage });

function JobsPage() {
  return <Page title="Jobs">{null}</Page>;
}
