import { describe, expect, it } from "vitest";

import { explain } from "./FailureText";

/** Messages as crates/egress and domain::outcome write them. */
const url = "https://crm.acme.example:8443/hooks";
const cases: [string, string | null, string, number | null, string, Record<string, string>][] = [
  ["a name that is not there", "dns", "the name crm.acme.example could not be resolved: it does not exist", null, "dns_missing", {}],
  ["silent name servers", "dns", "the name x could not be resolved: no answer within 3 s", null, "dns_silent", {}],
  ["a closed port", "connect", "nothing answers at crm.acme.example:8443: the connection was refused", null, "connect_refused", { host: "crm.acme.example:8443" }],
  ["an expired certificate", "tls", "the certificate of crm.acme.example:8443 is not valid: it expired on 2026-03-01", null, "tls_expired", { detail: "2026-03-01" }],
  ["a certificate of another", "tls", "the certificate of a:443 is not valid: it is not issued for a but for b.example, c.example", null, "tls_name", { detail: "b.example, c.example" }],
  ["an answer that hangs", "timeout", "a:443 did not finish its answer within 5 s; it had sent status 200 and 12 bytes", 200, "timeout_cut", { seconds: "5", code: "200", detail: "12" }],
  ["silence", "timeout", "a:443 did not answer within 2.5 s", null, "timeout_silent", { seconds: "2.5" }],
  ["a status", "status", "the receiver answered 404", 404, "status", { status: "404 Not Found" }],
  ["only 200", "status", "the receiver answered 204; this endpoint accepts only 200", 204, "status_only_200", { status: "204 No Content" }],
  ["a redirect", "redirect", "the receiver answered 302; redirects are not followed", 302, "redirect", { status: "302 Found" }],
  ["a private address", "address_forbidden", "crm points to an address that is refused: 10.0.0.5 is a private address (10.0.0.0/8), which this installation does not call; an operator can allow it with HOOKFERRY_ALLOW_NETWORKS", null, "address_forbidden_told", { address: "10.0.0.5", detail: "a private address (10.0.0.0/8)" }],
  ["a cut answer", "body", "the answer of a:443 broke off after 17 bytes", 200, "body_cut", { detail: "17" }],
  ["what nobody knows", "quantum", "?", null, "other", {}],
];

describe("a failure", () => {
  it.each(cases)("is told: %s", (_, kind, message, statusCode, name, values) => {
    expect(explain({ kind, message, statusCode, url })).toMatchObject({ case: name, values });
  });

  // An endpoint tells its last failure without a kind.
  it.each(cases.slice(0, -1))("without its kind: %s", (_, _kind, message, statusCode, name) => {
    expect(explain({ kind: null, message, statusCode, url }).case).toBe(name);
  });

  it("has a hint for the status", () => {
    const hint = (statusCode: number) => explain({ kind: "status", statusCode, url }).hint;
    expect([401, 403, 404, 418, 500, 599].map(hint)).toEqual(["status_401", "status_401", "status_404", "status", "status_5xx", "status_5xx"]);
  });

  it("names the host without a URL", () => {
    expect(explain({ kind: "connect", message: "nothing answers at a.example:443: the connection was refused" }).values.host).toBe("a.example:443");
    expect(explain({ kind: "status", message: "the receiver answered 500", statusCode: 500 }).values.host).toBe("");
  });
});
