import type { Attempt } from "./queries";

/** A line of the timeline: one attempt, or several in a row that ended alike. */
export type TimelineRow = { kind: "one"; attempt: Attempt } | { kind: "alike"; attempts: Attempt[] };

/** Fewer than this are shown one by one. */
const FEW = 3;

/**
 * Puts attempts that ended alike, in a row, on one line. The first of such a row is shown by itself, for it tells when
 * that began, and so is the last attempt of all: it tells how it stands.
 */
export function timeline(attempts: readonly Attempt[]): TimelineRow[] {
  const last = attempts.at(-1);
  return runs(attempts).flatMap((run): TimelineRow[] => {
    const end = run.at(-1) === last ? run.length - 1 : run.length;
    const middle = run.slice(1, end);
    if (middle.length < FEW) return run.map(one);
    return [...run.slice(0, 1).map(one), { kind: "alike", attempts: middle }, ...run.slice(end).map(one)];
  });
}

function one(attempt: Attempt): TimelineRow {
  return { kind: "one", attempt };
}

function runs(attempts: readonly Attempt[]): Attempt[][] {
  const found: Attempt[][] = [];
  for (const attempt of attempts) {
    const run = found.at(-1);
    if (run?.[0] !== undefined && outcome(run[0]) === outcome(attempt)) run.push(attempt);
    else found.push([attempt]);
  }
  return found;
}

/** What makes attempts alike: the status, the kind of failure, and its words without numbers that differ by chance. */
function outcome({ status_code, error }: Attempt): string {
  return JSON.stringify([status_code ?? null, error?.kind ?? null, error?.message.replace(/\d+ bytes/, "bytes") ?? null]);
}
