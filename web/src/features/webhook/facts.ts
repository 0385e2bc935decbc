import type { Schemas } from "@/api/client";
import type { Endpoint } from "@/api/endpoints";
import { before } from "@/lib/series";

import type { Stats } from "./queries";

const ERROR_KINDS: readonly Schemas["ErrorKind"][] = ["dns", "connect", "tls", "timeout", "address_forbidden", "status", "body", "redirect", "other"];

/** A kind of error that lists can be filtered by. */
export function errorKind(kind: string | null | undefined): Schemas["ErrorKind"] | undefined {
  return ERROR_KINDS.find((each) => each === kind);
}

/** What an installation has where it sets nothing else (README: HOOKFERRY_DEFECTIVE_AFTER, HOOKFERRY_GIVE_UP_AFTER). */
export const USUAL = { defectiveAfter: 100, giveUpAfterSeconds: 7 * 86_400 };

/** How a webhook stands, which decides what its page says first. */
export type Standing = "working" | "streak" | "defective" | "paused" | "disabled" | "gone";

export function standing(endpoint: Pick<Endpoint, "status" | "status_reason" | "streak">): Standing {
  if (endpoint.status === "disabled") return endpoint.status_reason === "gone" ? "gone" : "disabled";
  if (endpoint.status === "paused") return "paused";
  if (endpoint.status === "defective") return "defective";
  return endpoint.streak > 0 ? "streak" : "working";
}

/** How long a schedule's tries take at least, in seconds: `domain::schedule`; no delivery is given up earlier. */
export function scheduleSeconds(schedule: Endpoint["schedule"]): number {
  if (schedule === "standard") return 144 * 600;
  if (schedule === "meta") return 7 * 86_400;
  return schedule.custom_seconds.reduce((sum, wait) => sum + wait, 0);
}

/** Until when nothing that waits is given up: the oldest goes first. `null` where it is not known, or nothing waits. */
export function safeUntil(stats: Stats, endpoint: Pick<Endpoint, "schedule">, giveUpAfterSeconds: number): string | null {
  const oldest = stats.waiting.oldest_created_at;
  if (!oldest) return null;
  const seconds = Math.min(scheduleSeconds(endpoint.schedule), giveUpAfterSeconds);
  return new Date(Date.parse(oldest) + seconds * 1000).toISOString();
}

/** The share of successes in the time before, and how many attempts it had; `both` covers that time and the present one. */
export function rateBefore(both: Stats, now: Stats): { rate: number; attempts: number } | null {
  const { succeeded, failed } = before(both, now.since);
  const attempts = succeeded + failed;
  return attempts === 0 ? null : { rate: succeeded / attempts, attempts };
}

/** What came back, the most frequent first. */
export function answersByCount(stats: Stats): Stats["answers"] {
  return [...stats.answers].sort((one, other) => other.attempts - one.attempts);
}
