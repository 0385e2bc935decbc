import { Group, Stack, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { type Endpoint, endpointName } from "@/api/endpoints";
import { CopyField } from "@/ui/CopyField";
import { LinkButton } from "@/ui/LinkButton";
import { Note } from "@/ui/Note";
import { VerifyHere } from "@/ui/VerifyCode";

/** What comes after a webhook was made: its secret, how it is used, and the next step. */
export function Created({ endpoint }: { endpoint: Endpoint }) {
  const { t } = useTranslation("webhooks");
  return (
    <Stack gap="lg" maw={860}>
      <div role="status">
        <Note tone="good">
          <b>{t("created.title", { name: endpointName(endpoint) })}</b> {t(endpoint.status === "enabled" ? "created.on" : "created.off")}
        </Note>
      </div>
      <Group gap="xs">
        <LinkButton to="/webhooks/$id" params={{ id: endpoint.id }} search={{ sample: 1 }}>{t("created.sample")}</LinkButton>
        <LinkButton variant="default" to="/webhooks/$id" params={{ id: endpoint.id }}>{t("created.page")}</LinkButton>
      </Group>
      {endpoint.secret && (
        <Stack gap="xs">
          <Title order={2}>{t("created.secretTitle")}</Title>
          <CopyField label={t("created.secret")} description={t("created.secretHint")} value={endpoint.secret} action={t("created.copySecret")} />
        </Stack>
      )}
      <VerifyHere />
    </Stack>
  );
}
