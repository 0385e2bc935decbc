import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useLocation } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import type { Schemas } from "@/api/client";
import { ApiProblem, retryAt } from "@/api/problem";
import { Refused } from "@/ui/Refused";
import { SubmitButton } from "@/ui/SubmitButton";

import { AuthCard } from "./AuthCard";
import { CodeForm } from "./CodeForm";

type Person = Schemas["UserView"];

/**
 * A link that confirms a mail address, by a click: programs that look into mails open links as well, and must not
 * use them up.
 */
export function ConfirmLink({ what, confirm, gone }: {
  /** Which link it is: its texts are called so. */
  what: "verify" | "change";
  confirm: (token: string) => Promise<Person>;
  gone: ReactNode;
}) {
  // Another link in the same tab begins anew.
  const linkToken = useLocation({ select: (location) => location.state.linkToken });
  return <Confirming key={linkToken} what={what} linkToken={linkToken} confirm={confirm} gone={gone} />;
}

/** `linkToken`: what the link carried; `undefined` where the page was opened without one. */
function Confirming({ what, linkToken, confirm, gone }: Parameters<typeof ConfirmLink>[0] & { linkToken: string | undefined }) {
  const { t } = useTranslation("auth");
  const [typed, setTyped] = useState<string>();
  const [waitUntil, setWaitUntil] = useState<number | null>(null);
  const client = useQueryClient();
  const mutation = useMutation({
    mutationFn: confirm,
    // Whoever is logged in here is asked no longer, and is called by their address.
    onSuccess: () => client.invalidateQueries({ queryKey: ["me"] }),
    onError: (error) => setWaitUntil(retryAt(error)),
  });
  const token = linkToken ?? typed;
  if (mutation.isSuccess) {
    return (
      <AuthCard title={t(`${what}.doneTitle`)} lead={t(`${what}.done`, { email: mutation.data.email })}>
        <Button renderRoot={(props) => <Link to="/" {...props} />}>{t("toOverview")}</Button>
      </AuthCard>
    );
  }
  if (token === "" || (mutation.error instanceof ApiProblem && mutation.error.status === 404)) return gone;
  if (token === undefined) {
    return <AuthCard title={t(`${what}.title`)} lead={t("code.lead")}><CodeForm onToken={setTyped} /></AuthCard>;
  }
  return (
    <AuthCard title={t(`${what}.title`)} lead={t(`${what}.lead`)}>
      <form onSubmit={(event) => { event.preventDefault(); setWaitUntil(null); mutation.mutate(token); }}>
        <Refused message={mutation.error?.message ?? null} waitUntil={waitUntil} />
        <SubmitButton busy={mutation.isPending} waitUntil={waitUntil} fullWidth mt={mutation.error ? "sm" : 0}>{t(`${what}.action`)}</SubmitButton>
      </form>
    </AuthCard>
  );
}
