import { createFileRoute } from "@tanstack/react-router";

import { Page } from "@/ui/Page";

export const Route = createFileRoute("/_app/deliveries/$id")({ component: DeliveryPage });

function DeliveryPage() {
  return <Page title="Delivery">{null}</Page>;
}
