import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { createFileRoute, Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { AuthCard } from "@/features/auth/AuthCard";
import { ConfirmLink } from "@/features/auth/ConfirmLink";
import { takeToken } from "@/features/auth/link-token";
import { sendVerification, verifyEmail, whoIsIn } from "@/features/auth/queries";
import { failed, told } from "@/ui/toast";

export const Route = createFileRoute("/verify-email")({ beforeLoad: takeToken, component: VerifyEmailPage });

function VerifyEmailPage() {
  return <ConfirmLink what="verify" confirm={verifyEmail} gone={<Gone />} />;
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
