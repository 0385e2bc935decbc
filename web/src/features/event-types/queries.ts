import { type QueryClient, queryOptions } from "@tanstack/react-query";

import { api, type Schemas, unwrap } from "@/api/client";
import { everyRow, PAGE_ROWS } from "@/api/pages";
import { pretty } from "@/lib/json";
import { rawMember, withRaw } from "@/lib/json-member";

export type EventType = Schemas["EventTypeView"];
export type Validation = Schemas["Validation"];

/** Every event type, the archived ones as well; the company's own first. */
export const eventTypesQuery = queryOptions({
  queryKey: ["eventTypes", "catalogue"],
  queryFn: ({ signal }) =>
    everyRow<EventType>((cursor) => unwrap(api.GET("/api/v1/event-types", { params: { query: { include_archived: true, limit: PAGE_ROWS, cursor } }, signal }))),
});

/** An event type with its sample and schema as the server wrote them: numbers that JavaScript cannot hold stay whole. */
export type Written = { type: EventType; sample: string; schema: string | null };

function written(text: string): Written {
  const type: EventType = JSON.parse(text);
  return { type, sample: pretty(rawMember(text, "sample") ?? "{}"), schema: type.schema ? pretty(rawMember(text, "schema") ?? "{}") : null };
}

export const eventTypeQuery = (name: string) =>
  queryOptions({
    queryKey: ["eventTypes", "one", name],
    queryFn: async ({ signal }) => written(await unwrap(api.GET("/api/v1/event-types/{name}", { params: { path: { name } }, signal, parseAs: "text" }))),
  });

/** The texts of a sample and a schema, which go out as they were typed. */
type Raw = Partial<Record<"sample" | "schema", string>>;

export async function createEventType(body: Schemas["NewEventTypeBody"], raw: Raw): Promise<Written> {
  return written(await unwrap(api.POST("/api/v1/event-types", { body, bodySerializer: (sent) => withRaw(sent, raw), parseAs: "text" })));
}

export async function changeEventType(name: string, body: Schemas["EventTypePatchBody"], raw: Raw): Promise<Written> {
  return written(await unwrap(api.PATCH("/api/v1/event-types/{name}", { params: { path: { name } }, body, bodySerializer: (sent) => withRaw(sent, raw), parseAs: "text" })));
}

/** Takes over what an answer said, and asks for the lists again. */
export function eventTypeChanged(client: QueryClient, changed: Written): void {
  client.setQueryData(eventTypeQuery(changed.type.name).queryKey, changed);
  void client.invalidateQueries({ queryKey: ["eventTypes"] });
}
