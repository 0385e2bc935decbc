/** How a receiver tells that a request came from here: on the pages of event types and of webhooks. */
export const verify = {
  title: "Verify the signature",
  text: "Every request is signed in two ways, with the webhook's secret. Check one of them, over the body's bytes as they came, and deduplicate by webhook-id: an event can come twice.",
  scheme: "Signature",
  standard: "Standard Webhooks",
  hub: "X-Hub-Signature-256",
  standardText: "HMAC-SHA256 over webhook-id, webhook-timestamp and the body, base64 after v1, in webhook-signature. The key is what follows whsec_, decoded; a secret without whsec_ is the key itself. While a rotation overlaps, the header carries a signature of each secret.",
  hubText: "As Meta and GitHub sign: HMAC-SHA256 over the body, in hex after sha256=. The key is the whole secret as it is shown. While a rotation overlaps, it is that of the old secret until the overlap ends.",
  language: "Language",
  libraries: "There are Standard Webhooks libraries for these and other languages, too.",
  languages: { node: "Node.js", python: "Python", php: "PHP", go: "Go", rust: "Rust" },
  code: "{{scheme}} in {{language}}",
} as const;
