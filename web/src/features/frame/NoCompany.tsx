import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { api, done } from "@/api/client";
import { useMe } from "@/api/me";
import { EmptyState } from "@/ui/EmptyState";
import { LinkButton } from "@/ui/LinkButton";
import { Page } from "@/ui/Page";
import { failed } from "@/ui/toast";

/** Somebody who left or was taken out of the company that this tab shows, or who has none. */
export function NoCompany() {
  const { t } = useTranslation("frame");
  const { me } = useMe();
  const logOut = useMutation({
    mutationFn: () => done(api.POST("/api/v1/auth/logout")),
    onSuccess: () => window.location.assign("/signup"),
    onError: failed,
  });
  if (me.companies.length > 0) {
    return (
      <Around>
        <EmptyState isPage title={t("notYourCompany")} actions={me.companies.slice(0, 6).map((each) => <Link key={each.id} className="hf-link" to="/" search={{ company: each.id }} preload={false}><bdi>{each.name}</bdi></Link>)}>
          {t("notYourCompanyHint")}
        </EmptyState>
      </Around>
    );
  }
  return (
    <Around>
      <EmptyState
        title={t("noCompany")}
        actions={
          <>
            <Button variant="default" loading={logOut.isPending} onClick={() => logOut.mutate()}>{t("noCompanySignUp")}</Button>
            <LinkButton variant="default" to="/account">{t("account")}</LinkButton>
          </>
        }
      >
        {t("noCompanyHint")}
      </EmptyState>
    </Around>
  );
}

function Around({ children }: { children: React.ReactNode }) {
  const { t } = useTranslation("frame");
  return <Page title={t("company")}>{children}</Page>;
}
