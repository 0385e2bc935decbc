import { keepPreviousData, type QueryClient, queryOptions } from "@tanstack/react-query";

import { api, done, type Schemas, unwrap } from "@/api/client";
import type { Endpoint } from "@/api/endpoints";
import { live } from "@/api/live";
import { longList } from "@/api/long-list";
import { PAGE_ROWS } from "@/api/pages";
import { pretty } from "@/lib/json";
import { rawMember } from "@/lib/json-member";
import { type Range, rangeStart } from "@/lib/ranges";

export type Stats = Schemas["StatsView"];
export type Sample = Schemas["SampleView"];
export type Secrets = Schemas["SecretsView"];
export type Delivery = Schemas["CutPageView_DeliveryView"]["data"][number];
export type DeliveryState = Schemas["DeliveryState"];
export type FilterVerdict = Schemas["EndpointFilterTestView"];
export type EventRow = Schemas["CutPageView_EventView"]["data"][number];
export type RecoverWish = { since: string; until: string | null; includeDelivered: boolean };

/** How often a growing streak is read. */
const STREAK_MS = 5_000;

const path = (id: string) => ({ path: { id } });

export const endpointQuery = (id: string) =>
  queryOptions({
    queryKey: ["endpoints", "one", id],
    queryFn: ({ signal }) => unwrap(api.GET("/api/v1/endpoints/{id}", { params: path(id), signal })),
    // The stream tells when a streak begins, warns and ends, not each failure between.
    refetchInterval: ({ state }) => (state.data !== undefined && state.data.streak > 0 && live.get() !== "paused" ? STREAK_MS : false),
  });

/** Attempts over a range that ends now; with `times: 2` the same time before it as well, to compare with. */
export const statsQuery = (id: string, range: Range, times: 1 | 2 = 1) =>
  queryOptions({
    queryKey: ["stats", "endpoint", id, range, times],
    queryFn: ({ signal }) =>
      unwrap(api.GET("/api/v1/endpoints/{id}/stats", { params: { ...path(id), query: { since: rangeStart(range, new Date(), times).toISOString() } }, signal })),
  });

/** When a webhook was switched off after a 410 Gone, as the newest mail about it says. */
export const goneAtQuery = (id: string) =>
  queryOptions({
    queryKey: ["mails", "newest"],
    queryFn: ({ signal }) => unwrap(api.GET("/api/v1/mails", { params: { query: { limit: 100 } }, signal })),
    staleTime: 60_000,
    select: (page) => {
      const mine = page.data.find((mail) => mail.endpoint_id === id);
      return mine?.kind === "endpoint_disabled" && "happened_at" in mine.facts ? mine.facts.happened_at : null;
    },
  });

/** Deliveries of one webhook, newest first. */
export const deliveriesOf = (id: string, state: DeliveryState | undefined) =>
  longList<Delivery>(["deliveries", "endpoint", id, state ?? "any"], (cursor, signal) =>
    unwrap(api.GET("/api/v1/deliveries", { params: { query: { endpoint_id: id, state, limit: PAGE_ROWS, cursor } }, signal })));

/** The event types that can be sent as a sample, with their samples. */
export const eventTypesQuery = queryOptions({
  queryKey: ["eventTypes", "list"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/v1/event-types", { params: { query: {} }, signal })),
  staleTime: 60_000,
});

/** The sample of an event type, as the server wrote it: its long numbers stay what they are. */
export const sampleTextQuery = (name: string) =>
  queryOptions({
    queryKey: ["eventTypes", "sample", name],
    queryFn: async ({ signal }) => {
      const text = await unwrap(api.GET("/api/v1/event-types/{name}", { params: { path: { name } }, parseAs: "text", signal }));
      return pretty(rawMember(text, "sample") ?? "{}");
    },
    staleTime: 60_000,
  });

/** The filter as it was saved, laid out; empty where there is none. Read as text, for the same reason. */
export const filterTextQuery = (id: string) =>
  queryOptions({
    queryKey: ["endpoints", "filter", id],
    queryFn: async ({ signal }) => {
      const raw = rawMember(await unwrap(api.GET("/api/v1/endpoints/{id}", { params: path(id), parseAs: "text", signal })), "filter");
      return raw === null || raw === "null" ? "" : pretty(raw);
    },
  });

/** The newest events of the company, to try a filter on. The key is not the stream's: under each new event all verdicts would change. */
export const newestEventsQuery = queryOptions({
  queryKey: ["filter-events"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/v1/events", { params: { query: { limit: 10 } }, signal })),
});

/**
 * Whether an event would have come, with the filter as it stands in the editor. The text goes as it is: numbers that
 * JavaScript would round are compared to the last digit there. The answer stays until the webhook is another one: no
 * word of the stream's begins the key.
 */
export const verdictQuery = ({ id, updated_at }: Pick<Endpoint, "id" | "updated_at">, eventId: string, filter: string | null) =>
  queryOptions({
    queryKey: ["filter-try", id, updated_at, eventId, filter],
    queryFn: ({ signal }) =>
      unwrap(api.POST("/api/v1/endpoints/{id}/filter/test", {
        params: path(id), signal, body: {}, bodySerializer: () => `{"event_id":${JSON.stringify(eventId)},"filter":${filter ?? "null"}}`,
      })),
    staleTime: Infinity,
  });

/** How many deliveries a recovery would be for. The key is not the stream's: counting is work, and the number is asked at each wish. */
export const recoverPreviewQuery = (id: string, wish: RecoverWish | null) =>
  queryOptions({
    queryKey: ["recover-preview", id, wish],
    enabled: wish !== null,
    placeholderData: keepPreviousData,
    staleTime: 10_000,
    queryFn: async ({ signal }) => {
      if (wish === null) throw new Error("nothing is asked");
      const answer = await unwrap(api.POST("/api/v1/endpoints/{id}/recover", { params: path(id), body: { ...recoverBody(wish), preview: true }, signal }));
      if (!("count" in answer)) throw new Error("a job was made");
      return answer;
    },
  });

/** Begins a recovery; the answer is its job. */
export async function recover(id: string, wish: RecoverWish): Promise<Schemas["JobView"]> {
  const answer = await unwrap(api.POST("/api/v1/endpoints/{id}/recover", { params: path(id), body: recoverBody(wish) }));
  if (!("kind" in answer)) throw new Error("no job was made");
  return answer;
}

function recoverBody(wish: RecoverWish): Schemas["RecoverBody"] {
  return { since: wish.since, until: wish.until, include_delivered: wish.includeDelivered };
}

export function switchTo(id: string, status: Schemas["Switch"]): Promise<Endpoint> {
  return unwrap(api.PATCH("/api/v1/endpoints/{id}", { params: path(id), body: { status } }));
}

/** Sets the filter, as it was typed; `null` removes it. */
export function setFilter(id: string, filter: string | null): Promise<Endpoint> {
  return unwrap(api.PATCH("/api/v1/endpoints/{id}", { params: path(id), body: {}, bodySerializer: () => `{"filter":${filter ?? "null"}}` }));
}

export function deleteEndpoint(id: string): Promise<void> {
  return done(api.DELETE("/api/v1/endpoints/{id}", { params: path(id) }));
}

/** Sends one request now and tells what came back. The data goes as it was typed. */
export function sendSample(id: string, eventType: string, data: string): Promise<Sample> {
  return unwrap(api.POST("/api/v1/endpoints/{id}/sample", {
    params: path(id), body: {}, bodySerializer: () => `{"event_type":${JSON.stringify(eventType)},"data":${data}}`,
  }));
}

/** The secrets, and the values of custom headers; that they were read is written to the audit log. */
export function revealSecrets(id: string): Promise<Secrets> {
  return unwrap(api.GET("/api/v1/endpoints/{id}/secret", { params: path(id) }));
}

export function rotateSecret(id: string, overlapSeconds: number, secret: string | null): Promise<Secrets> {
  return unwrap(api.POST("/api/v1/endpoints/{id}/secret/rotate", { params: path(id), body: { overlap_seconds: overlapSeconds, secret } }));
}

/** Takes over what an answer said of a webhook, and asks for what hangs on it again. */
export function endpointChanged(client: QueryClient, endpoint: Endpoint): void {
  client.setQueryData(endpointQuery(endpoint.id).queryKey, endpoint);
  for (const key of ["endpoints", "stats", "stats-of-endpoints", "deliveries"]) void client.invalidateQueries({ queryKey: [key] });
}
