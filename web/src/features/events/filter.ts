import * as z from "zod/mini";

import { chosen, eventType, moment, text } from "@/lib/list-search";

/** The list's search parameters; the names are those of `GET /events`. */
export const eventSearch = z.object({
  q: text(),
  type: eventType,
  subject: text(),
  external_id: text(),
  source_id: text(/^src_[0-9a-z]{26}$/),
  phone_number_id: text(),
  since: moment,
  until: moment,
  open: text(/^evt_[0-9a-z]{26}$/),
});
export type EventSearch = z.infer<typeof eventSearch>;
export type EventFilter = Omit<EventSearch, "open">;

/** What of the search parameters narrows the list. */
export function filterOf({ q, type, subject, external_id, source_id, phone_number_id, since, until }: EventSearch): EventFilter {
  return chosen({ q, type, subject, external_id, source_id, phone_number_id, since, until });
}

export const TEXT_FILTERS = ["q", "type", "subject", "external_id", "source_id", "phone_number_id"] as const;
