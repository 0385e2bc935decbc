import type { InboxRequestSummary } from "@/api/inboxes";

const VERDICTS = ["verified", "wrong", "missing", "unknown"] as const;
const FINDINGS = [...VERDICTS, "timestamp_off", "no_id", "no_timestamp"] as const;
export type Verdict = (typeof VERDICTS)[number];
export type Finding = (typeof FINDINGS)[number];
export type Signature = InboxRequestSummary["signature"];

export const LOOKS: Record<Verdict, { tone: "good" | "wait" | "bad" | "off"; shape: string }> = {
  verified: { tone: "good", shape: "✓" },
  wrong: { tone: "bad", shape: "✕" },
  missing: { tone: "off", shape: "○" },
  unknown: { tone: "wait", shape: "?" },
};

/** The server's word about the whole; a word of a newer server counts as "unknown". */
export function verdictOf(signature: Signature): Verdict {
  return VERDICTS.find((known) => known === signature.verdict) ?? "unknown";
}

/** The server's words about each header that can carry a signature. */
export function findingsOf(signature: Signature): { header: string; finding: Finding }[] {
  const read = (word: string): Finding => FINDINGS.find((known) => known === word) ?? "unknown";
  return [
    { header: "webhook-signature", finding: read(signature.webhook_signature) },
    { header: "X-Hub-Signature-256", finding: read(signature.x_hub_signature_256) },
  ];
}
