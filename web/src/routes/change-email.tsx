import { Button } from "@mantine/core";
import { createFileRoute, Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { AuthCard } from "@/features/auth/AuthCard";
import { ConfirmLink } from "@/features/auth/ConfirmLink";
import { takeToken } from "@/features/auth/link-token";
import { confirmEmail } from "@/features/auth/queries";

export const Route = createFileRoute("/change-email")({ beforeLoad: takeToken, component: ChangeEmailPage });

function ChangeEmailPage() {
  const { t } = useTranslation("auth");
  return (
    <ConfirmLink
      what="change"
      confirm={confirmEmail}
      gone={
        <AuthCard title={t("change.goneTitle")} lead={t("change.gone")}>
          <Button renderRoot={(props) => <Link to="/account" {...props} />}>{t("change.account")}</Button>
        </AuthCard>
      }
    />
  );
}
