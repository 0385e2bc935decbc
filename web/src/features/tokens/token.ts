import type { Scope } from "@/api/me";
import type { Tone } from "@/ui/StatusChip";

import type { Token } from "./queries";

/** Every scope, as `domain::scope` has them, with the name of its text. */
export const SCOPES = [
  { scope: "events:write", text: "eventsWrite" },
  { scope: "events:read", text: "eventsRead" },
  { scope: "endpoints:read", text: "endpointsRead" },
  { scope: "endpoints:write", text: "endpointsWrite" },
  { scope: "deliveries:read", text: "deliveriesRead" },
  { scope: "deliveries:write", text: "deliveriesWrite" },
  { scope: "admin", text: "admin" },
] as const satisfies readonly { scope: Scope; text: string }[];

export type TokenState = "active" | "revoked" | "expired";
export const TONES: Record<TokenState, Tone> = { active: "good", revoked: "off", expired: "off" };

/** Whether a token works; mirrors the server, which refuses one from the moment it expires. */
export function stateOf(token: Pick<Token, "revoked_at" | "expires_at">, now: number): TokenState {
  if (token.revoked_at) return "revoked";
  return token.expires_at && new Date(token.expires_at).getTime() <= now ? "expired" : "active";
}

export type Expiry = "30" | "90" | "365" | "never" | "date";
export const EXPIRIES: readonly Expiry[] = ["30", "90", "365", "never", "date"];

const DAY_MS = 86_400_000;

/** When a token is to expire; a chosen day counts to its end, in the viewer's zone. */
export function expiresAt(expiry: Expiry, date: string, now: number): string | null {
  if (expiry === "never") return null;
  if (expiry !== "date") return new Date(now + Number(expiry) * DAY_MS).toISOString();
  const end = new Date(`${date}T23:59:59`);
  // What is no day is sent as it is, for the server to say so.
  return Number.isNaN(end.getTime()) ? date : end.toISOString();
}
