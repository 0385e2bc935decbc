import { createFileRoute } from "@tanstack/react-router";

import { Page } from "@/ui/Page";

export const Route = createFileRoute("/_app/event-types/$name")({ component: EventTypePage });

function EventTypePage() {
  return <Page title="Event type">{null}</Page>;
}
