import { i18next } from "@/texts";

import type { components } from "./schema.gen";

type ProblemDocument = components["schemas"]["Problem"];
export type ProblemError = components["schemas"]["ProblemError"];

/** What the server refused or could not do: RFC 9457's document of its answer. */
export class ApiProblem extends Error {
  readonly status: number;
  readonly code: string;
  readonly errors: readonly ProblemError[];
  /** How long the server asks to wait, in seconds, where it says so. */
  readonly retryAfter: number | null;

  constructor(problem: ProblemDocument, retryAfter: number | null) {
    super(problem.detail || problem.title);
    this.name = "ApiProblem";
    this.status = problem.status;
    this.code = problem.code;
    this.errors = problem.errors;
    this.retryAfter = retryAfter;
  }
}

/** No answer came: the connection or the server is away. */
export class Unreachable extends Error {
  constructor(cause: unknown) {
    super(i18next.t("errors:noAnswer"), { cause });
    this.name = "Unreachable";
  }
}

/** Whether it is the answer to who is not, or no longer, logged in; a wrong password is another one. */
export function isLoggedOut(error: unknown): boolean {
  return error instanceof ApiProblem && error.code === "unauthorized";
}

/** When, in milliseconds, somebody who tried too often may try again; `null` where they need not wait. */
export function retryAt(error: unknown, now = Date.now()): number | null {
  return error instanceof ApiProblem && error.status === 429 && error.retryAfter !== null ? now + error.retryAfter * 1000 : null;
}

/** The server's messages go on where a field's name stands; at the field itself they begin. */
function sentence(message: string): string {
  return message.charAt(0).toUpperCase() + message.slice(1);
}

/**
 * The server's messages by field, for a form: the pointer `/headers/X-Tenant` belongs to the field `headers` and is
 * named in the message. What belongs to no field of the form comes back as `rest`.
 */
export function fieldErrors(
  error: unknown,
  fields: readonly string[],
): { errors: Record<string, string>; rest: string | null } {
  if (!(error instanceof ApiProblem)) {
    return { errors: {}, rest: error instanceof Error ? error.message : String(error) };
  }
  const errors: Record<string, string> = {};
  const rest: string[] = [];
  for (const item of error.errors) {
    const path = (item.pointer ?? "").split("/").slice(1);
    const field = fields.find((name) => name === path.join(".") || name === path[0]);
    const inside = path.length > 1 && field !== path.join(".");
    const message = inside ? `${path.slice(1).join(".")}: ${item.detail}` : sentence(item.detail);
    if (field === undefined) rest.push(path.length > 0 ? `${path.join(".")}: ${item.detail}` : item.detail);
    else errors[field] = errors[field] ? `${errors[field]}; ${message}` : message;
  }
  const nothingSaid = error.errors.length === 0;
  return { errors, rest: rest.length > 0 ? rest.join("; ") : nothingSaid ? error.message : null };
}
