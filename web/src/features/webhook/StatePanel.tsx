import { Group, Stack, Text } from "@mantine/core";
import type { TFunction } from "i18next";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import type { Endpoint } from "@/api/endpoints";
import type { Installation } from "@/api/installation";
import { count } from "@/lib/numbers";
import { span } from "@/lib/time";
import { useNow } from "@/lib/useNow";
import { Failure, useFailureWords } from "@/ui/Failure";
import { Countdown, Moment } from "@/ui/Time";

import { safeUntil, standing, streakLimit } from "./facts";
import type { Stats } from "./queries";
import classes from "./StatePanel.module.css";

type Props = { endpoint: Endpoint; stats: Stats; rules: Installation; actions: ReactNode };

/** Says of a webhook that does not simply work what is wrong, what happens now, and what to do; nothing of one that works. */
export function StatePanel(props: Props) {
  const stands = standing(props.endpoint);
  if (stands === "working") return null;
  if (stands === "defective") return <DefectivePanel {...props} />;
  if (stands === "streak") return <StreakPanel {...props} />;
  return <HeldPanel {...props} stands={stands} />;
}

function Panel({ tone, head, children }: { tone: "bad" | "wait" | "off"; head: ReactNode; children: ReactNode }) {
  return (
    <section className={classes.panel} data-tone={tone} aria-labelledby="webhook-state">
      <Stack gap="sm">
        <h2 className={classes.head} id="webhook-state" style={{ margin: 0 }}>{head}</h2>
        {children}
      </Stack>
    </section>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Stack gap={4}>
      <Text component="h3" size="sm" fw={600} m={0} c="dimmed">{title}</Text>
      <div style={{ fontSize: "0.875rem" }}>{children}</div>
    </Stack>
  );
}

function DefectivePanel({ endpoint, stats, rules, actions }: Props) {
  const { t } = useTranslation("webhook");
  const { count: waiting } = stats.waiting;
  return (
    <Panel tone="bad" head={<FailuresHead endpoint={endpoint} />}>
      <LastFailure endpoint={endpoint} />
      <div className={classes.columns}>
        <Part title={t("panel.now")}>
          {t("panel.defectiveNow")}{" "}
          {waiting === 0 ? t("panel.healsNothing") : t("panel.heals", { count: waiting, waiting: waitingText(stats, t) })}{" "}
          <NextTry stats={stats} />
          <Safe endpoint={endpoint} stats={stats} rules={rules} />
        </Part>
        <Part title={t("panel.todo")}>
          {t("panel.todoDefective")}
          <Group gap="xs" mt="xs">{actions}</Group>
        </Part>
      </div>
    </Panel>
  );
}

function StreakPanel({ endpoint, stats, rules, actions }: Props) {
  const { t } = useTranslation("webhook");
  const limit = streakLimit(endpoint, rules);
  const lasts = rules.defective_min_duration_seconds;
  const becomes = { limit: count(rules.defective_after), span: span(lasts) };
  return (
    <Panel
      tone="wait"
      head={
        <>
          {limit === null ? t("panel.inARow", { count: endpoint.streak, number: count(endpoint.streak) }) : `${t("panel.streak", { streak: count(endpoint.streak), limit: count(limit) })} ${t("panel.streakTitle")}`}
          <Since endpoint={endpoint} />
        </>
      }
    >
      <LastFailure endpoint={endpoint} />
      <div className={classes.columns}>
        <Part title={t("panel.now")}>
          {t("panel.streakKeeps")} {t(lasts > 0 ? "panel.streakLasting" : "panel.streakNow", becomes)} {t("panel.streakThen")} <NextTry stats={stats} />
        </Part>
        <Part title={t("panel.todo")}><Group gap="xs">{actions}</Group></Part>
      </div>
    </Panel>
  );
}

function HeldPanel({ endpoint, stats, actions, stands }: Props & { stands: "paused" | "disabled" | "gone" }) {
  const { t } = useTranslation("webhook");
  const waiting = stats.waiting.count;
  const key = stands === "paused" ? "panel.pausedHeld" : "panel.held";
  return (
    <Panel tone="off" head={t(`panel.${stands}Title`)}>
      <div className={classes.columns}>
        <Part title={t("panel.now")}>
          {t(`panel.${stands}Now`)}{" "}
          {waiting === 0 ? t("panel.heldNone") : <>{t(key, { count: waiting, waiting: waitingText(stats, t) })} {t("panel.heldTime")}</>}
          {endpoint.last_error && <Stack mt="xs"><LastFailure endpoint={endpoint} /></Stack>}
        </Part>
        <Part title={t("panel.todo")}>
          {stands === "gone" && t("panel.goneTodo")}
          <Group gap="xs" mt={stands === "gone" ? "xs" : 0}>{actions}</Group>
        </Part>
      </div>
    </Panel>
  );
}

function FailuresHead({ endpoint }: { endpoint: Endpoint }) {
  const { t } = useTranslation("webhook");
  const words = useFailureWords()({ message: endpoint.last_error, statusCode: endpoint.last_status_code, url: endpoint.url });
  return (
    <>
      {t("panel.inARow", { count: endpoint.streak, number: count(endpoint.streak) })}<Since endpoint={endpoint} />
      {(endpoint.last_error || endpoint.last_status_code) && `, ${t("panel.last", { short: words.short })}`}
    </>
  );
}

function Since({ endpoint }: { endpoint: Endpoint }) {
  const { t } = useTranslation("webhook");
  return endpoint.streak_started_at ? <> {t("status.since")} <Moment at={endpoint.streak_started_at} /></> : null;
}

function LastFailure({ endpoint }: { endpoint: Endpoint }) {
  if (!endpoint.last_error && !endpoint.last_status_code) return null;
  return <Failure message={endpoint.last_error} statusCode={endpoint.last_status_code} url={endpoint.url} />;
}

function NextTry({ stats }: { stats: Stats }) {
  const { t } = useTranslation("webhook");
  const now = useNow("second");
  const next = stats.next_attempt_at;
  if (!next) return stats.waiting.count === 0 ? <>{t("panel.nothingWaits")}</> : null;
  if (Date.parse(next) <= now) return <b>{t("panel.nextDue")}</b>;
  return <b>{t("panel.next")} <Countdown until={next} />.</b>;
}

function Safe({ endpoint, stats, rules }: Pick<Props, "endpoint" | "stats" | "rules">) {
  const { t } = useTranslation("webhook");
  const until = safeUntil(stats, endpoint, rules, useNow("ten-seconds"));
  if (until === null) return <div>{t("panel.safeAny", { span: span(rules.give_up_after_seconds) })}</div>;
  return <div><b>{t("panel.safeUntil")} <Moment at={until} /></b>{t("panel.safeUnless")} {t("panel.safeHow")}</div>;
}

/** `1,204`, or that there are more than were counted. */
export function waitingText(stats: Pick<Stats, "waiting">, t: TFunction<"webhook">): string {
  const number = count(stats.waiting.count);
  return stats.waiting.more ? t("moreThan", { number }) : number;
}
