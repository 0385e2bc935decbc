import { Stack } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useTranslation } from "react-i18next";

import { useSubmit } from "@/api/useSubmit";
import { Refused } from "@/ui/Refused";
import { SubmitButton } from "@/ui/SubmitButton";

import { EmailField, NewPasswordField } from "./Fields";

/** Asks for the link by which a new password can be chosen. */
export function ResetAskForm({ onSubmit, onDone }: { onSubmit: (email: string) => Promise<void>; onDone: (email: string) => void }) {
  const { t } = useTranslation("auth");
  const form = useForm({ initialValues: { email: "" }, validate: { email: (value) => value.trim() === "" && t("missing.email") } });
  const { submit, rest, busy, waitUntil } = useSubmit({
    form,
    fields: ["email"],
    send: async ({ email }: { email: string }) => onSubmit(email).then(() => email),
    onDone,
  });
  return (
    <form noValidate onSubmit={form.onSubmit(submit)}>
      <Stack gap="sm">
        <EmailField autoFocus {...form.getInputProps("email")} />
        <Refused message={rest} waitUntil={waitUntil} />
        <SubmitButton busy={busy} waitUntil={waitUntil} mt={4}>{t("reset.ask")}</SubmitButton>
      </Stack>
    </form>
  );
}

/** Chooses the new password. */
export function ResetChooseForm({ onSubmit, onDone }: { onSubmit: (password: string) => Promise<boolean>; onDone: (loggedIn: boolean) => void }) {
  const { t } = useTranslation("auth");
  const form = useForm({ initialValues: { password: "" }, validate: { password: (value) => value === "" && t("missing.newPassword") } });
  const { submit, rest, busy, waitUntil } = useSubmit({ form, fields: ["password"], send: ({ password }: { password: string }) => onSubmit(password), onDone });
  return (
    <form noValidate onSubmit={form.onSubmit(submit)}>
      <Stack gap="sm">
        <NewPasswordField label={t("newPassword")} autoFocus {...form.getInputProps("password")} />
        <Refused message={rest} waitUntil={waitUntil} />
        <SubmitButton busy={busy} waitUntil={waitUntil} mt={4}>{t("reset.save")}</SubmitButton>
      </Stack>
    </form>
  );
}
