import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { createFileRoute, Link, useLocation } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { AuthCard } from "@/features/auth/AuthCard";
import { ConfirmLink } from "@/features/auth/ConfirmLink";
import { takeToken } from "@/features/auth/link-token";
import { sendVerification, verifyEmail, whoIsIn } from "@/features/auth/queries";
import { failed, told } from "@/ui/toast";

export const Route = createFileRoute("/verify-email")({ beforeLoad: takeToken, component: VerifyEmailPage });

function VerifyEmailPage() {
  const { t } = useTranslation("auth");
  const client = useQueryClient();
  const token = useLocation({ select: (location) => location.state.linkToken });
  const confirm = async (link: string) => {
    const person = await verifyEmail(link);
    // Whoever is logged in here is asked no longer.
    await client.invalidateQueries({ queryKey: ["me"] });
    return person;
  };
  return (
    <ConfirmLink
      key={token}
      linkToken={token}
      title={t("verify.title")}
      lead={t("verify.lead")}
      action={t("verify.action")}
      confirm={confirm}
      done={(person) => (
        <AuthCard title={t("verify.doneTitle")} lead={t("verify.done", { email: person.email })}>
          <Button renderRoot={(props) => <Link to="/" {...props} />}>{t("toOverview")}</Button>
        </AuthCard>
      )}
      gone={<Gone />}
    />
  );
}

/** Who is logged in gets the next step at once. */
function Gone() {
  const { t } = useTranslation("auth");
  const client = useQueryClient();
  const { data: me } = useQuery({ queryKey: ["who-is-in"], queryFn: () => whoIsIn(client) });
  const send = useMutation({
    mutationFn: sendVerification,
    onSuccess: () => told(t("verify.sent", { email: me?.user.email ?? "" })),
    onError: failed,
  });
  const overview = <Link className="hf-link" to="/">{me ? t("toOverview") : t("logIn")}</Link>;
  if (me?.user.verified) return <AuthCard title={t("verify.goneTitle")} lead={t("verify.goneKnown", { email: me.user.email })} elsewhere={overview} />;
  return (
    <AuthCard title={t("verify.goneTitle")} lead={me ? t("verify.gone") : `${t("verify.gone")} ${t("verify.goneLogIn")}`} elsewhere={overview}>
      {me && <Button loading={send.isPending} onClick={() => send.mutate()}>{t("verify.again")}</Button>}
    </AuthCard>
  );
}
