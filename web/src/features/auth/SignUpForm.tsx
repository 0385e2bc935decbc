import { Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import type { Schemas } from "@/api/client";
import { ApiProblem } from "@/api/problem";
import { useSubmit } from "@/api/useSubmit";
import { Refused } from "@/ui/Refused";
import { SubmitButton } from "@/ui/SubmitButton";

import { EmailField, NewPasswordField } from "./Fields";

type Person = Schemas["SignUpBody"];
type SignedUp = Schemas["SignedUpView"];

/** A new company and its owner. `onClosed`: the operator has switched sign-up off. */
export function SignUpForm({ onSubmit, onDone, onClosed }: { onSubmit: (person: Person) => Promise<SignedUp>; onDone: (answer: SignedUp) => void; onClosed: () => void }) {
  const { t } = useTranslation("auth");
  const form = useForm({
    initialValues: { company_name: "", name: "", email: "", password: "" },
    validate: {
      company_name: (value) => value.trim() === "" && t("missing.company"),
      email: (value) => value.trim() === "" && t("missing.email"),
      password: (value) => value === "" && t("missing.newPassword"),
    },
  });
  const send = async (values: typeof form.values): Promise<SignedUp> => {
    try {
      return await onSubmit({ ...values, name: values.name.trim() === "" ? null : values.name });
    } catch (error) {
      if (error instanceof ApiProblem && error.code === "signup_closed") onClosed();
      throw error;
    }
  };
  const { submit, rest, busy, waitUntil, error } = useSubmit({ form, fields: ["company_name", "name", "email", "password"], send, onDone });
  const taken = error instanceof ApiProblem && error.code === "email_taken";
  return (
    <form noValidate onSubmit={form.onSubmit(submit)}>
      <Stack gap="sm">
        <TextInput label={t("companyName")} autoComplete="organization" autoFocus {...form.getInputProps("company_name")} />
        <TextInput label={t("yourName")} description={t("optional")} autoComplete="name" {...form.getInputProps("name")} />
        <EmailField {...form.getInputProps("email")} />
        <NewPasswordField {...form.getInputProps("password")} />
        {taken ? (
          <Refused message={t("signUp.taken")}>
            {" "}
            <Link className="hf-link" to="/login">{t("logIn")}</Link>
            {" · "}
            <Link className="hf-link" to="/reset-password">{t("reset.title")}</Link>
          </Refused>
        ) : (
          <Refused message={rest} waitUntil={waitUntil} />
        )}
        <SubmitButton busy={busy} waitUntil={waitUntil} mt={4}>{t("signUp.action")}</SubmitButton>
      </Stack>
    </form>
  );
}
