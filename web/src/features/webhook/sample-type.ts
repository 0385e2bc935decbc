import type { Endpoint } from "@/api/endpoints";

/**
 * The event type that a sample begins with: the first that the webhook picks by name or prefix; else what the server
 * takes where none is named (`webhook.sample`, in the formats of Wati and Meta `message.received`).
 */
export function firstSampleType(endpoint: Pick<Endpoint, "event_types" | "format">, names: readonly string[]): string | null {
  const usual = endpoint.format === "hookferry" ? "webhook.sample" : "message.received";
  for (const pattern of endpoint.event_types) {
    const found = names.find((name) => name === pattern || (pattern.endsWith(".*") && name.startsWith(pattern.slice(0, -1))));
    if (found !== undefined) return preferred(pattern, names, found);
  }
  return names.find((name) => name === "message.received") ?? names.find((name) => name === usual) ?? names[0] ?? null;
}

/** Of `message.*` the message itself says more than whatever comes first in the alphabet. */
function preferred(pattern: string, names: readonly string[], found: string): string {
  return pattern === "message.*" && names.includes("message.received") ? "message.received" : found;
}
