import type { Tone } from "@/ui/StatusChip";

import type { Source } from "./queries";

export const TONES: Record<Source["state"], Tone> = {
  needs_app_secret: "wait",
  needs_handshake: "wait",
  waits_for_notifications: "wait",
  receiving: "good",
};

/** Why Meta cannot call this address, if so: it wants https, and reaches only public names. */
export function unreachableForMeta(callbackUrl: string): "local" | "http" | null {
  const url = new URL(callbackUrl);
  if (isLocal(url.hostname)) return "local";
  return url.protocol === "https:" ? null : "http";
}

function isLocal(host: string): boolean {
  return host === "localhost" || host.endsWith(".localhost") || host === "[::1]" || /^(127|10|192\.168|172\.(1[6-9]|2\d|3[01]))\./.test(host);
}
