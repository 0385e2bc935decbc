import { hostOf, statusName } from "@/lib/http";
import type { errors } from "@/texts/en/errors";

/** What is known of a request that failed: of an attempt, a sample, or an endpoint's last failure (which has no kind). */
export type FailureFacts = {
  /** `dns`, `connect`, … as the server names it; read off the message where it is not told. */
  kind?: string | null;
  message?: string | null;
  statusCode?: number | null;
  /** Where the request went. */
  url?: string | null;
};

/** Keys of the catalogue: one case has a sentence, what to do, and two or three words for a row of a table. */
export type FailureCase = keyof typeof errors.kind;
export type FailureHint = keyof typeof errors.hint;
/** What stands in the sentences; empty where it is not known. */
export type FailureValues = { host: string; status: string; seconds: string; code: string; detail: string; address: string };
export type Explained = { case: FailureCase; hint: FailureHint; values: FailureValues };

/** The server's messages begin with these words (crates/egress/src/failure.rs, domain::outcome); the first that fits. */
const KINDS: readonly (readonly [RegExp, string])[] = [
  [/^the receiver answered \d+; redirects/, "redirect"],
  [/^the receiver answered/, "status"],
  [/could not be resolved/, "dns"],
  [/which this installation does not call/, "address_forbidden"],
  [/certificate of|TLS/, "tls"],
  [/within [\d.]+ s/, "timeout"],
  [/^nothing answers at|closed the connection without/, "connect"],
  [/^the answer of/, "body"],
];

/** Where the message says more than its kind, the case that it belongs to; what the groups caught fills the sentence. */
const CASES: Record<string, readonly (readonly [RegExp, FailureCase])[]> = {
  dns: [[/it does not exist$/, "dns_missing"], [/it has no address$/, "dns_empty"], [/no answer|gave no answer/, "dns_silent"]],
  connect: [
    [/connection was refused/, "connect_refused"],
    [/connection timed out/, "connect_slow"],
    [/without an answer/, "connect_closed"],
    [/was reset/, "connect_reset"],
    [/unreachable/, "connect_unreachable"],
  ],
  tls: [
    [/it expired on (?<detail>\S+)/, "tls_expired"],
    [/it has expired/, "tls_expired_once"],
    [/it is valid only from (?<detail>\S+)/, "tls_early"],
    [/issued for \S+ but for (?<detail>.+)$/, "tls_name"],
    [/not issued for/, "tls_name_other"],
    [/CaUsedAsEndEntity/, "tls_self"],
    [/known authority/, "tls_authority"],
    [/does not speak TLS/, "tls_none"],
    [/handshake/, "tls_handshake"],
  ],
  timeout: [
    [/within (?<seconds>[\d.]+) s; it had sent status (?<code>\d+) and (?<detail>\d+) bytes/, "timeout_cut"],
    [/^no connection to .* within (?<seconds>[\d.]+) s/, "timeout_connect"],
    [/did not answer within (?<seconds>[\d.]+) s/, "timeout_silent"],
  ],
  status: [[/accepts only 200/, "status_only_200"]],
  address_forbidden: [[/(?<address>[0-9a-fA-F.:]+) is (?<detail>.+), which this/, "address_forbidden_told"]],
  body: [[/broke off after (?<detail>\d+) bytes/, "body_cut"], [/is not HTTP/, "body_other"]],
};

const PLAIN: readonly FailureCase[] = ["dns", "connect", "tls", "timeout", "status", "redirect", "address_forbidden", "body", "other"];

/** Which sentence of the catalogue tells a failure, and with what in it. */
export function explain(facts: FailureFacts): Explained {
  const message = facts.message ?? "";
  const kind = facts.kind ?? KINDS.find(([words]) => words.test(message))?.[1] ?? (facts.statusCode ? "status" : "other");
  const values: FailureValues = { host: hostIn(facts, message), status: facts.statusCode ? statusName(facts.statusCode) : "", seconds: "", code: "", detail: "", address: "" };
  let found: FailureCase = PLAIN.find((name) => name === kind) ?? "other";
  for (const [words, name] of CASES[kind] ?? []) {
    const match = words.exec(message);
    if (match === null) continue;
    found = name;
    Object.assign(values, match.groups);
    break;
  }
  if (kind === "status" && !facts.statusCode) found = "other";
  return { case: found, hint: hintOf(found, facts.statusCode ?? null), values };
}

/** A bare address of the message is its own name; else the URL says whom we called, or the message does. */
function hostIn(facts: FailureFacts, message: string): string {
  if (facts.url) return hostOf(facts.url);
  const place = /(?:answers at|connection to|certificate of|answer of|sent to|the name) ([^\s,;]+?):? /.exec(`${message} `)?.[1];
  return place ?? "";
}

function hintOf(found: FailureCase, status: number | null): FailureHint {
  if (found === "status") return statusHint(status);
  return found;
}

const STATUS_HINTS: Record<number, FailureHint> = { 400: "status_400", 401: "status_401", 403: "status_401", 404: "status_404", 405: "status_405", 410: "status_410", 413: "status_413", 415: "status_400", 422: "status_400", 429: "status_429" };

function statusHint(status: number | null): FailureHint {
  if (status === null) return "status";
  return STATUS_HINTS[status] ?? (status >= 500 ? "status_5xx" : "status");
}
