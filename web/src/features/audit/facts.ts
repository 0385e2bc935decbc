import { isObject } from "@/lib/json";

export type Change = { field: string; before: string | null; after: string | null };

/** What a line's facts say of changes: `changed` holds `[before, after]` by field, where it is an object. */
export function changesOf(facts: Record<string, unknown>): Change[] {
  const { changed } = facts;
  if (!isObject(changed)) return [];
  return Object.entries(changed).map(([field, pair]) =>
    Array.isArray(pair) && pair.length === 2 ? { field, before: shown(pair[0]), after: shown(pair[1]) } : { field, before: null, after: shown(pair) },
  );
}

/** The other facts, as texts. */
export function detailsOf(facts: Record<string, unknown>): { name: string; value: string }[] {
  return Object.entries(facts)
    .filter(([name, value]) => !(name === "changed" && isObject(value)))
    .map(([name, value]) => ({ name: name.replaceAll("_", " "), value: shown(value) ?? "–" }));
}

/** A value for reading; lists also where they came as text, as those of a line's first words do. */
function shown(value: unknown): string | null {
  if (value === null || value === undefined || value === "") return null;
  if (Array.isArray(value)) return value.map((each) => shown(each) ?? "–").join(", ") || null;
  if (typeof value === "string") return value.startsWith("[") ? fromText(value) : value;
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function fromText(text: string): string | null {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? shown(value) : text;
  } catch {
    return text;
  }
}
