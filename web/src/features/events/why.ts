import type { EndpointWhy } from "./queries";

/** The order in which reasons are told: what a person would least expect stands first. */
export const REASONS = ["disabled", "filter_differs", "other_phone_number", "other_session", "no_form", "changed_since", "made_later", "type_not_picked"] as const;
export type Reason = (typeof REASONS)[number];

export function reasonOf(name: string | null | undefined): Reason | null {
  return REASONS.find((reason) => reason === name) ?? null;
}

/** Webhooks that the event did not go to, by the reason. One that is unknown here keeps the server's words. */
export type ReasonGroup = { key: string; reason: Reason | null; detail: string; webhooks: EndpointWhy[] };

export function byReason(why: readonly EndpointWhy[]): ReasonGroup[] {
  const groups = new Map<string, ReasonGroup>();
  for (const each of why) {
    if (each.matched) continue;
    const key = each.reason ?? "";
    const group = groups.get(key) ?? { key, reason: reasonOf(each.reason), detail: each.detail ?? "", webhooks: [] };
    group.webhooks.push(each);
    groups.set(key, group);
  }
  const place = (group: ReasonGroup): number => (group.reason === null ? -1 : REASONS.indexOf(group.reason));
  return [...groups.values()].sort((a, b) => place(a) - place(b));
}

/** How many deliveries are in which state, in the order that matters. */
export function byState(deliveries: readonly { state: string }[]): [state: string, count: number][] {
  const order = ["delivered", "pending", "held", "exhausted", "expired", "canceled"];
  const counts = new Map<string, number>();
  for (const { state } of deliveries) counts.set(state, (counts.get(state) ?? 0) + 1);
  return [...counts].sort(([a], [b]) => order.indexOf(a) - order.indexOf(b));
}
