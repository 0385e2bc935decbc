import { useTranslation } from "react-i18next";

import { EmptyState } from "@/ui/EmptyState";
import { LinkButton } from "@/ui/LinkButton";

/** What a company without webhooks sees. */
export function FirstSteps() {
  const { t } = useTranslation("overview");
  return (
    <EmptyState
      title={t("empty.title")}
      actions={
        <>
          <LinkButton to="/start">{t("empty.start")}</LinkButton>
          <LinkButton to="/webhooks/new" variant="default">{t("empty.own")}</LinkButton>
          <LinkButton to="/sources" variant="default">{t("empty.whatsapp")}</LinkButton>
        </>
      }
    >
      {t("empty.text")}
    </EmptyState>
  );
}
