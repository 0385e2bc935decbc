import { Tooltip } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { clock, countdown, exact, roughly, span } from "@/lib/time";
import { useNow } from "@/lib/useNow";

import classes from "./Time.module.css";

/** How long ago, or in how long, with the exact time in the viewer's zone and in UTC beneath the pointer, and for the ear. */
export function Time({ at }: { at: string | null | undefined }) {
  const { t } = useTranslation();
  const now = useNow("ten-seconds");
  if (!at) return <span>–</span>;
  const date = new Date(at);
  const seconds = (now - date.getTime()) / 1000;
  const text = Math.abs(seconds) < 10 ? t("time.now") : seconds > 0 ? t("time.ago", { span: roughly(seconds) }) : t("time.in", { span: roughly(-seconds) });
  return <Exact at={at}>{text}</Exact>;
}

/** A moment by the clock, with how far away it is: `02:14 (9 h)` today, else with its day. For "since …" and "until …". */
export function Moment({ at }: { at: string }) {
  const now = useNow("ten-seconds");
  const date = new Date(at);
  const seconds = Math.abs(now - date.getTime()) / 1000;
  return <Exact at={at}>{`${clock(date, new Date(now)).replace(/:\d\d$/, "")} (${span(seconds)})`}</Exact>;
}

function Exact({ at, children }: { at: string; children: string }) {
  const { t } = useTranslation();
  const date = new Date(at);
  const local = t("time.local", { time: exact(date, "local") });
  return (
    <span className={classes.moment}>
      <Tooltip
        multiline
        label={
          <>
            {local}
            <br />
            {t("time.utc", { time: exact(date, "utc") })}
          </>
        }
      >
        <time dateTime={at} className={classes.time}>{children}</time>
      </Tooltip>
      {/* Whoever has no pointer hears it. */}
      <span className="hf-ear"> ({local})</span>
    </span>
  );
}

/** How long until something happens, second by second. */
export function Countdown({ until }: { until: string }) {
  const { t } = useTranslation();
  const now = useNow("second");
  const seconds = (new Date(until).getTime() - now) / 1000;
  return <time dateTime={until}>{seconds <= 0 ? t("time.due") : countdown(seconds)}</time>;
}
