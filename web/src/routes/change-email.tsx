import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { createFileRoute, Link, useLocation } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { AuthCard } from "@/features/auth/AuthCard";
import { ConfirmLink } from "@/features/auth/ConfirmLink";
import { takeToken } from "@/features/auth/link-token";
import { confirmEmail } from "@/features/auth/queries";

export const Route = createFileRoute("/change-email")({ beforeLoad: takeToken, component: ChangeEmailPage });

function ChangeEmailPage() {
  const { t } = useTranslation("auth");
  const client = useQueryClient();
  const token = useLocation({ select: (location) => location.state.linkToken });
  const confirm = async (link: string) => {
    const person = await confirmEmail(link);
    await client.invalidateQueries({ queryKey: ["me"] });
    return person;
  };
  return (
    <ConfirmLink
      key={token}
      linkToken={token}
      title={t("change.title")}
      lead={t("change.lead")}
      action={t("change.action")}
      confirm={confirm}
      done={(person) => (
        <AuthCard title={t("change.doneTitle")} lead={t("change.done", { email: person.email })}>
          <Button renderRoot={(props) => <Link to="/" {...props} />}>{t("toOverview")}</Button>
        </AuthCard>
      )}
      gone={
        <AuthCard title={t("change.goneTitle")} lead={t("change.gone")}>
          <Button renderRoot={(props) => <Link to="/account" {...props} />}>{t("change.account")}</Button>
        </AuthCard>
      }
    />
  );
}
