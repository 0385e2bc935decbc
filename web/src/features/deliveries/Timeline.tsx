import { IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import { Text } from "@mantine/core";
import { type ReactNode, useId, useState } from "react";
import { useTranslation } from "react-i18next";

import { statusName } from "@/lib/http";
import { milliseconds } from "@/lib/numbers";
import { clock, exact } from "@/lib/time";
import { useNow } from "@/lib/useNow";
import { useFailureWords } from "@/ui/Failure";
import { Countdown } from "@/ui/Time";

import { AttemptDetail } from "./AttemptDetail";
import type { Attempt, Delivery } from "./queries";
import { timeline } from "./timeline";
import classes from "./Timeline.module.css";

/** Every attempt of a delivery, the first on top; alike ones on one line; the next one at the end. */
export function Timeline({ delivery }: { delivery: Delivery }) {
  const { t } = useTranslation("deliveries");
  const attempts = delivery.attempts ?? [];
  const latest = attempts.at(-1);
  return (
    <ol className={classes.rows} aria-label={t("attempts")}>
      {attempts.length === 0 && <li><Text size="sm" c="dimmed">{t("noAttempts")}</Text></li>}
      {timeline(attempts).map((row) =>
        row.kind === "one"
          ? <One key={row.attempt.id} attempt={row.attempt} latest={row.attempt === latest} />
          : <Alike key={row.attempts[0]?.id} attempts={row.attempts} />,
      )}
      {delivery.next_attempt_at && (
        <li className={classes.next}>
          <Clock at={delivery.next_attempt_at} />
          <span className={classes.number}>{delivery.tries + 1}</span>
          <span>{t("nextRow")}: <Countdown until={delivery.next_attempt_at} /></span>
        </li>
      )}
    </ol>
  );
}

/** The latest one is open, and why it failed is told above all of them. */
function One({ attempt, latest = false }: { attempt: Attempt; latest?: boolean }) {
  return (
    <Folding at={attempt.started_at} number={String(attempt.number)} attempt={attempt} open={latest} end={milliseconds(attempt.duration_ms)}>
      {() => <AttemptDetail attempt={attempt} explained={latest} />}
    </Folding>
  );
}

function Alike({ attempts }: { attempts: Attempt[] }) {
  const { t } = useTranslation("deliveries");
  const [first, last] = [attempts[0], attempts.at(-1)];
  if (first === undefined || last === undefined) return null;
  return (
    <Folding at={first.started_at} number={t("range", { first: first.number, last: last.number })} attempt={first} end={t("alike", { count: attempts.length })}>
      {() => <ol className={classes.rows}>{attempts.map((attempt) => <One key={attempt.id} attempt={attempt} />)}</ol>}
    </Folding>
  );
}

function Folding({ at, number, attempt, end, open: first = false, children }: { at: string; number: string; attempt: Attempt; end: string; open?: boolean; children: () => ReactNode }) {
  const [open, setOpen] = useState(first);
  const id = useId();
  const good = attempt.error === null || attempt.error === undefined;
  return (
    <li>
      <button type="button" className={classes.row} aria-expanded={open} aria-controls={open ? id : undefined} onClick={() => setOpen(!open)}>
        <Clock at={at} />
        <span className={classes.number}>{number}</span>
        <span className={classes.outcome} data-tone={good ? "good" : "bad"}><Outcome attempt={attempt} /></span>
        <span className={classes.end}>{end}</span>
        {open ? <IconChevronDown size={14} aria-hidden /> : <IconChevronRight size={14} aria-hidden />}
      </button>
      {open && <div id={id} className={classes.inside}>{children()}</div>}
    </li>
  );
}

/** `✓ 200 OK`, `✕ connection refused` */
function Outcome({ attempt }: { attempt: Attempt }) {
  const words = useFailureWords();
  const { error, status_code } = attempt;
  if (!error) return <><span aria-hidden>✓ </span>{status_code ? statusName(status_code) : ""}</>;
  return <><span aria-hidden>✕ </span>{words({ kind: error.kind, message: error.message, statusCode: status_code, url: attempt.request.url }).short}</>;
}

function Clock({ at }: { at: string }) {
  const now = useNow("ten-seconds");
  const date = new Date(at);
  return <time dateTime={at} title={`${exact(date, "utc")} UTC`} className={classes.clock}>{clock(date, new Date(now))}</time>;
}
