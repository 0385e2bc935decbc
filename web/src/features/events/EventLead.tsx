import { Group } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { StatusChip } from "@/ui/StatusChip";

import type { Delivery, EndpointWhy } from "./queries";
import { byReason, byState } from "./why";

/** The answer in one line: where the event went, or why it went nowhere. */
export function EventLead({ type, deliveries, why }: { type: string; deliveries: readonly Delivery[]; why: readonly EndpointWhy[] }) {
  const { t } = useTranslation("events");
  if (deliveries.length > 0) {
    const states = byState(deliveries);
    return (
      <Group gap="xs" fz="sm">
        {t("wentTo", { count: deliveries.length })}
        {states.map(([state, count]) => <Group key={state} gap={4}>{states.length > 1 && count}<StatusChip status={state} /></Group>)}
      </Group>
    );
  }
  if (why.length === 0) return <>{t("noWebhooks")} <Link className="hf-link" to="/webhooks/new">{t("addWebhook")}</Link></>;
  const groups = byReason(why);
  const only = groups.length === 1 ? groups[0] : undefined;
  if (only === undefined) return <>{t("wentNowhere")}</>;
  const reason = only.reason === null ? only.detail : t(`reason.${only.reason}`, { type });
  return <>{t("wentNowhereOne", { reason: why.length === 1 ? reason : `${reason} (${t("webhooks", { count: why.length })})` })}</>;
}
