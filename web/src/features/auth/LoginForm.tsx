import { Stack } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useTranslation } from "react-i18next";

import type { Schemas } from "@/api/client";
import { useSubmit } from "@/api/useSubmit";
import { Refused } from "@/ui/Refused";
import { SubmitButton } from "@/ui/SubmitButton";

import { EmailField, PasswordField } from "./Fields";

type Login = Schemas["LoginBody"];

/** Address and password; with `email` it is that person's login. */
export function LoginForm({ email, action, onSubmit, onDone }: { email?: string; action: string; onSubmit: (login: Login) => Promise<void>; onDone: () => void }) {
  const { t } = useTranslation("auth");
  const form = useForm<Login>({
    initialValues: { email: email ?? "", password: "" },
    // What is left out needs no answer of the server's.
    validate: { email: (value) => value.trim() === "" && t("missing.email"), password: (value) => value === "" && t("missing.password") },
  });
  const { submit, rest, busy, waitUntil } = useSubmit({ form, fields: ["email", "password"], send: onSubmit, onDone });
  return (
    <form noValidate onSubmit={form.onSubmit(submit)}>
      <Stack gap="sm">
        <EmailField readOnly={email !== undefined} variant={email === undefined ? "default" : "filled"} autoFocus={email === undefined} {...form.getInputProps("email")} />
        <PasswordField autoFocus={email !== undefined} {...form.getInputProps("password")} />
        <Refused message={rest} waitUntil={waitUntil} />
        <SubmitButton busy={busy} waitUntil={waitUntil} mt={4}>{action}</SubmitButton>
      </Stack>
    </form>
  );
}
