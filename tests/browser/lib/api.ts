import type { components } from "../../../web/src/api/schema.gen.ts";

/** What the server's OpenAPI document names. */
export type Schemas = components["schemas"];

/** The password of everybody here. */
export const PASSWORD = "seven green bottles";

let addresses = 0;

/** An address of its own for each who signs up: sign-ups from one address wait after a while. */
function someAddress(): string {
  addresses += 1;
  return `198.51.${100 + (process.pid % 100)}.${1 + (addresses % 250)}`;
}

/** Whoever asks: by a cookie or a token, in a company. */
interface Caller {
  cookie?: string;
  token?: string;
  company?: string;
}

/** The REST API, as programs use it; throws on whatever is no 2xx. */
export class Api {
  readonly origin: string;
  readonly caller: Caller;

  constructor(origin: string, caller: Caller = {}) {
    this.origin = origin;
    this.caller = caller;
  }

  /** Somebody else at the same server. */
  with(caller: Caller): Api {
    return new Api(this.origin, caller);
  }

  /** The same person in another company. */
  in(company: string): Api {
    return new Api(this.origin, { ...this.caller, company });
  }

  get<T>(path: string): Promise<T> {
    return this.#call("GET", path);
  }

  post<T>(path: string, body?: unknown): Promise<T> {
    return this.#call("POST", path, body);
  }

  patch<T>(path: string, body: unknown): Promise<T> {
    return this.#call("PATCH", path, body);
  }

  delete(path: string): Promise<undefined> {
    return this.#call("DELETE", path);
  }

  /** Every row of a list, newest first. */
  async all<T>(path: string): Promise<T[]> {
    const rows: T[] = [];
    let cursor: string | null | undefined = "";
    while (cursor !== null && cursor !== undefined) {
      const joint = path.includes("?") ? "&" : "?";
      const from: string = cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`;
      const page: { data: T[]; next_cursor?: string | null } = await this.get(`${path}${joint}limit=100${from}`);
      rows.push(...page.data);
      cursor = page.next_cursor;
    }
    return rows;
  }

  /** A new company with its owner, who is logged in. */
  async signUp(person: { company: string; email: string; name?: string }): Promise<Api> {
    const { company, email, name = "" } = person;
    const body = { company_name: company, email, password: PASSWORD, ...(name === "" ? {} : { name }) };
    return this.#enter("/auth/signup", body);
  }

  async logIn(email: string): Promise<Api> {
    return this.#enter("/auth/login", { email, password: PASSWORD });
  }

  /** Accepts an invitation by the token of its link. */
  async accept(token: string, name: string): Promise<Api> {
    return this.#enter("/invitations/accept", { token, name, password: PASSWORD });
  }

  async #enter(path: string, body: Record<string, unknown>): Promise<Api> {
    const answer = await this.#send("POST", path, body, { "x-forwarded-for": someAddress() });
    const view = (await answer.json()) as { company?: { id: string } };
    const cookie = answer.headers.getSetCookie()[0]?.split(";")[0];
    if (cookie === undefined) throw new Error(`${path} gave no cookie`);
    return new Api(this.origin, { cookie, ...(view.company === undefined ? {} : { company: view.company.id }) });
  }

  async #call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const text = await (await this.#send(method, path, body)).text();
    return (text === "" ? undefined : JSON.parse(text)) as T;
  }

  async #send(method: string, path: string, body?: unknown, more: Record<string, string> = {}): Promise<Response> {
    const { cookie, token, company } = this.caller;
    const answer = await fetch(`${this.origin}/api/v1${path}`, {
      method,
      headers: {
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(cookie === undefined ? {} : { cookie }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(company === undefined || token !== undefined ? {} : { "hookferry-company": company }),
        ...more,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer;
  }
}
