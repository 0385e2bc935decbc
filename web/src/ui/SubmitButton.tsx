import { Button, type ButtonProps } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { countdown } from "@/lib/time";
import { useNow } from "@/lib/useNow";

type Props = ButtonProps & { children: ReactNode; busy?: boolean; /** Until when, in milliseconds, the server takes no further try. */ waitUntil?: number | null };

/** Sends its form; after too many tries it counts down first. */
export function SubmitButton({ busy, waitUntil = null, children, ...rest }: Props) {
  if (waitUntil !== null) return <Waiting until={waitUntil} busy={busy} {...rest}>{children}</Waiting>;
  return <Button type="submit" loading={busy} {...rest}>{children}</Button>;
}

function Waiting({ until, busy, children, ...rest }: Props & { until: number }) {
  const { t } = useTranslation();
  const seconds = (until - useNow("second")) / 1000;
  if (seconds <= 0) return <Button type="submit" loading={busy} {...rest}>{children}</Button>;
  // Enter in a field finds no button that submits.
  return <Button type="button" data-disabled aria-disabled {...rest}>{t("waits", { time: countdown(seconds) })}</Button>;
}
