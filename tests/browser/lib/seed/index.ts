import { Api, PASSWORD, type Schemas } from "../api.ts";
import { Mailbox } from "../mailbox.ts";
import { handshake } from "../meta.ts";
import { fakeClockLibrary } from "../places.ts";
import { Receiver } from "../receiver.ts";
import { Server } from "../server.ts";
import { pause, until } from "../wait.ts";
import { CONTACTS, OWNER, OWN_TYPES } from "./cast.ts";
import { type Traffic, converse, everyKind, malformed, oneTimeCode, orders, poison, refusals } from "./day.ts";
import { invite, makeCompany, makeEmptyCompany, makeTokens, settle } from "./people.ts";
import { type Cast, makeWebhooks } from "./webhooks.ts";

const HOUR_MS = 3_600_000;
const APP_SECRET = "5e7c0a9d41f84b6c9e2a7f3d8b1c6045";
/** While a day goes by in seconds. */
const HASTE = { HOOKFERRY_RETRY_INTERVAL: "50ms", HOOKFERRY_TIMEOUT: "1s" };

/** A server full of data that looks real, with all that it needs to go on. */
export interface Seeded {
  server: Server;
  receiver: Receiver;
  mailbox: Mailbox;
  /** The owner of the full company. */
  api: Api;
  traffic: Traffic;
  login: { email: string; password: string };
  close: () => Promise<void>;
}

/** One stretch of the day: how long ago, how many conversations, and what else happens. */
interface Stretch {
  hoursAgo: number;
  messages: number;
  happens?: (day: Day) => Promise<unknown>;
}

class Day {
  readonly server: Server;
  readonly receiver: Receiver;
  readonly mailbox: Mailbox;
  backMs = 0;
  api!: Api;
  cast!: Cast;
  traffic!: Traffic;
  sent = 0;

  constructor(server: Server, receiver: Receiver, mailbox: Mailbox) {
    this.server = server;
    this.receiver = receiver;
    this.mailbox = mailbox;
  }

  now(): Date {
    return new Date(Date.now() - this.backMs);
  }

  patch(name: keyof Cast, change: Schemas["EndpointPatchBody"]): Promise<unknown> {
    return this.api.patch(`/endpoints/${this.cast[name].id}`, change);
  }

  /** The newest delivery of those. */
  async delivery(query: string): Promise<Schemas["DeliveryView"] | undefined> {
    const page = await this.api.get<{ data: Schemas["DeliveryView"][] }>(`/deliveries?limit=1&${query}`);
    return page.data[0];
  }
}

const STORY: Stretch[] = [
  { hoursAgo: 23, messages: 6, happens: (day) => invite(day.api) },
  { hoursAgo: 21, messages: 4, happens: (day) => poison(day.traffic, CONTACTS[8] ?? CONTACTS[0]!) },
  { hoursAgo: 18.5, messages: 5, happens: (day) => orders(day.traffic, 6, 0) },
  { hoursAgo: 16, messages: 9, happens: (day) => everyKind(day.traffic, 0, 3) },
  { hoursAgo: 13, messages: 14, happens: (day) => refusals(day.traffic) },
  // Somebody moves Billing, and mistypes the port: it is down from here on.
  { hoursAgo: 9.2, messages: 18, happens: (day) => day.patch("billing", { url: "http://billing.acme.localhost:9/wa" }) },
  { hoursAgo: 7, messages: 16, happens: (day) => Promise.all([everyKind(day.traffic, 1, 3), oneTimeCode(day.traffic)]) },
  { hoursAgo: 5, messages: 15, happens: (day) => day.patch("lake", { status: "paused" }) },
  { hoursAgo: 3.2, messages: 14, happens: repair },
  { hoursAgo: 1.5, messages: 12, happens: (day) => Promise.all([everyKind(day.traffic, 2, 3), orders(day.traffic, 5, 6), malformed(day.traffic)]) },
  { hoursAgo: 0.6, messages: 9, happens: tryOut },
  { hoursAgo: 0.1, messages: 5, happens: (day) => breakAgain(day) },
];

/** Makes everything. Takes some seconds: a day is told in stretches, each with the server's clock set back. */
export async function seed(options: { port?: number } = {}): Promise<Seeded> {
  const mailbox = await Mailbox.open();
  const first = STORY[0]?.hoursAgo ?? 0;
  const backMs = (hours: number): number => (fakeClockLibrary() === undefined ? 0 : hours * HOUR_MS);
  const port = options.port === undefined ? {} : { port: options.port };
  const server = await Server.make({ smtpUrl: mailbox.url, ...port }, { env: HASTE, clockBackMs: backMs(first) });
  const receiver = await Receiver.open(server.folder);
  const day = new Day(server, receiver, mailbox);
  day.backMs = backMs(first);
  await begin(day);
  for (const stretch of STORY) {
    if (day.backMs !== backMs(stretch.hoursAgo)) {
      await server.stop();
      day.backMs = backMs(stretch.hoursAgo);
      await server.start({ env: HASTE, clockBackMs: day.backMs });
    }
    await stretch.happens?.(day);
    await converse(day.traffic, stretch.messages, day.sent);
    day.sent += stretch.messages;
    await quiet(receiver);
  }
  await server.stop();
  day.backMs = 0;
  // From here on with the settings that people have: the next try is minutes away.
  await server.start();
  await Promise.all([converse(day.traffic, 4, day.sent), settle(day.api, mailbox)]);
  await quiet(receiver);
  const close = async (): Promise<void> => {
    await server.remove();
    await Promise.all([receiver.close(), mailbox.close()]);
  };
  return { server, receiver, mailbox, api: day.api, traffic: day.traffic, login: { email: OWNER.email, password: PASSWORD }, close };
}

async function begin(day: Day): Promise<void> {
  const anybody = new Api(day.server.apiUrl);
  day.api = await makeCompany(anybody, day.mailbox);
  for (const type of OWN_TYPES) await day.api.post("/event-types", type);
  day.cast = await makeWebhooks(day.api, day.receiver);
  const make = (body: object): Promise<Schemas["SourceView"]> => day.api.post("/sources", { kind: "whatsapp", ...body });
  await make({ name: "حساب الفروع – branches, not connected yet" });
  await make({ name: "Staging", app_secret: "0f9e8d7c6b5a49382716051423324150" });
  const source = await make({ name: "Acme on WhatsApp", app_secret: APP_SECRET });
  await handshake(source.callback_url, source.verify_token);
  day.traffic = { api: day.api, source, appSecret: APP_SECRET, now: () => day.now() };
  await makeTokens(day.api, day.now());
  await makeEmptyCompany(anybody, day.mailbox);
}

/** Somebody looks at what has failed, sends it again, and cancels what is of no use any more. */
async function repair(day: Day): Promise<void> {
  const { api, cast } = day;
  await api.post("/deliveries/retry", { endpoint_id: cast.wrongPath.id, state: "exhausted" });
  const waiting = await day.delivery(`state=pending&endpoint_id=${cast.billing.id}`);
  if (waiting !== undefined) await api.post(`/deliveries/${waiting.id}/cancel`);
  await api.post(`/endpoints/${cast.crm.id}/secret/rotate`, { overlap_seconds: 86_400 });
  await api.post(`/endpoints/${cast.billing.id}/sample`, {});
  await day.patch("support", { description: "ग्राहक सहायता (Support desk)", timeout_ms: 1500 });
}

/** Somebody tries things with an inbox. */
async function tryOut(day: Day): Promise<void> {
  const { api } = day;
  const inbox = await api.post<Schemas["InboxView"]>("/inboxes", {});
  const body = { url: inbox.url, description: "Test inbox", event_types: ["message.received"] };
  const webhook = await api.post<Schemas["EndpointView"]>("/endpoints", body);
  await api.post(`/endpoints/${webhook.id}/sample`, { event_type: "message.received" });
  await api.post(`/endpoints/${webhook.id}/sample`, { event_type: "template.status_updated" });
  await fetch(`${inbox.url}?from=curl`, { method: "POST", headers: { "webhook-signature": "v1,AAAA" }, body: "not signed by us" });
  await fetch(inbox.url);
  await api.post<Schemas["InboxView"]>("/inboxes", { answer_status: 503, answer_delay_ms: 2000 });
}

/** The first message that broke the ERP is given up; another one has come, and has been tried for a while. */
async function breakAgain(day: Day): Promise<void> {
  const tries = (id: string) => async (): Promise<Schemas["DeliveryView"] | undefined> =>
    day.delivery(`endpoint_id=${day.cast.erp.id}&${id}`);
  await until("a delivery that is given up after all its tries", tries("state=exhausted"));
  const wamid = await poison(day.traffic, CONTACTS[2] ?? CONTACTS[0]!);
  await until("a delivery with a long list of tries", async () => {
    const delivery = await tries(`external_id=${encodeURIComponent(wamid)}`)();
    return delivery !== undefined && delivery.tries >= 36;
  });
}

/** Waits until the receiver has not been asked for a moment, but not for what is tried again and again. */
async function quiet(receiver: Receiver): Promise<void> {
  const end = Date.now() + 600;
  for (let before = -1; before !== receiver.requests && Date.now() < end; ) {
    before = receiver.requests;
    await pause(150);
  }
}
