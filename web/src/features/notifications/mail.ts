import type { Tone } from "@/ui/StatusChip";

import type { Kind, Mail } from "./queries";

export const KINDS = ["endpoint_warning", "endpoint_defective", "endpoint_recovered", "endpoint_disabled"] as const satisfies readonly Kind[];
export const ROLES = ["viewer", "developer", "admin", "owner"] as const;

export type MailStage = "sent" | "failed" | "undone" | "kept" | "held" | "retrying" | "queued";
export const TONES: Record<MailStage, Tone> = { sent: "good", failed: "bad", undone: "off", kept: "off", held: "wait", retrying: "wait", queued: "wait" };

/** What became of a mail, or why it still waits. Mirrors `store::MailState`; a queued one tells why by its times. */
export function stageOf(mail: Pick<Mail, "state" | "due_at" | "tries">, mailsAreSent: boolean, now: number): MailStage {
  if (mail.state === "sent" || mail.state === "failed" || mail.state === "undone") return mail.state;
  if (!mailsAreSent) return "kept";
  if (mail.tries > 0) return "retrying";
  return new Date(mail.due_at).getTime() > now ? "held" : "queued";
}

export function isKind(kind: string): kind is Kind {
  return KINDS.some((each) => each === kind);
}
