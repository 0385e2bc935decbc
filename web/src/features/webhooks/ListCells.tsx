import { Link } from "@tanstack/react-router";
import { Fragment, memo, type ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { endpointName } from "@/api/endpoints";
import type { Installation } from "@/api/installation";
import { count, milliseconds, percent } from "@/lib/numbers";
import { seriesBars } from "@/lib/series";
import { countdown, span } from "@/lib/time";
import { useNow } from "@/lib/useNow";
import { Sparkline } from "@/ui/BarChart";
import { CopyIcon } from "@/ui/Copy";
import { useFailureWords } from "@/ui/Failure";
import { StatusChip } from "@/ui/StatusChip";
import { Time } from "@/ui/Time";

import { isSent } from "./capabilities";
import { type ListRow, type ListStats, shownUrl } from "./list";
import classes from "./List.module.css";

// Each is drawn again only when its row is another: scrolling draws the table at every frame.

/** The status in a word; while a webhook fails, how far it is on the way to Defective. */
export const StatusCell = memo(function StatusCell({ row, rules }: { row: ListRow; rules: Installation }) {
  const { t } = useTranslation("webhooks");
  const { streak } = row.endpoint;
  const { defective_after: most, defective_min_duration_seconds: lasts } = rules;
  return (
    <span className={classes.lines}>
      <span><StatusChip status={row.endpoint.status} /></span>
      {row.standing === "failing" && (
        <span className={classes.streak} title={lasts > 0 ? t("list.streakLasting", { span: span(lasts) }) : t("list.streakHint")}>
          {streak >= most ? t("list.inARow", { streak: count(streak) }) : t("list.streak", { streak: count(streak), most: count(most) })}
        </span>
      )}
    </span>
  );
});

/** Name and URL; beneath them what it takes, or why it is not well and what comes next. */
export const NameCell = memo(function NameCell({ row }: { row: ListRow }) {
  const { endpoint } = row;
  const name = endpointName(endpoint);
  const url = shownUrl(endpoint.url);
  return (
    <span className={classes.lines}>
      <span className={classes.nameLine}>
        <Link to="/webhooks/$id" params={{ id: endpoint.id }} className={classes.name} title={name}><bdi>{name}</bdi></Link>
        {endpoint.description !== "" && <span className={`hf-mono ${classes.url}`} title={url}>{url}</span>}
        <span className={classes.copy}><CopyIcon value={endpoint.url} what={endpoint.url} /></span>
      </span>
      <span className={classes.second} data-standing={row.standing}><SecondLine row={row} /></span>
    </span>
  );
});

function SecondLine({ row }: { row: ListRow }) {
  const { t } = useTranslation("webhooks");
  const short = useFailureWords();
  const { endpoint, standing, stats } = row;
  const parts: ReactNode[] = [];
  const whole: ReactNode[] = [];
  if (standing === "defective") parts.push(t("list.failures", { count: endpoint.streak, streak: count(endpoint.streak) }));
  if (endpoint.status_reason === "gone") parts.push(t("list.gone"));
  else if (endpoint.streak > 0 && endpoint.last_error) {
    parts.push(<span title={endpoint.last_error}>{short({ message: endpoint.last_error, statusCode: endpoint.last_status_code, url: endpoint.url }).short}</span>);
  }
  if (standing === "defective" && endpoint.streak_started_at) parts.push(<>{t("list.since")} <Time at={endpoint.streak_started_at} /></>);
  if (parts.length === 0) parts.push(<span className="hf-mono" title={endpoint.event_types.join(", ")}>{endpoint.event_types.join(", ")}</span>);
  const waiting = stats?.waiting;
  if (waiting && waiting.count > 0) whole.push(t("list.waiting", { waiting: `${count(waiting.count)}${waiting.more ? "+" : ""}` }));
  if (stats?.next_attempt_at && isSent(row)) whole.push(<NextTry at={stats.next_attempt_at} />);
  return [...parts, ...whole].map((part, index) => (
    // The parts of one line have no other name than their place.
    <Fragment key={index}>
      {index > 0 && <span aria-hidden className={classes.part} data-whole> · </span>}
      <span className={classes.part} data-whole={index >= parts.length || undefined}>{part}</span>
    </Fragment>
  ));
}

function NextTry({ at }: { at: string }) {
  const { t } = useTranslation("webhooks");
  const seconds = (Date.parse(at) - useNow("second")) / 1000;
  return <time dateTime={at}>{seconds <= 0 ? t("list.nextNow") : t("list.next", { time: countdown(seconds) })}</time>;
}

/** Attempts of the last 24 hours, by the hour. */
export const AttemptsCell = memo(function AttemptsCell({ row, stats }: { row: ListRow; stats: ListStats }) {
  const { t } = useTranslation("webhooks");
  const own = row.stats;
  if (own === null || own.attempts === 0) return <span className={classes.nothing}>{t("list.noAttempts")}</span>;
  const bars = seriesBars({ since: stats.since, until: stats.until, step_seconds: stats.step_seconds, points: own.points }, 24);
  return (
    <span className={classes.lines}>
      <Sparkline bars={bars} label={t("list.spark", { good: count(own.succeeded), bad: count(own.failed) })} />
      <span className={classes.small}>{t("list.attempts", { count: own.attempts, attempts: count(own.attempts) })}</span>
    </span>
  );
});

export const RateCell = memo(function RateCell({ row }: { row: ListRow }) {
  const { stats } = row;
  return <span className={classes.rate} data-bad={(stats?.success_rate ?? 1) < 0.5 || undefined}>{typeof stats?.success_rate === "number" ? percent(stats.success_rate) : "–"}</span>;
});

export const LatencyCell = memo(function LatencyCell({ row }: { row: ListRow }) {
  const { stats } = row;
  return <span>{typeof stats?.p95_ms === "number" ? milliseconds(stats.p95_ms) : "–"}</span>;
});
