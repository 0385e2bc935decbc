import { useTranslation } from "react-i18next";

import { endpointName } from "@/api/endpoints";
import { Text } from "@mantine/core";

import { DeliveryDetail } from "./DeliveryDetail";
import { useDelivery } from "./useDelivery";

/** A delivery beside the list. */
export function DeliveryPanel({ id, onChange }: { id: string; onChange: () => void }) {
  const { t } = useTranslation("deliveries");
  const detail = useDelivery(id, onChange);
  const webhook = detail.webhook ? endpointName(detail.webhook) : t("deletedWebhook");
  return (
    <>
      <Text size="sm" mb="sm" style={{ overflowWrap: "anywhere" }}><bdi>{t("name", { type: detail.delivery.event_type, webhook })}</bdi></Text>
      <DeliveryDetail {...detail} />
    </>
  );
}
