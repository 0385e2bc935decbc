import { Stack, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { Trans, useTranslation } from "react-i18next";

import { ActionButton } from "@/ui/ActionButton";
import { CodeBlock } from "@/ui/CodeBlock";
import { EmptyState } from "@/ui/EmptyState";
import { LinkButton } from "@/ui/LinkButton";
import { Refused } from "@/ui/Refused";

type Props = { onInbox: () => void; busy: boolean; error: string | null; reason: string | null; origin: string };

/** A company without webhooks: two ways to begin, and a third for those who prefer a shell. */
export function NoWebhooks({ onInbox, busy, error, reason, origin }: Props) {
  const { t } = useTranslation("webhooks");
  const lines = [
    `curl -sS ${origin}/api/v1/endpoints -H "Authorization: Bearer $HOOKFERRY_TOKEN" \\`,
    `  -H "Content-Type: application/json" \\`,
    `  -d '{"url": "https://crm.example.com/hooks", "event_types": ["message.*"]}'`,
  ];
  return (
    <Stack gap="md">
      <EmptyState
        title={t("empty.title")}
        actions={
          <>
            <ActionButton reason={reason} loading={busy} onClick={onInbox}>{t("empty.inbox")}</ActionButton>
            {reason === null ? <LinkButton variant="default" to="/webhooks/new">{t("empty.url")}</LinkButton> : <ActionButton variant="default" reason={reason}>{t("empty.url")}</ActionButton>}
          </>
        }
      >
        {t("empty.hint")}
      </EmptyState>
      <Refused message={error} />
      <Stack gap={4}>
        <Text size="sm"><Trans t={t} i18nKey="empty.shell" components={{ tokens: <Link className="hf-link" to="/tokens" style={{ textDecoration: "underline" }}>{""}</Link> }} /></Text>
        <CodeBlock text={lines.join("\n")} label="curl" layOut={false} />
      </Stack>
    </Stack>
  );
}
