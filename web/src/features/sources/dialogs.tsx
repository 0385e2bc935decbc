import { Alert, Group, Modal, NativeSelect, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { useSubmit } from "@/api/useSubmit";
import { count } from "@/lib/numbers";
import { ActionButton } from "@/ui/ActionButton";
import { Confirm } from "@/ui/Confirm";
import { told } from "@/ui/toast";

import { deleteSource, renameSource, rotateAppSecret, rotateVerifyToken, type Source, sourceChanged } from "./queries";

export type SourceDialog = "rename" | "secret" | "verify" | "delete";
type Props = { source: Source; onClose: () => void };

/** The dialog that is open over a source's page, if any. */
export function SourceDialogs({ source, open, onClose, onDeleted }: Props & { open: SourceDialog | null; onDeleted: () => void }) {
  const { t } = useTranslation("sources");
  const titles = {
    rename: t("rename.title"),
    secret: source.app_secret_set ? t("secret.title") : t("secret.setTitle"),
    verify: t("verify.title"),
  };
  return (
    <>
      <Modal opened={open !== null && open !== "delete"} onClose={onClose} closeOnClickOutside={false} title={open !== null && open !== "delete" ? titles[open] : ""}>
        {open === "rename" && <Rename source={source} onClose={onClose} />}
        {open === "secret" && <AppSecret source={source} onClose={onClose} />}
        {open === "verify" && <VerifyToken source={source} onClose={onClose} />}
      </Modal>
      <Remove source={source} opened={open === "delete"} onClose={onClose} onDeleted={onDeleted} />
    </>
  );
}

function Rename({ source, onClose }: Props) {
  const { t } = useTranslation(["sources", "common"]);
  const client = useQueryClient();
  const form = useForm({ initialValues: { name: source.name } });
  const { submit, rest, busy } = useSubmit({
    form,
    fields: ["name"],
    send: (values: { name: string }) => renameSource(source.id, values.name),
    onDone: (changed) => {
      sourceChanged(client, changed);
      told(t("rename.done"));
      onClose();
    },
  });
  return (
    <form onSubmit={form.onSubmit((values) => submit(values))}>
      <Stack>
        <TextInput label={t("form.name")} data-autofocus {...form.getInputProps("name")} />
        <Ending rest={rest} busy={busy} action={t("common:save")} onClose={onClose} />
      </Stack>
    </form>
  );
}

const OVERLAPS = { none: 0, hour: 3_600, day: 86_400, week: 604_800 };
const OVERLAP_NAMES = ["none", "hour", "day", "week"] as const;

function AppSecret({ source, onClose }: Props) {
  const { t } = useTranslation("sources");
  const client = useQueryClient();
  const form = useForm({ initialValues: { app_secret: "", overlap_seconds: String(OVERLAPS.day) } });
  const { submit, rest, busy } = useSubmit({
    form,
    fields: ["app_secret", "overlap_seconds"],
    send: (values: typeof form.values) =>
      rotateAppSecret(source.id, { app_secret: values.app_secret, overlap_seconds: source.app_secret_set ? Number(values.overlap_seconds) : null }),
    onDone: (changed) => {
      sourceChanged(client, changed);
      told(t("secret.done"));
      onClose();
    },
  });
  return (
    <form onSubmit={form.onSubmit((values) => submit(values))}>
      <Stack>
        <PasswordInput label={t("secret.label")} description={t("form.appSecretHint")} autoComplete="off" data-autofocus {...form.getInputProps("app_secret")} />
        {source.app_secret_set && (
          <NativeSelect
            label={t("secret.overlap")}
            description={t("secret.overlapHint")}
            data={OVERLAP_NAMES.map((name) => ({ value: String(OVERLAPS[name]), label: t(`secret.overlaps.${name}`) }))}
            {...form.getInputProps("overlap_seconds")}
          />
        )}
        <Ending rest={rest} busy={busy} action={t("secret.save")} onClose={onClose} />
      </Stack>
    </form>
  );
}

function VerifyToken({ source, onClose }: Props) {
  const { t } = useTranslation("sources");
  const client = useQueryClient();
  const form = useForm({ initialValues: { verify_token: "" } });
  const { submit, rest, busy } = useSubmit({
    form,
    fields: ["verify_token"],
    send: (values: typeof form.values) => rotateVerifyToken(source.id, { verify_token: values.verify_token || null }),
    onDone: (changed) => {
      sourceChanged(client, changed);
      told(t("verify.done"));
      onClose();
    },
  });
  return (
    <form onSubmit={form.onSubmit((values) => submit(values))}>
      <Stack>
        <Text size="sm">{t("verify.text")}</Text>
        <TextInput label={t("verify.label")} description={t("verify.hint")} autoComplete="off" data-autofocus {...form.getInputProps("verify_token")} />
        <Ending rest={rest} busy={busy} action={t("verify.save")} onClose={onClose} />
      </Stack>
    </form>
  );
}

function Ending({ rest, busy, action, onClose }: { rest: string | null; busy: boolean; action: ReactNode; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <>
      {rest !== null && <Alert color="red" role="alert">{rest}</Alert>}
      <Group justify="flex-end">
        <ActionButton variant="default" onClick={onClose}>{t("cancel")}</ActionButton>
        <ActionButton type="submit" loading={busy}>{action}</ActionButton>
      </Group>
    </>
  );
}

function Remove({ source, opened, onClose, onDeleted }: Props & { opened: boolean; onDeleted: () => void }) {
  const { t } = useTranslation("sources");
  const remove = useMutation({
    mutationFn: () => deleteSource(source.id),
    onSuccess: () => {
      told(t("remove.done"));
      onDeleted();
    },
  });
  return (
    <Confirm
      opened={opened}
      title={t("remove.title", { name: source.name })}
      action={t("remove.confirm")}
      error={remove.error?.message}
      busy={remove.isPending}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    >
      {t("remove.text", { count: source.notifications.accepted, formatted: count(source.notifications.accepted) })}
    </Confirm>
  );
}
