import type { Page, Request } from "@playwright/test";

import { pause } from "./wait.ts";

/** What a page must not do: say errors in its console, throw, ask other hosts. */
export class Watch {
  readonly faults: string[] = [];
  readonly #page: Page;
  readonly #waiting = new Set<Request>();
  readonly #allowed: RegExp[] = [];

  constructor(page: Page, origin: string) {
    this.#page = page;
    page.on("console", (message) => {
      if (message.type() === "error") this.#fault(`console: ${message.text()} (${message.location().url})`);
    });
    page.on("pageerror", (error) => this.#fault(`thrown: ${error.stack ?? error.message}`));
    page.on("request", (request) => {
      const url = new URL(request.url());
      if (url.protocol.startsWith("http") && url.origin !== origin) this.#fault(`asked another host: ${request.url()}`);
      // The stream never ends.
      if (!url.pathname.endsWith("/stream")) this.#waiting.add(request);
    });
    page.on("requestfinished", (request) => this.#waiting.delete(request));
    page.on("requestfailed", (request) => this.#waiting.delete(request));
  }

  /** From now on faults like that are part of the story. */
  allow(...faults: RegExp[]): void {
    this.#allowed.push(...faults);
  }

  /** Waits until the page has its heading, is not busy, and has asked for nothing for a moment. */
  async settled(forMs = 200): Promise<void> {
    const end = Date.now() + 30_000;
    let calmSince = Date.now();
    while (Date.now() - calmSince < forMs) {
      if (this.#waiting.size > 0 || (await this.#isBusy())) calmSince = Date.now();
      if (Date.now() > end) throw new Error(`${this.#page.url()} does not come to rest: ${this.#asked()}`);
      await pause(30);
    }
  }

  async #isBusy(): Promise<boolean> {
    const ask = (): boolean => document.querySelector("h1, h2, [role=dialog]") === null || document.querySelector("[aria-busy=true]") !== null;
    return this.#page.evaluate(ask).catch(() => true);
  }

  #asked(): string {
    return [...this.#waiting].map((request) => request.url()).join(", ") || "busy, or without a heading";
  }

  #fault(fault: string): void {
    if (!this.#allowed.some((allowed) => allowed.test(fault))) this.faults.push(fault);
  }
}
