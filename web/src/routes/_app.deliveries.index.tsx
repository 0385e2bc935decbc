import { createFileRoute } from "@tanstack/react-router";
import * as z from "zod/mini";

import { Page } from "@/ui/Page";

export const Route = createFileRoute("/_app/deliveries/")({ validateSearch: z.object({ q: z.optional(z.string()) }), component: DeliveriesPage });

function DeliveriesPage() {
  return <Page title="Deliveries">{null}</Page>;
}
