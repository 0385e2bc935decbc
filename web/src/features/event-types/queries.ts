import { type QueryClient, queryOptions } from "@tanstack/react-query";

import { api, type Schemas, unwrap } from "@/api/client";
import { everyRow, PAGE_ROWS } from "@/api/pages";

export type EventType = Schemas["EventTypeView"];
export type Validation = Schemas["Validation"];

/** Every event type, the archived ones as well; the company's own first. */
export const eventTypesQuery = queryOptions({
  queryKey: ["eventTypes", "catalogue"],
  queryFn: ({ signal }) =>
    everyRow<EventType>((cursor) => unwrap(api.GET("/api/v1/event-types", { params: { query: { include_archived: true, limit: PAGE_ROWS, cursor } }, signal }))),
});

export const eventTypeQuery = (name: string) =>
  queryOptions({
    queryKey: ["eventTypes", "one", name],
    queryFn: ({ signal }) => unwrap(api.GET("/api/v1/event-types/{name}", { params: { path: { name } }, signal })),
  });

export const createEventType = (body: Schemas["NewEventTypeBody"]): Promise<EventType> => unwrap(api.POST("/api/v1/event-types", { body }));

export const changeEventType = (name: string, body: Schemas["EventTypePatchBody"]): Promise<EventType> =>
  unwrap(api.PATCH("/api/v1/event-types/{name}", { params: { path: { name } }, body }));

/** Takes over what an answer said, and asks for the lists again. */
export function eventTypeChanged(client: QueryClient, type: EventType): void {
  client.setQueryData(eventTypeQuery(type.name).queryKey, type);
  void client.invalidateQueries({ queryKey: ["eventTypes"] });
}
