import * as z from "zod/mini";

import { chosen, eventType, moment, oneOf, resolve, statusCode, text } from "@/lib/list-search";

import type { BulkKind, Pick } from "./queries";

export const STATES = ["pending", "held", "delivered", "exhausted", "expired", "canceled"] as const;
export const ERRORS = ["dns", "connect", "tls", "timeout", "status", "redirect", "address_forbidden", "body", "other"] as const;

/** The list's search parameters; the names are those of `GET /deliveries`. */
export const deliverySearch = z.object({
  q: text(),
  state: oneOf(STATES),
  type: eventType,
  endpoint_id: text(),
  event_id: text(/^evt_[0-9a-z]{26}$/),
  status_code: statusCode,
  error: oneOf(ERRORS),
  subject: text(),
  external_id: text(),
  since: moment,
  until: moment,
  open: text(/^dlv_[0-9a-z]{26}$/),
});
export type DeliverySearch = z.infer<typeof deliverySearch>;
export type DeliveryFilter = Omit<DeliverySearch, "open">;
export type FilterName = keyof DeliveryFilter;

/** What of the search parameters narrows the list. */
export function filterOf(search: DeliverySearch): DeliveryFilter {
  const { q, state, type, endpoint_id, event_id, status_code, error, subject, external_id, since, until } = search;
  return chosen({ q, state, type, endpoint_id, event_id, status_code, error, subject, external_id, since, until });
}

const TAKEN = ["endpoint_id", "state", "since", "until"];

/** What a job can take of a filter, at this moment, and the filters that it cannot: it would touch more than is shown. */
export function pickOf(filter: DeliveryFilter, now: Date): { pick: Pick; left: FilterName[] } {
  const { endpoint_id, state, since, until } = filter;
  const names = FILTER_NAMES.filter((name) => filter[name] !== undefined);
  return {
    pick: chosen({ endpoint_id, state, since: resolve(since, now), until: resolve(until, now) }),
    left: names.filter((name) => !TAKEN.includes(name)),
  };
}

export const FILTER_NAMES: readonly FilterName[] = ["q", "state", "type", "endpoint_id", "event_id", "status_code", "error", "subject", "external_id", "since", "until"];

/** Why no job can be made of a filter; mirrors `domain::job::JobRequest::check`. `null`: one can. */
export function bulkRefused(kind: BulkKind, pick: Pick): "noFilter" | "noCancel" | "held" | "expired" | "span" | null {
  if (Object.keys(pick).length === 0) return "noFilter";
  if (pick.since && pick.until && Date.parse(pick.since) >= Date.parse(pick.until)) return "span";
  if (kind === "cancel") return pick.state === undefined || pick.state === "pending" || pick.state === "held" ? null : "noCancel";
  return pick.state === "held" || pick.state === "expired" ? pick.state : null;
}
