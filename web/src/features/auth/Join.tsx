import { Button, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import type { Schemas } from "@/api/client";
import { ApiProblem } from "@/api/problem";
import { useSubmit } from "@/api/useSubmit";
import { Refused } from "@/ui/Refused";
import { SubmitButton } from "@/ui/SubmitButton";

import { EmailField, NewPasswordField } from "./Fields";
import { LoginForm } from "./LoginForm";
import { acceptAsMyself, acceptAsNew, acceptByLogin } from "./queries";

type Accepted = Schemas["AcceptedInvitationView"];
type Ends = { onJoined: (accepted: Accepted) => void; onGone: () => void };
type Joining = Ends & { token: string; invited: Schemas["InvitedView"] };

/** Passes a refusal on, and says where it means that the link has stopped working meanwhile. */
async function joining(accepted: Promise<Accepted>, { onJoined, onGone }: Ends): Promise<void> {
  try {
    onJoined(await accepted);
  } catch (error) {
    if (error instanceof ApiProblem && error.status === 404) onGone();
    throw error;
  }
}

/** Somebody without an account: the link proves the address, so a password is all that is missing. */
export function JoinAsNew({ token, invited, ...ends }: Joining) {
  const { t } = useTranslation("auth");
  const client = useQueryClient();
  const form = useForm({ initialValues: { name: "", password: "" }, validate: { password: (value) => value === "" && t("missing.newPassword") } });
  const { submit, rest, busy, waitUntil } = useSubmit({
    form,
    fields: ["name", "password"],
    send: ({ name, password }: typeof form.values) => joining(acceptAsNew(client, { token, password, name: name.trim() === "" ? null : name }), ends),
    onDone: () => undefined,
  });
  return (
    <form noValidate onSubmit={form.onSubmit(submit)}>
      <Stack gap="sm">
        <Text size="sm">{t("invitation.newLead")}</Text>
        <EmailField value={invited.email} readOnly variant="filled" />
        <TextInput label={t("yourName")} description={t("optional")} autoComplete="name" autoFocus {...form.getInputProps("name")} />
        <NewPasswordField {...form.getInputProps("password")} />
        <Refused message={rest} waitUntil={waitUntil} />
        <SubmitButton busy={busy} waitUntil={waitUntil} mt={4}>{t("invitation.join", { company: invited.company_name })}</SubmitButton>
      </Stack>
    </form>
  );
}

/** Somebody who has an account and is not logged in. */
export function JoinByLogin({ token, invited, ...ends }: Joining) {
  const { t } = useTranslation("auth");
  const client = useQueryClient();
  return (
    <Stack gap="sm">
      <Text size="sm">{t("invitation.knownLead")}</Text>
      <LoginForm email={invited.email} action={t("invitation.logInAndJoin")} onSubmit={(login) => joining(acceptByLogin(client, token, login), ends)} onDone={() => undefined} />
      <Text size="sm"><Link className="hf-link" to="/reset-password">{t("login.forgot")}</Link></Text>
    </Stack>
  );
}

/** Whoever is logged in with the invited address. */
export function JoinAsMyself({ token, invited, ...ends }: Joining) {
  const { t } = useTranslation("auth");
  const client = useQueryClient();
  const join = useMutation({ mutationFn: () => joining(acceptAsMyself(client, token), ends) });
  const already = join.error instanceof ApiProblem && join.error.code === "already_member";
  return (
    <Stack gap="sm">
      <Text size="sm">{t("invitation.asYou", { email: invited.email })}</Text>
      {already ? (
        <Refused message={t("invitation.alreadyIn")}> <Link className="hf-link" to="/">{t("toOverview")}</Link></Refused>
      ) : (
        <Refused message={join.error?.message ?? null} />
      )}
      <Button loading={join.isPending} onClick={() => join.mutate()}>{t("invitation.join", { company: invited.company_name })}</Button>
    </Stack>
  );
}

/** Whoever is logged in with another address than the one that was invited. */
export function JoinAsOther({ email, invited, onLogOut }: { email: string; invited: Schemas["InvitedView"]; onLogOut: () => Promise<void> }) {
  const { t } = useTranslation("auth");
  const leave = useMutation({ mutationFn: onLogOut });
  return (
    <Stack gap="sm">
      <Text size="sm">{t("invitation.other", { email, invited: invited.email })}</Text>
      <Refused message={leave.error?.message ?? null} />
      <Button loading={leave.isPending} onClick={() => leave.mutate()}>{t("invitation.otherAction")}</Button>
      <Text size="sm"><Link className="hf-link" to="/">{t("toOverview")}</Link></Text>
    </Stack>
  );
}
