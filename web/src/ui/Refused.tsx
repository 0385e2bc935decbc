import { Alert } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";

import { span } from "@/lib/time";
import { useNow } from "@/lib/useNow";

/** What the server refused and no field can show; after too many tries, how long to wait. */
export function Refused({ message, waitUntil = null, children }: { message: string | null; waitUntil?: number | null; children?: ReactNode }) {
  if (message === null) return null;
  return (
    <Alert color="red" variant="light" role="alert">
      {waitUntil === null ? message : <Waits key={waitUntil} until={waitUntil} />}
      {children}
    </Alert>
  );
}

/** Said once, not every second: it is read aloud. The button counts down. */
function Waits({ until }: { until: number }) {
  const { t } = useTranslation();
  const now = useNow("second");
  const [seconds] = useState(() => (until - Date.now()) / 1000);
  return <>{now < until ? t("tooManyTries", { span: span(seconds) }) : t("tryAgainNow")}</>;
}
