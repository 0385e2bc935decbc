import { Group, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

import type { Endpoint } from "@/api/endpoints";
import { Mono } from "@/ui/Copy";
import { StatusChip } from "@/ui/StatusChip";
import { Moment, Time } from "@/ui/Time";

import { standing } from "./facts";

/** The first line of the page: how it stands, since when and why, and where it goes. */
export function WebhookLead({ endpoint, goneAt }: { endpoint: Endpoint; goneAt: string | null }) {
  return (
    <Group gap="xs" wrap="wrap">
      <StatusChip status={endpoint.status} />
      <Reason endpoint={endpoint} goneAt={goneAt} />
      <Mono value={endpoint.url} what="URL" />
    </Group>
  );
}

function Reason({ endpoint, goneAt }: { endpoint: Endpoint; goneAt: string | null }) {
  const { t } = useTranslation("webhook");
  const stands = standing(endpoint);
  if (stands === "working" || stands === "streak") return null;
  if (stands === "defective") return <Text size="sm">{t("status.failingSince")}{endpoint.streak_started_at && <> <Moment at={endpoint.streak_started_at} /></>}</Text>;
  if (stands === "gone") {
    return <Text size="sm">{t("status.gone")}{goneAt !== null && <> <Moment at={goneAt} /></>}</Text>;
  }
  return (
    <Text size="sm">
      {stands === "disabled" && `${t("status.byPerson")}, `}
      {t("status.changed")} <Time at={endpoint.updated_at} />
    </Text>
  );
}
