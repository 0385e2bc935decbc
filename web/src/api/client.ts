import createClient, { type Middleware } from "openapi-fetch";

import { i18next } from "@/texts";

import { ApiProblem, Unreachable } from "./problem";
import type { components, paths } from "./schema.gen";

export type Schemas = components["schemas"];

let company: string | null = null;

/** Which company this tab is in: every request says it, so that tabs in two companies do not meet. */
export function setCompany(id: string | null): void {
  company = id;
}

export function currentCompany(): string | null {
  return company;
}

const named: Middleware = {
  onRequest: ({ request }) => {
    // A call that names its own company means that one: leaving another than the one shown.
    if (company !== null && !request.headers.has("Hookferry-Company")) request.headers.set("Hookferry-Company", company);
  },
  onError: ({ error }) => (isAbort(error) ? undefined : new Unreachable(error)),
};

function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

/** The REST API, with the types of openapi.json. */
export const api = createClient<paths>({
  baseUrl: window.location.origin,
  headers: { Accept: "application/json" },
  // Looked up at each call, so that tests can put their own in place.
  fetch: (request) => globalThis.fetch(request),
});
api.use(named);

type Answer<T> = { data?: T; error?: unknown; response: Response };

/** The answer's data; an `ApiProblem` is thrown where the server refused. */
export async function unwrap<T>(answer: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await answer;
  if (error !== undefined || !response.ok) throw problemOf(error, response);
  if (data === undefined) throw problemOf(undefined, response);
  return data;
}

/** The same for a call whose answer has no body. */
export async function done(answer: Promise<Answer<unknown>>): Promise<void> {
  const { error, response } = await answer;
  if (!response.ok) throw problemOf(error, response);
}

function problemOf(error: unknown, response: Response): ApiProblem {
  const after = Number(response.headers.get("retry-after"));
  const retryAfter = Number.isFinite(after) && after > 0 ? after : null;
  if (isProblem(error)) return new ApiProblem(error, retryAfter);
  // A proxy before the server answers in its own words.
  const title = i18next.t("errors:proxy", { status: `${response.status} ${response.statusText}`.trim() });
  return new ApiProblem({ type: "about:blank", title, status: response.status, detail: title, code: "unknown", errors: [] }, retryAfter);
}

function isProblem(error: unknown): error is Schemas["Problem"] {
  return typeof error === "object" && error !== null && "code" in error && "errors" in error && Array.isArray(error.errors);
}
