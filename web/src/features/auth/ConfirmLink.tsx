import { useMutation } from "@tanstack/react-query";
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
export function ConfirmLink({ linkToken, title, lead, action, confirm, done, gone }: {
  /** What the link carried; `undefined` where the page was opened without one. */
  linkToken: string | undefined;
  title: string;
  lead: string;
  action: string;
  confirm: (token: string) => Promise<Person>;
  done: (person: Person) => ReactNode;
  gone: ReactNode;
}) {
  const { t } = useTranslation("auth");
  const [typed, setTyped] = useState<string>();
  const [waitUntil, setWaitUntil] = useState<number | null>(null);
  const mutation = useMutation({ mutationFn: confirm, onError: (error) => setWaitUntil(retryAt(error)) });
  const token = linkToken ?? typed;
  if (mutation.data) return done(mutation.data);
  if (token === "" || (mutation.error instanceof ApiProblem && mutation.error.status === 404)) return gone;
  if (token === undefined) {
    return <AuthCard title={title} lead={t("code.lead")}><CodeForm onToken={setTyped} /></AuthCard>;
  }
  return (
    <AuthCard title={title} lead={lead}>
      <form onSubmit={(event) => { event.preventDefault(); setWaitUntil(null); mutation.mutate(token); }}>
        <Refused message={mutation.error?.message ?? null} waitUntil={waitUntil} />
        <SubmitButton busy={mutation.isPending} waitUntil={waitUntil} fullWidth mt={mutation.error ? "sm" : 0}>{action}</SubmitButton>
      </form>
    </AuthCard>
  );
}
