import { Alert, Anchor, Group, Modal, PasswordInput, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useSubmit } from "@/api/useSubmit";
import { ActionButton } from "@/ui/ActionButton";

import { createSource, type Source, sourceChanged } from "./queries";

/** A new source: a name, and the app secret if it is at hand. */
export function CreateSource({ opened, onClose, onMade }: { opened: boolean; onClose: () => void; onMade: (source: Source) => void }) {
  const { t } = useTranslation("sources");
  return (
    <Modal opened={opened} onClose={onClose} closeOnClickOutside={false} title={t("form.title")} size="lg">
      <Fields onClose={onClose} onMade={onMade} />
    </Modal>
  );
}

function Fields({ onClose, onMade }: { onClose: () => void; onMade: (source: Source) => void }) {
  const { t } = useTranslation(["sources", "common"]);
  const client = useQueryClient();
  const [own, setOwn] = useState(false);
  const form = useForm({ initialValues: { name: "", app_secret: "", verify_token: "" } });
  const { submit, rest, busy } = useSubmit({
    form,
    fields: ["name", "app_secret", "verify_token"],
    send: (values: typeof form.values) =>
      createSource({ kind: "whatsapp", name: values.name, app_secret: values.app_secret || null, verify_token: values.verify_token || null }),
    onDone: (source) => {
      sourceChanged(client, source);
      onMade(source);
    },
  });
  return (
    <form onSubmit={form.onSubmit((values) => submit(values))}>
      <Stack>
        <TextInput label={t("form.name")} description={t("form.nameHint")} data-autofocus {...form.getInputProps("name")} />
        <PasswordInput label={t("form.appSecret")} description={t("form.appSecretHint")} autoComplete="off" {...form.getInputProps("app_secret")} />
        {own ? (
          <TextInput label={t("form.verifyToken")} description={t("form.verifyTokenHint")} autoComplete="off" {...form.getInputProps("verify_token")} />
        ) : (
          <Anchor component="button" type="button" size="sm" className="hf-link" style={{ alignSelf: "flex-start" }} onClick={() => setOwn(true)}>{t("form.advanced")}</Anchor>
        )}
        {rest !== null && <Alert color="red" role="alert">{rest}</Alert>}
        <Group justify="flex-end">
          <ActionButton variant="default" onClick={onClose}>{t("common:cancel")}</ActionButton>
          <ActionButton type="submit" loading={busy}>{t("form.create")}</ActionButton>
        </Group>
      </Stack>
    </form>
  );
}
