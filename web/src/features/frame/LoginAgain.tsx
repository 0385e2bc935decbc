import { Alert, Button, Modal, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { api, unwrap } from "@/api/client";
import { connection, useConnection } from "@/api/connection";
import { useMe } from "@/api/me";

/** Asks for the password over the page when a login has ended, so that nothing that was typed is lost. */
export function LoginAgain() {
  const { t } = useTranslation(["frame", "auth"]);
  const { me } = useMe();
  const { loggedOut } = useConnection();
  const client = useQueryClient();
  const [password, setPassword] = useState("");
  const login = useMutation({
    mutationFn: () => unwrap(api.POST("/api/v1/auth/login", { body: { email: me.user.email, password } })),
    onSuccess: () => {
      setPassword("");
      connection.set({ loggedOut: false });
      void client.invalidateQueries();
    },
    // A wrong password is told in the form; the login is as ended as it was.
  });
  return (
    <Modal opened={loggedOut} onClose={() => undefined} withCloseButton={false} closeOnEscape={false} closeOnClickOutside={false} title={t("loginEnded")}>
      <form onSubmit={(event) => { event.preventDefault(); login.mutate(); }}>
        <Stack>
          <Text size="sm" c="dimmed">{t("loginEndedHint")}</Text>
          <TextInput label={t("auth:email")} value={me.user.email} readOnly autoComplete="username" />
          <PasswordInput label={t("auth:password")} value={password} onChange={(event) => setPassword(event.currentTarget.value)} autoComplete="current-password" data-autofocus required />
          {login.error && <Alert color="red" role="alert">{login.error.message}</Alert>}
          <Button type="submit" loading={login.isPending}>{t("auth:logIn")}</Button>
        </Stack>
      </form>
    </Modal>
  );
}
