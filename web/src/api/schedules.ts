import type { Schemas } from "./client";
import type { Installation } from "./installation";

const MINUTE = 60;
const HOUR = 3_600;
const WEEK = 7 * 86_400;

/** What of an installation's rules decides when retries come. */
export type RetryRules = Pick<Installation, "standard_tries" | "standard_interval_ms" | "give_up_after_seconds">;

/** The waits of the schedule `standard`, in seconds; none where the installation never tries again. */
export function standardWaits(rules: RetryRules): number[] {
  const wait = (rules.standard_interval_ms ?? 0) / 1_000;
  return Array.from({ length: Math.max(0, rules.standard_tries - 1) }, () => wait);
}

/** Mirrors `RetrySchedule::meta`: growing waits, then every 12 hours as long as 7 days are not over. */
export function metaWaits(): number[] {
  const waits = [MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR];
  let at = sum(waits);
  while (at + 12 * HOUR <= WEEK) {
    at += 12 * HOUR;
    waits.push(12 * HOUR);
  }
  return waits;
}

/** The waits of any schedule, in seconds. */
export function waitsOf(schedule: Schemas["Schedule"], rules: RetryRules): readonly number[] {
  if (schedule === "standard") return standardWaits(rules);
  return schedule === "meta" ? metaWaits() : schedule.custom_seconds;
}

/** How long a delivery is tried at least, in seconds after its first try, unless its event expires before. */
export function triedFor(schedule: Schemas["Schedule"], rules: RetryRules): number {
  return Math.min(sum(waitsOf(schedule, rules)), rules.give_up_after_seconds);
}

function sum(waits: readonly number[]): number {
  return waits.reduce((total, wait) => total + wait, 0);
}
