import { Alert, Button, Group } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";

import { api, done } from "@/api/client";
import { connection, useConnection } from "@/api/connection";
import { useMe } from "@/api/me";
import { failed, told } from "@/ui/toast";

import { Suspended } from "./Suspended";

const ASK_AGAIN_MS = 2_000;

/** What concerns every page: a lost connection, a suspended company, an address that is not proved. */
export function Banners() {
  const { t } = useTranslation("frame");
  const { me } = useMe();
  const { lost } = useConnection();
  useAskAgain(lost);
  const send = useMutation({
    mutationFn: () => done(api.POST("/api/v1/auth/verify-email/send")),
    onSuccess: () => told(t("sentAgain", { email: me.user.email })),
    onError: failed,
  });
  return (
    <>
      {lost && <Alert color="red" variant="light" radius={0} role="alert">{t("lost")}</Alert>}
      <Suspended />
      {!me.user.verified && (
        <Alert color="yellow" variant="light" radius={0}>
          <Group justify="space-between">
            {t("unverified", { email: me.user.email })}
            <Button size="xs" variant="default" loading={send.isPending} onClick={() => send.mutate()}>{t("sendAgain")}</Button>
          </Group>
        </Alert>
      )}
    </>
  );
}

/** While the server is away it is asked whether it is back; what follows from that is in useHealing. */
function useAskAgain(lost: boolean): void {
  // A timer, and a server that comes back, are outside React.
  useEffect(() => {
    if (!lost) return;
    const timer = setInterval(() => {
      fetch("/healthz", { cache: "no-store" }).then(
        (answer) => answer.ok && connection.set({ lost: false }),
        () => undefined,
      );
    }, ASK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [lost]);
}
