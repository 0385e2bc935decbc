import { createFileRoute } from "@tanstack/react-router";
import * as z from "zod/mini";

import { Page } from "@/ui/Page";

export const Route = createFileRoute("/_app/events/")({ validateSearch: z.object({ q: z.optional(z.string()) }), component: EventsPage });

function EventsPage() {
  return <Page title="Events">{null}</Page>;
}
