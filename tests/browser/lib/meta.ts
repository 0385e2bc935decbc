import { createHmac, randomBytes } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";

import { META_FIXTURES } from "./places.ts";

/** A person who writes on WhatsApp. */
export interface Contact {
  name: string;
  /** Without `+`, as Meta writes it. */
  phone: string;
}

/** The names of Meta's notifications that the test kit has. */
export function fixtureNames(): string[] {
  const files = readdirSync(META_FIXTURES).filter((file) => file.endsWith(".json"));
  return files.map((file) => file.slice(0, -".json".length)).filter((name) => name !== "verification_handshake");
}

const known = new Map<string, string>();

function fixture(name: string): string {
  const text = known.get(name) ?? readFileSync(path.join(META_FIXTURES, `${name}.json`), "utf8");
  known.set(name, text);
  return text;
}

/** A wamid that nobody has had, as long as Meta's. */
export function wamid(): string {
  return `wamid.HRgMOTE5ODc2NTQzMjEwFQIAEhgg${randomBytes(15).toString("hex").toUpperCase()}AA`;
}

/** A notification of that kind, about that person, from that time, about that message. */
export function notification(
  name: string,
  facts: { contact?: Contact; at: Date; wamid?: string; text?: string; number?: string },
): string {
  const { contact, at, wamid: id, text, number } = facts;
  let body = fixture(name);
  const seconds = Math.floor(at.getTime() / 1000);
  body = body.replace(/"(timestamp|time)": "?\d{10}"?/g, (whole, key: string) =>
    `"${key}": ${whole.includes('": "') ? `"${seconds}"` : String(seconds)}`,
  );
  if (id !== undefined) body = body.replaceAll(/"id": "wamid\.[^"]+"/g, `"id": "${id}"`);
  if (contact !== undefined) {
    body = body.replaceAll("919876543210", contact.phone).replaceAll("Priya Mehta", contact.name);
    // The fixtures' user id is one person's; each contact has its own.
    body = body.replaceAll("IN.73918264501927364", `IN.${contact.phone}5501927`);
  }
  if (number !== undefined) body = body.replaceAll("208845331907714", number);
  if (text !== undefined) body = body.replace(/"body": "[^"]*"/, `"body": ${JSON.stringify(text)}`);
  return body;
}

/** Posts a notification as Meta does, signed with the app secret. Gives the status of the answer. */
export async function notify(callbackUrl: string, appSecret: string, body: string): Promise<number> {
  const signature = createHmac("sha256", appSecret).update(body).digest("hex");
  const headers = { "content-type": "application/json", "x-hub-signature-256": `sha256=${signature}` };
  return (await fetch(callbackUrl, { method: "POST", headers, body })).status;
}

/** The handshake by which Meta checks a callback URL. Gives the status of the answer. */
export async function handshake(callbackUrl: string, verifyToken: string): Promise<number> {
  const query = { "hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": verifyToken };
  return (await fetch(`${callbackUrl}?${new URLSearchParams(query)}`)).status;
}
