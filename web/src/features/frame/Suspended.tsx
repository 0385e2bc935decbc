import { Alert } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { limitsQuery } from "@/api/limits";
import { useMe } from "@/api/me";
import { Time } from "@/ui/Time";

/** Nothing tells it to the browser: it is asked for now and then, and when somebody comes back to the tab. */
const ASK_MS = 60_000;

/** Says on every page that the operator has suspended the company: whatever one tries, nothing goes out. */
export function Suspended() {
  const { t } = useTranslation("frame");
  const { can } = useMe();
  const { data: limits } = useQuery({ ...limitsQuery, enabled: can("endpoints:read"), refetchInterval: ASK_MS });
  if (!limits?.suspended_since) return null;
  return <Alert color="red" variant="light" radius={0} role="alert">{t("suspended")} <Time at={limits.suspended_since} />.</Alert>;
}
