import type { Endpoint } from "@/api/endpoints";

/** Who may take an event of a type. A webhook's filter, numbers or format can leave it out still: only the server knows. */
export function takersOf(endpoints: readonly Endpoint[], type: string): Endpoint[] {
  return endpoints.filter(({ status, event_types }) => status !== "disabled" && event_types.some((selector) => picks(selector, type)));
}

/** Mirrors `Selector::matches` for a type that is not about ourselves: a name, a prefix such as `message.*`, or `*`. */
function picks(selector: string, type: string): boolean {
  if (selector === "*") return true;
  return selector.endsWith(".*") ? type.startsWith(selector.slice(0, -1)) : selector === type;
}
