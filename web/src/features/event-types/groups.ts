import type { EventType } from "./queries";

export type Group = { word: string; types: EventType[] };

/** The types that are wanted, the company's own first, then by the first word of their names in the server's order. */
export function groupsOf(types: readonly EventType[], { q = "", archived = false }: { q?: string; archived?: boolean }): Group[] {
  const words = q.toLowerCase().split(/\s+/).filter((word) => word !== "");
  const groups = new Map<string, EventType[]>([["own", []]]);
  for (const type of types) {
    if (type.archived_at && !archived) continue;
    const text = `${type.name} ${type.description}`.toLowerCase();
    if (!words.every((word) => text.includes(word))) continue;
    const word = type.built_in ? firstWord(type.name) : "own";
    groups.set(word, [...(groups.get(word) ?? []), type]);
  }
  return [...groups].filter(([, found]) => found.length > 0).map(([word, found]) => ({ word, types: found }));
}

export function firstWord(name: string): string {
  return name.split(".")[0] ?? name;
}
