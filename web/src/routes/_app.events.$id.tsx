import { createFileRoute } from "@tanstack/react-router";

import { Page } from "@/ui/Page";

export const Route = createFileRoute("/_app/events/$id")({ component: EventPage });

function EventPage() {
  return <Page title="Event">{null}</Page>;
}
