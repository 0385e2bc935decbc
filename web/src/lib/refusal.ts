/** What an error means for somebody who looks at a page or a panel. */
export type Refusal = { kind: "unreachable" | "missing" | "forbidden" | "other" } | { kind: "busy"; seconds: number | null };

/** Read off the shape of the errors of api/problem: what is shown does not know the API. */
export function refusalOf(error: unknown): Refusal {
  if (!(error instanceof Error)) return { kind: "other" };
  if (error.name === "Unreachable") return { kind: "unreachable" };
  const status = "status" in error ? error.status : null;
  if (status === 404) return { kind: "missing" };
  if (status === 403) return { kind: "forbidden" };
  if (status !== 429 && status !== 503) return { kind: "other" };
  return { kind: "busy", seconds: "retryAfter" in error && typeof error.retryAfter === "number" ? error.retryAfter : null };
}
