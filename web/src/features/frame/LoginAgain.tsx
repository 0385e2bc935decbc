import { Modal, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";

import { api, unwrap } from "@/api/client";
import { connection, useConnection } from "@/api/connection";
import { meQuery, useMe } from "@/api/me";
import { useSubmit } from "@/api/useSubmit";
import { Refused } from "@/ui/Refused";
import { SubmitButton } from "@/ui/SubmitButton";

/** Asks for the password over the page when a login has ended, so that nothing that was typed is lost. */
export function LoginAgain() {
  const { t } = useTranslation(["frame", "auth"]);
  const { loggedOut } = useConnection();
  useOtherTab(loggedOut);
  return (
    <Modal opened={loggedOut} onClose={() => undefined} withCloseButton={false} closeOnEscape={false} closeOnClickOutside={false} title={t("loginEnded")}>
      <Again />
    </Modal>
  );
}

function Again() {
  const { t } = useTranslation(["frame", "auth"]);
  const { me } = useMe();
  const form = useForm({ initialValues: { password: "" }, validate: { password: (value) => value === "" && t("auth:missing.password") } });
  const { submit, rest, busy, waitUntil } = useSubmit({
    form,
    fields: ["password"],
    send: ({ password }: { password: string }) => unwrap(api.POST("/api/v1/auth/login", { body: { email: me.user.email, password } })),
    // What failed meanwhile is fetched again: see useHealing.
    onDone: () => connection.set({ loggedOut: false }),
  });
  return (
    <form noValidate onSubmit={form.onSubmit(submit)}>
      <Stack>
        <Text size="sm" c="dimmed">{t("loginEndedHint")}</Text>
        <TextInput label={t("auth:email")} value={me.user.email} readOnly variant="filled" autoComplete="username" />
        <PasswordInput label={t("auth:password")} autoComplete="current-password" data-autofocus visibilityToggleButtonProps={{ "aria-label": t("auth:showPassword") }} {...form.getInputProps("password")} />
        <Refused message={rest} waitUntil={waitUntil} />
        <SubmitButton busy={busy} waitUntil={waitUntil}>{t("auth:logIn")}</SubmitButton>
        {/* Full loads: another person's page begins with nothing of this one's. */}
        <Text size="sm"><a className="hf-link" style={{ textDecoration: "underline" }} href="/login">{t("auth:login.asOther")}</a> · <a className="hf-link" style={{ textDecoration: "underline" }} href="/reset-password">{t("auth:login.forgot")}</a></Text>
      </Stack>
    </form>
  );
}

/** Whoever has logged in again in another tab need not do so in this one. */
function useOtherTab(loggedOut: boolean): void {
  const client = useQueryClient();
  // The window's focus is outside React.
  useEffect(() => {
    if (!loggedOut) return;
    const look = (): void => {
      // Being told who one is ends it.
      client.fetchQuery({ ...meQuery, staleTime: 0, retry: false }).catch(() => undefined);
    };
    window.addEventListener("focus", look);
    return () => window.removeEventListener("focus", look);
  }, [loggedOut, client]);
}
