/** How far charts and figures look back. */
export const RANGES = ["1h", "24h", "7d", "30d"] as const;
export type Range = (typeof RANGES)[number];

const HOURS: Record<Range, number> = { "1h": 1, "24h": 24, "7d": 7 * 24, "30d": 30 * 24 };

/** When a range begins; with `times: 2`, the same time before it as well. */
export function rangeStart(range: Range, now: Date, times = 1): Date {
  return new Date(now.getTime() - HOURS[range] * times * 3_600_000);
}
