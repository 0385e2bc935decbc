import { Box, Group, Stack, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { type Endpoint, endpointName } from "@/api/endpoints";
import type { Inbox } from "@/api/inboxes";
import { CopyField } from "@/ui/CopyField";
import { StatusChip } from "@/ui/StatusChip";
import { Time } from "@/ui/Time";

/** How much an inbox keeps, and until when. */
export function InboxLead({ inbox }: { inbox: Inbox }) {
  const { t } = useTranslation("inboxes");
  return <>{t("one.kept", { count: inbox.requests_kept })} {t("one.rule")} <Time at={inbox.expires_at} />, {t("one.unlessUsed")}</>;
}

/** Where an inbox takes requests, and which webhooks send there. */
export function InboxHead({ inbox, webhooks }: { inbox: Inbox; webhooks: readonly Endpoint[] }) {
  const { t } = useTranslation(["inboxes", "common"]);
  return (
    <Box className="hf-panel" p="md">
      <Stack gap="sm">
        <CopyField label={t("one.url")} value={inbox.url} action={t("common:copy")} />
        <Group gap="4px 16px">
          <Text size="sm" c="dimmed">{t("one.sentBy")}:</Text>
          {webhooks.length === 0 && <Text size="sm">{t("one.sentByNone")}</Text>}
          {webhooks.map((webhook) => (
            <Group key={webhook.id} gap="xs" fz="sm">
              <Link to="/webhooks/$id" params={{ id: webhook.id }} className="hf-link">{endpointName(webhook)}</Link>
              <StatusChip status={webhook.status} />
            </Group>
          ))}
        </Group>
      </Stack>
    </Box>
  );
}
