import { type Endpoint, endpointName } from "@/api/endpoints";
import type { EndpointsStatsById, EndpointStats } from "@/api/stats";

export type ListStats = EndpointsStatsById;
export type ListRow = { endpoint: Endpoint; standing: Standing; stats: EndpointStats | null };

/** How a webhook stands, the worst first. */
export const STANDINGS = ["defective", "failing", "working", "paused", "disabled"] as const;
export type Standing = (typeof STANDINGS)[number];

/** Of the status and the streak: a person's switch first, as the server computes it. */
export function standingOf(endpoint: Pick<Endpoint, "status" | "streak">): Standing {
  if (endpoint.status === "enabled") return endpoint.streak > 0 ? "failing" : "working";
  return STANDINGS.find((standing) => standing === endpoint.status) ?? "disabled";
}

/**
 * The rows of the list: the Defective ones first, for they are why one comes here; the others by name. Those that fail
 * now and then stay in their place, so that nothing jumps about.
 */
export function listRows(endpoints: readonly Endpoint[], stats: ListStats): ListRow[] {
  const order = new Intl.Collator("en", { sensitivity: "base", numeric: true });
  return endpoints
    .map((endpoint) => ({ endpoint, name: endpointName(endpoint), standing: standingOf(endpoint), stats: stats.byId[endpoint.id] ?? null }))
    .sort((one, other) => Number(other.standing === "defective") - Number(one.standing === "defective") || order.compare(one.name, other.name))
    .map(({ endpoint, standing, stats: own }) => ({ endpoint, standing, stats: own }));
}

export type ListFilter = { status?: Standing; q?: string };

/** Rows of a standing, that have every word of the text in name, URL, events, id or key. */
export function filterRows(rows: readonly ListRow[], { status, q }: ListFilter): ListRow[] {
  const words = (q ?? "").toLowerCase().split(/\s+/).filter((word) => word !== "");
  return rows.filter(({ endpoint, standing }) => {
    if (status !== undefined && standing !== status) return false;
    if (words.length === 0) return true;
    const text = [endpoint.description, endpoint.url, shownUrl(endpoint.url), ...endpoint.event_types, endpoint.id, endpoint.external_key ?? ""].join("\n").toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** What is well is told first: "3 working · 1 Defective". */
const TOLD = ["working", "defective", "failing", "paused", "disabled"] as const;

/** How many there are of each standing; those of which there are none are left out. */
export function countStandings(rows: readonly ListRow[]): { standing: Standing; count: number }[] {
  return TOLD.map((standing) => ({ standing, count: rows.filter((row) => row.standing === standing).length })).filter(({ count }) => count > 0);
}

/** A URL as a person reads it: `%D8%A7` is a letter. What would change its meaning stays as it is. */
export function shownUrl(url: string): string {
  try {
    return decodeURI(url);
  } catch {
    return url;
  }
}
