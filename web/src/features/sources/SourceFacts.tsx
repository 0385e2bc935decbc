import { useTranslation } from "react-i18next";

import { Mono } from "@/ui/Copy";
import { Facts } from "@/ui/Facts";
import { Time } from "@/ui/Time";

import type { Source } from "./queries";

export function SourceFacts({ source }: { source: Source }) {
  const { t } = useTranslation("sources");
  return (
    <Facts
      facts={[
        { name: t("facts.id"), value: <Mono value={source.id} /> },
        { name: t("facts.callbackUrl"), value: <Mono value={source.callback_url} what={t("facts.callbackUrl")} /> },
        { name: t("facts.verifyToken"), value: <Mono value={source.verify_token} what={t("facts.verifyToken")} /> },
        {
          name: t("facts.appSecret"),
          value: (
            <>
              {source.app_secret_set ? t("facts.set") : t("facts.unset")}
              {source.previous_app_secret_until && <>; {t("facts.previous")} <Time at={source.previous_app_secret_until} /></>}
            </>
          ),
        },
        { name: t("facts.created"), value: <Time at={source.created_at} /> },
        { name: t("facts.updated"), value: <Time at={source.updated_at} /> },
      ]}
    />
  );
}
