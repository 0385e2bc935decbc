import { Alert, Checkbox, Group, Modal, NativeSelect, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useTranslation } from "react-i18next";

import type { Scope } from "@/api/me";
import { useSubmit } from "@/api/useSubmit";
import { ActionButton } from "@/ui/ActionButton";

import { createToken, type Token } from "./queries";
import { type Expiry, EXPIRIES, expiresAt, SCOPES } from "./token";

type Values = { name: string; scopes: Scope[]; expiry: Expiry; date: string };

export function CreateToken({ opened, onClose, onMade }: { opened: boolean; onClose: () => void; onMade: (token: Token) => void }) {
  const { t } = useTranslation("tokens");
  return (
    <Modal opened={opened} onClose={onClose} closeOnClickOutside={false} title={t("form.title")} size="lg">
      <Fields onClose={onClose} onMade={onMade} />
    </Modal>
  );
}

function Fields({ onClose, onMade }: { onClose: () => void; onMade: (token: Token) => void }) {
  const { t } = useTranslation(["tokens", "common"]);
  const form = useForm<Values>({ initialValues: { name: "", scopes: [], expiry: "90", date: "" } });
  const { submit, rest, busy } = useSubmit({
    form,
    fields: ["name", "scopes", "expires_at"],
    send: ({ name, scopes, expiry, date }: Values) => createToken({ name, scopes, expires_at: expiresAt(expiry, date, Date.now()) }),
    onDone: onMade,
  });
  const { expiry } = form.values;
  return (
    <form onSubmit={form.onSubmit((values) => submit(values))}>
      <Stack>
        <TextInput label={t("form.name")} description={t("form.nameHint")} data-autofocus {...form.getInputProps("name")} />
        <Checkbox.Group label={t("form.scopes")} {...form.getInputProps("scopes")}>
          <Stack gap="xs" mt="xs">
            {SCOPES.map(({ scope, text }) => (
              <Checkbox key={scope} value={scope} label={<>{t(`scopes.${text}.label`)} <span className="hf-mono">{scope}</span></>} description={t(`scopes.${text}.hint`)} />
            ))}
          </Stack>
        </Checkbox.Group>
        <Group align="flex-start" grow>
          <NativeSelect
            label={t("form.expires")}
            data={EXPIRIES.map((value) => ({ value, label: t(`form.expiry.${value}`) }))}
            {...form.getInputProps("expiry")}
            error={expiry === "date" ? null : form.errors.expires_at}
          />
          {expiry === "date" && <TextInput type="date" label={t("form.date")} {...form.getInputProps("date")} error={form.errors.expires_at} />}
        </Group>
        {rest !== null && <Alert color="red" role="alert">{rest}</Alert>}
        <Group justify="flex-end">
          <ActionButton variant="default" onClick={onClose}>{t("common:cancel")}</ActionButton>
          <ActionButton type="submit" loading={busy}>{t("form.create")}</ActionButton>
        </Group>
      </Stack>
    </form>
  );
}
