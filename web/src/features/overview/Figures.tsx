import { Link } from "@tanstack/react-router";
import { Fragment } from "react";
import { useTranslation } from "react-i18next";

import type { Stats } from "@/api/stats";
import { count, milliseconds, percent } from "@/lib/numbers";
import type { Range } from "@/lib/ranges";
import { Figure } from "@/ui/Facts";
import { Time } from "@/ui/Time";

import classes from "./Overview.module.css";

type Props = { stats: Stats; range: Range; earlier: { succeeded: number; failed: number } };

/** What was delivered, how well and how fast, and what waits. */
export function Figures({ stats, range, earlier }: Props) {
  const { t } = useTranslation("overview");
  const { attempts, p50_ms, p95_ms, success_rate } = stats;
  const slow = p95_ms === null || p95_ms === undefined ? "–" : milliseconds(p95_ms);
  return (
    <div className={classes.figures}>
      <Figure name={t("figures.delivered")} value={count(stats.succeeded)} note={t(`range.${range}`)} />
      <Figure name={t("figures.rate")} value={success_rate === null || success_rate === undefined ? t("figures.rateNone") : percent(success_rate)} note={<Earlier range={range} earlier={earlier} />} />
      <Figure name={t("figures.failed")} value={count(stats.failed)} note={t("figures.failedNote", { attempts: count(attempts), range: t(`range.${range}`) })} tone={stats.failed > 0 ? "bad" : undefined} />
      <Figure
        name={t("figures.latency")}
        value={p50_ms === null || p50_ms === undefined ? "–" : milliseconds(p50_ms)}
        note={p50_ms === null || p50_ms === undefined ? t("figures.latencyNone") : t("figures.latencyNote", { p95: slow })}
      />
      <Waiting waiting={stats.waiting} />
    </div>
  );
}

function Earlier({ range, earlier }: Pick<Props, "range" | "earlier">) {
  const { t } = useTranslation("overview");
  const rangeBefore = t(`before.${range}`);
  const attempts = earlier.succeeded + earlier.failed;
  if (attempts === 0) return <>{t("figures.rateNothingBefore", { rangeBefore })}</>;
  return <>{t("figures.rateNote", { before: percent(earlier.succeeded / attempts), rangeBefore })}</>;
}

const WAITING = ["pending", "held"] as const;

function Waiting({ waiting }: { waiting: Stats["waiting"] }) {
  const { t } = useTranslation("overview");
  const name = t("figures.waiting");
  if (waiting.count === 0) return <Figure name={name} value="0" note={t("figures.waitingNone")} />;
  const text = waiting.more ? t("figures.waitingMore", { count: waiting.count }) : count(waiting.count);
  return (
    <Figure
      name={name}
      tone="wait"
      value={text}
      note={
        <>
          {waiting.oldest_created_at ? <>{t("figures.waitingOldest")} <Time at={waiting.oldest_created_at} /></> : t("figures.waitingMany")}
          {/* The number has both in it; the list shows one state at a time. */}
          <br />
          {WAITING.map((state, index) => (
            <Fragment key={state}>{index > 0 && ", "}<Link to="/deliveries" search={(before) => ({ ...before, state })} className="hf-link">{t(`figures.show.${state}`)}</Link></Fragment>
          ))}
        </>
      }
    />
  );
}
