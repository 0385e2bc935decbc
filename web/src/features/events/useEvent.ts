import { useSuspenseQueries } from "@tanstack/react-query";

import { useLiveAbout } from "@/api/live-about";

import { eventDeliveriesQuery, eventQuery, whyQuery } from "./queries";

/** An event that is followed, with where it went and why not elsewhere. */
export function useEvent(id: string) {
  const [event, deliveries, why] = useSuspenseQueries({ queries: [eventQuery(id), eventDeliveriesQuery(id), whyQuery(id)] });
  useLiveAbout(id, ["event", id]);
  return { ...event.data, deliveries: deliveries.data.rows, more: deliveries.data.more, why: why.data };
}
