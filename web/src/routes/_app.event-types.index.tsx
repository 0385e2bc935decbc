import { createFileRoute } from "@tanstack/react-router";

import { Page } from "@/ui/Page";

export const Route = createFileRoute("/_app/event-types/")({ component: EventTypesPage });

function EventTypesPage() {
  return <Page title="Event types">{null}</Page>;
}
