import { type BrowserContext, type Page, expect, test as base } from "@playwright/test";

import { Api, PASSWORD, type Schemas } from "./lib/api.ts";
import { Mailbox } from "./lib/mailbox.ts";
import { Receiver } from "./lib/receiver.ts";
import { QUICK, Server } from "./lib/server.ts";
import { Watch } from "./lib/watch.ts";

export { expect, PASSWORD };

/** What each worker has for itself. */
export interface Stage {
  server: Server;
  receiver: Receiver;
  mailbox: Mailbox;
}

/** A company of the test's own, and its owner. */
export interface Company {
  name: string;
  id: string;
  email: string;
  api: Api;
  /** Makes a webhook without a page. */
  webhook: (body: Partial<Schemas["NewEndpointBody"]> & { url: string }) => Promise<Schemas["EndpointView"]>;
  /** Posts a message that came in, of a contact. */
  event: (more?: Partial<Schemas["NewEventBody"]>) => Promise<Schemas["AcceptedView"]>;
}

interface Fixtures {
  company: Company;
  watch: Watch;
  /** The page of the company's owner, who is logged in. */
  mine: Page;
}

let companies = 0;

export async function newCompany(server: Server): Promise<Company> {
  companies += 1;
  const tag = `${process.pid.toString(36)}-${companies}`;
  const [name, email] = [`Bloom ${tag}`, `mia.${tag}@bloom.example`];
  const api = await new Api(server.apiUrl).signUp({ company: name, email, name: "Mia Chen" });
  const webhook: Company["webhook"] = (body) => api.post("/endpoints", { event_types: ["message.*"], ...body });
  const event: Company["event"] = (more) =>
    api.post("/events", { type: "message.received", subject: "919876543210", data: { message: { text: { body: "Hello" } } }, ...more });
  return { name, email, id: api.caller.company ?? "", api, webhook, event };
}

/** Lets a browser in as somebody who is logged in already. */
export async function letIn(context: BrowserContext, url: string, cookie: string | undefined): Promise<void> {
  const [name = "", value = ""] = (cookie ?? "").split("=");
  await context.addCookies([{ name, value, url, httpOnly: true, sameSite: "Lax" }]);
}

export const test = base.extend<Fixtures, { stage: Stage }>({
  stage: [
    // eslint-disable-next-line no-empty-pattern
    async ({}, use) => {
      const mailbox = await Mailbox.open();
      const server = await Server.make({ env: QUICK, smtpUrl: mailbox.url });
      const receiver = await Receiver.open(server.folder);
      await use({ server, receiver, mailbox });
      await server.remove();
      await Promise.all([receiver.close(), mailbox.close()]);
    },
    { scope: "worker" },
  ],
  baseURL: async ({ stage }, use) => use(stage.server.url),
  company: async ({ stage }, use) => use(await newCompany(stage.server)),
  watch: [
    async ({ page, stage }, use, info) => {
      const watch = new Watch(page, stage.server.url);
      // Refusals are part of many journeys; the browser writes each of them into its console.
      watch.allow(/Failed to load resource: the server responded with a status of 4\d\d/);
      await use(watch);
      if (info.status !== info.expectedStatus) await info.attach("server log", { body: stage.server.log, contentType: "text/plain" });
      else expect(watch.faults, "what the page must not do").toEqual([]);
    },
    { auto: true },
  ],
  mine: async ({ page, context, stage, company }, use) => {
    await letIn(context, stage.server.url, company.api.caller.cookie);
    await use(page);
  },
});
