import { Button, Group, Stack, Text, Title } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import type { Endpoint } from "@/api/endpoints";
import { useMe } from "@/api/me";
import { ActionButton } from "@/ui/ActionButton";
import { CopyField } from "@/ui/CopyField";
import { Facts } from "@/ui/Facts";
import { Mono } from "@/ui/Copy";
import { Moment } from "@/ui/Time";
import { failed, told } from "@/ui/toast";
import { VerifyHere } from "@/ui/VerifyCode";

import { capabilities } from "./capabilities";
import { useRefusal } from "./Doings";
import { revealSecrets, type Secrets } from "./queries";
import { RotateDialog } from "./RotateDialog";

/** The secret of a webhook, hidden until somebody wants to see it; rotation; how to verify. */
export function SecretTab({ endpoint }: { endpoint: Endpoint }) {
  const { t } = useTranslation("webhook");
  const why = useRefusal();
  const { can } = useMe();
  const may = capabilities(endpoint, can);
  // Kept by this component alone: leaving the page forgets it.
  const [secrets, setSecrets] = useState<Secrets | null>(null);
  const [rotating, setRotating] = useState(false);
  const reveal = useMutation({ mutationFn: () => revealSecrets(endpoint.id), onSuccess: setSecrets, onError: failed });
  return (
    <Stack gap="lg">
      <Stack gap={4}>
        <Group justify="space-between">
          <Title order={2}>{t("secret.title")}</Title>
          <ActionButton variant="default" reason={why(may.edit)} onClick={() => setRotating(true)}>{t("secret.rotate")}</ActionButton>
        </Group>
        <Text size="sm" c="dimmed">{t("secret.lead")}</Text>
      </Stack>
      {secrets === null ? (
        <Stack className="hf-panel" p="md" gap="sm" align="flex-start">
          <Text size="sm">{t("secret.hidden")} {t("secret.hiddenHint")}</Text>
          <ActionButton loading={reveal.isPending} reason={why(may.reveal)} onClick={() => reveal.mutate()}>{t("secret.reveal")}</ActionButton>
        </Stack>
      ) : (
        <Revealed secrets={secrets} onHide={() => setSecrets(null)} />
      )}
      <VerifyHere />
      <RotateDialog
        opened={rotating}
        endpoint={endpoint}
        onClose={() => setRotating(false)}
        onDone={(rotated) => {
          setSecrets(rotated);
          setRotating(false);
          told(t("secret.rotated"));
        }}
      />
    </Stack>
  );
}

function Revealed({ secrets, onHide }: { secrets: Secrets; onHide: () => void }) {
  const { t } = useTranslation("webhook");
  const headers = Object.entries(secrets.headers);
  return (
    <Stack gap="md">
      <Group justify="space-between">
        <Text component="h3" size="sm" fw={600} m={0}>{t("secret.current")}</Text>
        <Button size="xs" variant="default" onClick={onHide}>{t("secret.hide")}</Button>
      </Group>
      <Pair standard={secrets.standard_webhooks_secret} plain={secrets.secret} />
      {secrets.previous.length === 0 ? (
        <Text size="sm" c="dimmed">{t("secret.onlyOne")}</Text>
      ) : (
        secrets.previous.map((previous) => (
          <Stack key={previous.secret} gap="xs" className="hf-panel" p="md">
            <Text component="h3" size="sm" fw={600} m={0}>{t("secret.previous")}, {t("secret.until")} <Moment at={previous.signs_until} /></Text>
            <Text size="sm" c="dimmed">{t("secret.previousHint")}</Text>
            <Pair standard={previous.standard_webhooks_secret} plain={previous.secret} />
          </Stack>
        ))
      )}
      <Stack gap="xs">
        <Text component="h3" size="sm" fw={600} m={0}>{t("secret.headers")}</Text>
        {headers.length === 0 ? <Text size="sm" c="dimmed">{t("secret.headersNone")}</Text> : <Facts facts={headers.map(([name, value]) => ({ name, value: <Mono value={value} what={name} /> }))} />}
      </Stack>
    </Stack>
  );
}

function Pair({ standard, plain }: { standard: string; plain: string }) {
  const { t } = useTranslation(["webhook", "common"]);
  // A secret that we made is itself in the form of Standard Webhooks.
  if (standard === plain) return <CopyField label={t("secret.standard")} description={t("secret.both")} value={standard} action={t("common:copy")} />;
  return (
    <>
      <CopyField label={t("secret.standard")} value={standard} action={t("common:copy")} />
      <CopyField label={t("secret.plain")} value={plain} action={t("common:copy")} />
    </>
  );
}
