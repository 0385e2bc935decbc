import { createFileRoute, Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { endpointName, endpointsQuery } from "@/api/endpoints";
import { DeliveryDetail } from "@/features/deliveries/DeliveryDetail";
import { deliveryQuery } from "@/features/deliveries/queries";
import { useDelivery } from "@/features/deliveries/useDelivery";
import { Page } from "@/ui/Page";

export const Route = createFileRoute("/_app/deliveries/$id")({
  loader: ({ context, params }) =>
    Promise.all([context.queryClient.ensureQueryData(deliveryQuery(params.id)), context.queryClient.ensureQueryData(endpointsQuery)]),
  component: DeliveryPage,
});

function DeliveryPage() {
  const { t } = useTranslation("deliveries");
  const detail = useDelivery(Route.useParams().id);
  const webhook = detail.webhook ? endpointName(detail.webhook) : t("deletedWebhook");
  return (
    <Page title={t("name", { type: detail.delivery.event_type, webhook })} before={<Link className="hf-link" to="/deliveries">{t("title")}</Link>}>
      <DeliveryDetail {...detail} />
    </Page>
  );
}
