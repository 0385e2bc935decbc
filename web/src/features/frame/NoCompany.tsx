import { useTranslation } from "react-i18next";

import { EmptyState } from "@/ui/EmptyState";

/** Somebody who left or was taken out of their last company. */
export function NoCompany() {
  const { t } = useTranslation("frame");
  return <EmptyState title={t("noCompany")}>{t("noCompanyHint")}</EmptyState>;
}
