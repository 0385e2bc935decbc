import { Button, Group, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import type { Schemas } from "@/api/client";
import { ApiProblem } from "@/api/problem";
import { useSubmit } from "@/api/useSubmit";
import { Note } from "@/ui/Note";
import { Refused } from "@/ui/Refused";
import { SubmitButton } from "@/ui/SubmitButton";

const LEFT = { alignSelf: "flex-start" } as const;

export function NameForm({ name, onSave, onSaved }: { name: string; onSave: (name: string) => Promise<void>; onSaved: (name: string) => void }) {
  const { t } = useTranslation("account");
  const form = useForm({ initialValues: { name } });
  const { submit, rest, busy } = useSubmit({ form, fields: ["name"], send: (values: { name: string }) => onSave(values.name).then(() => values.name.trim()), onDone: onSaved });
  return (
    <form noValidate onSubmit={form.onSubmit(submit)}>
      <Stack gap="sm">
        <TextInput label={t("name.label")} autoComplete="name" {...form.getInputProps("name")} />
        <Refused message={rest} />
        <SubmitButton busy={busy} style={LEFT}>{t("name.save")}</SubmitButton>
      </Stack>
    </form>
  );
}

/** A wrong present password belongs to its field, though the server names none. */
function wrong(error: unknown): boolean {
  return error instanceof ApiProblem && error.code === "wrong_credentials";
}

export function PasswordForm({ email, onSave, onSaved }: { email: string; onSave: (body: Schemas["PasswordChangeBody"]) => Promise<void>; onSaved: () => void }) {
  const { t } = useTranslation("account");
  const form = useForm({
    initialValues: { current_password: "", new_password: "" },
    validate: { current_password: (value) => value === "" && t("missing.present"), new_password: (value) => value === "" && t("missing.next") },
  });
  const { submit, rest, busy, waitUntil, error } = useSubmit({
    form,
    fields: ["current_password", "new_password"],
    send: onSave,
    onDone: () => {
      form.reset();
      onSaved();
    },
  });
  const eye = { "aria-label": t("password.show") };
  return (
    <form noValidate onSubmit={form.onSubmit(submit)}>
      <Stack gap="sm">
        {/* Programs that keep passwords learn whose it is. */}
        <input type="text" autoComplete="username" value={email} readOnly hidden />
        <PasswordInput label={t("password.current")} autoComplete="current-password" visibilityToggleButtonProps={eye} {...form.getInputProps("current_password")} error={wrong(error) ? rest : form.errors.current_password} />
        <PasswordInput label={t("password.next")} description={t("password.rule")} autoComplete="new-password" visibilityToggleButtonProps={eye} {...form.getInputProps("new_password")} />
        <Refused message={wrong(error) ? null : rest} waitUntil={waitUntil} />
        <Group gap="sm">
          <SubmitButton busy={busy} waitUntil={waitUntil}>{t("password.save")}</SubmitButton>
          <Text size="sm" c="dimmed">{t("password.hint")}</Text>
        </Group>
      </Stack>
    </form>
  );
}

export function EmailForm({ present, onSave, onChanged }: { present: string; onSave: (body: Schemas["EmailChangeBody"]) => Promise<"changed" | "mailed">; onChanged: (email: string) => void }) {
  const { t } = useTranslation("account");
  const [mailed, setMailed] = useState<string | null>(null);
  const form = useForm({
    initialValues: { email: "", password: "" },
    validate: { email: (value) => value.trim() === "" && t("missing.email"), password: (value) => value === "" && t("missing.present") },
  });
  const { submit, rest, busy, waitUntil, error } = useSubmit({
    form,
    fields: ["email", "password"],
    send: async (body: typeof form.values) => ({ how: await onSave(body), email: body.email.trim() }),
    onDone: ({ how, email }) => {
      form.reset();
      if (how === "mailed") setMailed(email);
      else onChanged(email);
    },
  });
  if (mailed !== null) {
    return (
      <Stack gap="sm">
        <Note tone="wait" alert>{t("email.mailed", { email: mailed, present })}</Note>
        <Button variant="default" style={LEFT} onClick={() => setMailed(null)}>{t("email.another")}</Button>
      </Stack>
    );
  }
  return (
    <form noValidate onSubmit={form.onSubmit(submit)}>
      <Stack gap="sm">
        <Text size="sm" c="dimmed" style={{ overflowWrap: "anywhere" }}>{t("email.present", { email: present })}</Text>
        <TextInput type="email" label={t("email.next")} autoComplete="email" spellCheck={false} {...form.getInputProps("email")} />
        <PasswordInput label={t("email.password")} autoComplete="current-password" visibilityToggleButtonProps={{ "aria-label": t("password.show") }} {...form.getInputProps("password")} error={wrong(error) ? rest : form.errors.password} />
        <Refused message={wrong(error) ? null : rest} waitUntil={waitUntil} />
        <SubmitButton busy={busy} waitUntil={waitUntil} style={LEFT}>{t("email.save")}</SubmitButton>
      </Stack>
    </form>
  );
}
