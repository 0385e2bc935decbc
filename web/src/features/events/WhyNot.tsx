import { Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { endpointName } from "@/api/endpoints";
import { Section } from "@/ui/Section";
import { StatusChip } from "@/ui/StatusChip";

import type { EndpointWhy } from "./queries";
import { byReason, type ReasonGroup } from "./why";
import classes from "./WhyNot.module.css";

/** Few are shown at once, many are folded. */
const FEW = 3;

/** The webhooks that the event did not go to, by the reason. */
export function WhyNot({ type, why }: { type: string; why: readonly EndpointWhy[] }) {
  const { t } = useTranslation("events");
  const groups = byReason(why);
  if (groups.length === 0) return null;
  return (
    <Section title={t("whyNot")}>
      {groups.map((group) => <Group key={group.key} type={type} group={group} open={group.webhooks.length <= FEW} />)}
    </Section>
  );
}

function Group({ type, group, open }: { type: string; group: ReasonGroup; open: boolean }) {
  const { t } = useTranslation("events");
  return (
    <details className={classes.group} open={open}>
      <summary className={classes.summary}>
        {group.reason === null ? group.detail : t(`reason.${group.reason}`, { type })} <Text span inherit c="dimmed">{t("webhooks", { count: group.webhooks.length })}</Text>
      </summary>
      <ul className={classes.list}>
        {group.webhooks.map((webhook) => (
          <li key={webhook.endpoint_id} className={classes.item}>
            <Link className="hf-link" to="/webhooks/$id" params={{ id: webhook.endpoint_id }}><bdi>{endpointName(webhook)}</bdi></Link>
            {webhook.status !== "enabled" && <StatusChip status={webhook.status} />}
            {group.reason === "filter_differs" && <Text span inherit c="dimmed">{finding(webhook.detail)}</Text>}
          </li>
        ))}
      </ul>
    </details>
  );
}

/** What the filter found, without the sentence that stands above it. */
function finding(detail: string | null | undefined): string {
  return detail?.replace(/^The endpoint's filter does not take the event\. /, "") ?? "";
}
