import type { Schemas } from "@/api/client";
import type { Endpoint } from "@/api/endpoints";
import type { Installation } from "@/api/installation";
import { type RetryRules, triedFor } from "@/api/schedules";
import { before } from "@/lib/series";

import type { Stats } from "./queries";

const ERROR_KINDS: readonly Schemas["ErrorKind"][] = ["dns", "connect", "tls", "timeout", "address_forbidden", "status", "body", "redirect", "other"];

/** A kind of error that lists can be filtered by. */
export function errorKind(kind: string | null | undefined): Schemas["ErrorKind"] | undefined {
  return ERROR_KINDS.find((each) => each === kind);
}

/** How a webhook stands, which decides what its page says first. */
export type Standing = "working" | "streak" | "defective" | "paused" | "disabled" | "gone";

export function standing(endpoint: Pick<Endpoint, "status" | "status_reason" | "streak">): Standing {
  if (endpoint.status === "disabled") return endpoint.status_reason === "gone" ? "gone" : "disabled";
  if (endpoint.status === "paused") return "paused";
  if (endpoint.status === "defective") return "defective";
  return endpoint.streak > 0 ? "streak" : "working";
}

/**
 * Until when nothing that waits is given up: the oldest goes first. `null` where it is not known, nothing waits, or the
 * time is over, as with a delivery that was tried anew by hand.
 */
export function safeUntil(stats: Stats, endpoint: Pick<Endpoint, "schedule">, rules: RetryRules, now: number): string | null {
  const oldest = stats.waiting.oldest_created_at;
  if (!oldest) return null;
  const until = Date.parse(oldest) + triedFor(endpoint.schedule, rules) * 1000;
  return until <= now ? null : new Date(until).toISOString();
}

/** How far a streak is on the way to Defective; `null` where the count alone does not say it any more. */
export function streakLimit(endpoint: Pick<Endpoint, "streak">, rules: Pick<Installation, "defective_after">): number | null {
  return endpoint.streak < rules.defective_after ? rules.defective_after : null;
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
