import type { Schemas } from "@/api/client";

type EventType = Schemas["EventTypeView"];

export type EventGroup = { prefix: string; types: EventType[]; operational: boolean };

/** Mirrors `EventTypeName::is_operational`: `*` leaves these out. */
export function isOperational(name: string): boolean {
  return name.startsWith("endpoint.") || name.startsWith("delivery.");
}

/** Mirrors `Selector::matches`: a name, a prefix such as `message.*`, or `*`. */
export function covers(selector: string, name: string): boolean {
  if (selector === "*") return !isOperational(name);
  if (selector.endsWith(".*")) return name.startsWith(selector.slice(0, -1));
  return selector === name;
}

/** The other selector that takes a type already, where one does. */
export function coveredBy(selectors: readonly string[], name: string): string | null {
  return selectors.find((selector) => selector !== name && covers(selector, name)) ?? null;
}

/** Types by the first word of their name, in the order given; the company's own first, those about ourselves last. */
export function groupTypes(types: readonly EventType[]): EventGroup[] {
  const groups = new Map<string, EventGroup>();
  for (const type of types) {
    const word = type.name.split(".")[0] ?? type.name;
    const prefix = `${word}.*`;
    const group = groups.get(prefix) ?? { prefix, types: [], operational: isOperational(type.name) };
    group.types.push(type);
    groups.set(prefix, group);
  }
  const rank = (group: EventGroup): number => (group.operational ? 2 : group.types.some((type) => type.built_in) ? 1 : 0);
  return [...groups.values()].sort((a, b) => rank(a) - rank(b));
}

/** Only the types whose name or description has every word of the text. */
export function searchGroups(groups: readonly EventGroup[], text: string): EventGroup[] {
  const words = text.toLowerCase().split(/\s+/).filter((word) => word !== "");
  if (words.length === 0) return [...groups];
  return groups.flatMap((group) => {
    const types = group.types.filter((type) => words.every((word) => `${type.name} ${type.description}`.toLowerCase().includes(word)));
    return types.length === 0 ? [] : [{ ...group, types }];
  });
}

/** With a selector taken in; what it covers is said by it from now on, so that one name says one thing. */
export function withSelector(selectors: readonly string[], selector: string): string[] {
  if (selectors.includes(selector)) return [...selectors];
  return [...selectors.filter((each) => !isWithin(each, selector)), selector];
}

/** Whether everything that `inner` takes, `outer` takes as well. */
function isWithin(inner: string, outer: string): boolean {
  if (inner === "*") return outer === "*";
  return covers(outer, inner.endsWith(".*") ? inner.slice(0, -1) : inner);
}
