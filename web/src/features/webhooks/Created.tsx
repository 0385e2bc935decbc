import { Group, SegmentedControl, Stack, Text, Title } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { type Endpoint, endpointName } from "@/api/endpoints";
import { CodeBlock } from "@/ui/CodeBlock";
import { CopyField } from "@/ui/CopyField";
import { LinkButton } from "@/ui/LinkButton";
import { Note } from "@/ui/Note";

import { NODE, PYTHON } from "./verify-code";

/** What comes after a webhook was made: its secret, how it is used, and the next step. */
export function Created({ endpoint }: { endpoint: Endpoint }) {
  const { t } = useTranslation("webhooks");
  const [language, setLanguage] = useState("node");
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
      <Stack gap="xs">
        <Title order={2}>{t("created.verifyTitle")}</Title>
        <Text size="sm">{t("created.verify")}</Text>
        <SegmentedControl aria-label={t("created.language")} value={language} onChange={setLanguage} data={[{ value: "node", label: "Node.js" }, { value: "python", label: "Python" }]} style={{ alignSelf: "flex-start" }} />
        <CodeBlock text={language === "node" ? NODE : PYTHON} label={language === "node" ? "Node.js" : "Python"} layOut={false} />
        <Text size="sm" c="dimmed">{t("created.hub")}</Text>
      </Stack>
    </Stack>
  );
}
