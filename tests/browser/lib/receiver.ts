import { readFileSync } from "node:fs";
import { type IncomingMessage, type Server as HttpServer, type ServerResponse, createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo } from "node:net";

import { selfSigned } from "./places.ts";
import { until } from "./wait.ts";

/** What a receiver says. */
export interface Answer {
  status?: number;
  headers?: Readonly<Record<string, string>>;
  body?: string;
  /** Waits so long before the first byte. */
  delayMs?: number;
  /** `never`: no answer at all. `cut`: says more bytes than it sends, and hangs up. */
  fault?: "never" | "cut";
}

export interface Received {
  method: string;
  path: string;
  headers: Readonly<Record<string, string>>;
  body: string;
  at: Date;
}

/** One URL of a receiver, whose answers a test decides. */
export class Hook {
  readonly url: string;
  readonly received: Received[] = [];
  #answer: (nth: number, request: Received) => Answer = () => ({});

  constructor(url: string) {
    this.url = url;
  }

  /** From now on. */
  answers(answer: Answer | ((nth: number, request: Received) => Answer)): this {
    this.#answer = typeof answer === "function" ? answer : () => answer;
    return this;
  }

  take(request: Received): Answer {
    this.received.push(request);
    return this.#answer(this.received.length, request);
  }

  /** Waits until so many requests have come. */
  got(count: number): Promise<Received[]> {
    return until(`${count} requests at ${this.url}, have ${this.received.length}`, () =>
      this.received.length >= count ? this.received : undefined,
    );
  }
}

/** A receiver on this machine: plain HTTP, and TLS with a certificate that nobody vouches for. */
export class Receiver {
  readonly origin: string;
  readonly tlsOrigin: string;
  /** How many requests have come. */
  requests = 0;
  readonly #servers: HttpServer[];
  readonly #hooks = new Map<string, Hook>();

  private constructor(servers: HttpServer[], origin: string, tlsOrigin: string) {
    this.#servers = servers;
    this.origin = origin;
    this.tlsOrigin = tlsOrigin;
  }

  static async open(folder: string): Promise<Receiver> {
    const holder: { receiver?: Receiver } = {};
    const handle = (request: IncomingMessage, response: ServerResponse): void => {
      void holder.receiver?.handle(request, response);
    };
    const { key, cert } = selfSigned(folder);
    const plain = createServer(handle);
    const secure = createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }, handle);
    secure.on("tlsClientError", () => undefined);
    const ports = await Promise.all([plain, secure].map(listen));
    const origins = [`http://127.0.0.1:${ports[0]}`, `https://127.0.0.1:${ports[1]}`] as const;
    holder.receiver = new Receiver([plain, secure], ...origins);
    return holder.receiver;
  }

  /** The URL of that path; answers 200 until told otherwise. */
  hook(path: string): Hook {
    const known = this.#hooks.get(path);
    if (known !== undefined) return known;
    const hook = new Hook(this.origin + path);
    this.#hooks.set(path, hook);
    return hook;
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    request.on("error", () => undefined);
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const path = request.url ?? "/";
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
    const body = Buffer.concat(chunks).toString("utf8");
    this.requests += 1;
    const hook = this.hook(path);
    say(response, hook.take({ method: request.method ?? "", path, headers, body, at: new Date() }));
  }

  async close(): Promise<void> {
    await Promise.all(
      this.#servers.map((server) => {
        server.closeAllConnections();
        return new Promise((resolve) => server.close(resolve));
      }),
    );
  }
}

function say(response: ServerResponse, answer: Answer): void {
  if (answer.fault === "never") return;
  const body = answer.body ?? '{"ok":true}';
  const headers = { "content-type": "application/json", ...answer.headers };
  setTimeout(() => {
    if (answer.fault === "cut") {
      response.writeHead(answer.status ?? 200, { ...headers, "content-length": String(body.length + 1000) });
      response.write(body, () => response.destroy());
      return;
    }
    response.writeHead(answer.status ?? 200, headers);
    response.end(body);
  }, answer.delayMs ?? 0);
}

async function listen(server: HttpServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}
