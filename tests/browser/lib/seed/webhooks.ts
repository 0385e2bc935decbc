import type { Api, Schemas } from "../api.ts";
import { type Answer, type Received, type Receiver } from "../receiver.ts";
import { each } from "../wait.ts";
import { NUMBERS } from "./cast.ts";

type NewEndpoint = Schemas["NewEndpointBody"];
type Endpoint = Schemas["EndpointView"];

/** How many webhooks the company has. */
export const WEBHOOKS = 200;

/** They, made. */
export type Cast = Record<keyof typeof STORIES, Endpoint>;

/** What a webhook is, and where it stands on the receiver. */
interface Story {
  path: string;
  more: Omit<NewEndpoint, "url" | "filter"> & { filter?: object };
  /** Somewhere else than at the receiver. */
  url?: (receiver: Receiver) => string;
  host?: string;
  answer?: Answer | ((nth: number, request: Received) => Answer);
}

/** A message with this in it breaks the ERP, each time. */
export const POISON = "☠";

/** About as fast each time, and never quite. */
const healthy = (slowMs: number) => (nth: number): Answer => ({ delayMs: slowMs + ((nth * 37) % 60) });

/** The webhooks that have a story. */
export const STORIES = {
  crm: {
    path: "/hooks",
    host: "crm",
    more: { description: "CRM sync", event_types: ["message.received", "message.failed", "contact.created"], headers: { "X-Tenant": "acme-eu-7" } },
    answer: healthy(60),
  },
  billing: {
    path: "/wa",
    host: "billing",
    more: { description: "Billing", event_types: ["message.read", "message.delivered", "order.*"] },
    answer: healthy(35),
  },
  erp: {
    path: "/integrations/whatsapp/v3/inbound?tenant=acme&region=eu-central-1",
    host: "erp.production.eu-central-1",
    more: { description: "ERP – order desk", event_types: ["message.received"], ordered: true },
    answer: (nth, { body }) =>
      body.includes(POISON)
        ? { status: 500, delayMs: 2, body: '{"error":"NullPointerException at com.acme.erp.OrderDesk.parse(OrderDesk.java:214)"}' }
        : healthy(25)(nth),
  },
  riyadh: {
    path: "/الطلبات",
    host: "riyadh",
    more: { description: "متجر الرياض – إشعارات الطلبات", event_types: ["message.*"], phone_number_ids: [NUMBERS[1]] },
    answer: healthy(15),
  },
  support: {
    path: "/webhooks/whatsapp",
    host: "support",
    more: { description: "ग्राहक सहायता (Support desk)", event_types: ["message.received", "session.*"], timeout_ms: 1000, schedule: { custom_seconds: [60, 600, 3600, 3600, 3600, 3600, 3600, 3600] } },
    answer: (nth) => (nth % 9 === 4 ? { fault: "never" } : { delayMs: 120 + ((nth * 53) % 200) }),
  },
  wati: {
    path: "/api/wati/callback",
    host: "legacy",
    more: { description: "Shop that came from Wati", event_types: ["message.*", "template.*"], format: "wati", wati_version: 2 },
    answer: healthy(30),
  },
  chatbot: {
    path: "/meta",
    host: "bot",
    more: { description: "Chatbot written for Meta", event_types: ["message.*"], format: "meta", session: "any", filter: { and: [{ field: "message.type", in: ["text", "interactive"] }, { not: { field: "contact.wa_id", prefix: "49" } }] } },
    answer: healthy(40),
  },
  analytics: {
    path: "/collect/v1/events",
    host: "analytics",
    more: { description: "Analytics", event_types: ["message.*", "session.*", "contact.*", "order.*"], rate_limit: { per_second: 200 }, max_in_flight: 20 },
    // Down for a while, long enough for the early warning.
    answer: (nth) => (nth > 120 && nth <= 185 ? { status: 503, body: "upstream connect error", headers: { "content-type": "text/plain" } } : { delayMs: 8 }),
  },
  lake: {
    path: "/bronze/whatsapp",
    host: "lake",
    more: { description: "Data lake (nightly load)", event_types: ["message.received"] },
    answer: healthy(10),
  },
  oldShop: {
    path: "/index.php?option=com_wa&task=hook",
    host: "old",
    more: { description: "Old shop", event_types: ["message.failed"] },
    answer: { status: 410, body: "Gone" },
  },
  switchedOff: {
    path: "/hooks/v1",
    host: "crm-old",
    more: { description: "CRM before the move", event_types: ["message.received"], status: "disabled" },
  },
  wrongPath: {
    path: "/hooks/whatsap",
    host: "marketing",
    more: { description: "Marketing automation", event_types: ["template.*"], schedule: { custom_seconds: [60] } },
    answer: { status: 404, body: "<!doctype html><title>404</title><h1>Not Found</h1>", headers: { "content-type": "text/html" } },
  },
  login: {
    path: "/secure/inbound",
    host: "fraud",
    more: { description: "Fraud checks", event_types: ["account.*", "security.updated"], schedule: { custom_seconds: [600, 3600, 7200, 7200, 7200] } },
    answer: { status: 401, body: '{"error":"missing bearer token"}' },
  },
  moved: {
    path: "/h",
    host: "quality",
    more: { description: "Quality watch", event_types: ["phone_number.*", "business.*"], schedule: "meta" },
    answer: { status: 302, headers: { location: "https://quality.acme.example/login" }, body: "" },
  },
  cutOff: {
    path: "/flows",
    host: "flows",
    more: { description: "Flows", event_types: ["flow.updated"], schedule: "meta" },
    answer: { fault: "cut", body: '{"ok":' },
  },
  noName: {
    path: "/",
    more: { description: "Typing error", event_types: ["template.quality_updated"], schedule: "meta" },
    url: () => "https://hooks.acme.exmaple/whatsapp",
  },
  ownCertificate: {
    path: "/",
    more: { description: "Warehouse (own certificate)", event_types: ["template.category_updated", "order.shipped"], schedule: "meta" },
    url: (receiver) => `${receiver.tlsOrigin}/warehouse`,
  },
  alerts: {
    path: "/services/T024BE7LD/B024BE7LH/wa-alerts",
    host: "chat",
    more: { description: "Alerts to the team’s chat", event_types: ["endpoint.*", "delivery.*"] },
    answer: healthy(20),
  },
} satisfies Record<string, Story>;

/** Makes all webhooks: those with a story, and then those that make the list long. */
export async function makeWebhooks(api: Api, receiver: Receiver): Promise<Cast> {
  const made = new Map<string, Endpoint>();
  const stories: [string, Story][] = Object.entries(STORIES);
  // One after another: the list shows them in this order.
  await each(fillers(receiver), 6, (body) => api.post<Endpoint>("/endpoints", body));
  for (const [name, story] of stories.reverse()) {
    const hook = receiver.hook(encodeURI(story.path));
    if (story.answer !== undefined) hook.answers(story.answer);
    const url = story.url?.(receiver) ?? nameHost(hook.url, story.host ?? name);
    made.set(name, await api.post<Endpoint>("/endpoints", { ...story.more, url }));
  }
  return Object.fromEntries(made) as Cast;
}

/** Names under `localhost` lead to this machine, and look like somebody's. */
const nameHost = (url: string, host: string): string => url.replace("127.0.0.1", `${host}.acme.localhost`);

const TEAMS = ["Orders", "Returns", "Loyalty", "Delivery slots", "المبيعات", "आपूर्ति", "Stock", "Click & collect", "Gift cards", "Reviews"];
const PLACES = ["Mumbai", "Riyadh", "São Paulo", "Jakarta", "Köln", "Lagos", "México", "دبي", "दिल्ली", "Hà Nội", "Warszawa", "İzmir", "Toronto"];
const EVENTS = [["loyalty.*"], ["message.received"], ["message.failed", "loyalty.points_expired"], ["message.received", "message.read", "message.delivered", "message.failed", "message.replied"]];

/** The many of whom the list is full: long URLs, a quarter at work. */
function fillers(receiver: Receiver): NewEndpoint[] {
  return Array.from({ length: WEBHOOKS - Object.keys(STORIES).length }, (_, index) => {
    const place = PLACES[index % PLACES.length] ?? "";
    const team = TEAMS[index % TEAMS.length] ?? "";
    const path = `/stores/${encodeURIComponent(place.toLowerCase())}/integrations/whatsapp/business/v${1 + (index % 3)}/inbound/${1000 + index}`;
    const atWork = index % 4 === 1;
    const hook = receiver.hook(path);
    if (atWork) hook.answers({ delayMs: 5 + ((index * 13) % 120) });
    const url = atWork ? nameHost(hook.url, `hooks-${index % 17}.stores`) : `https://hooks-${index % 17}.stores.acme.example${path}?source=hookferry&environment=production&version=2026-11`;
    return {
      url,
      description: `${team} ${place} ${1 + Math.floor(index / PLACES.length)}`,
      event_types: (atWork ? ["message.received"] : EVENTS[index % EVENTS.length]) ?? ["*"],
      // Of what all get, the many take what came by one number: none of them the first.
      phone_number_ids: [atWork ? (NUMBERS[1 + (index % 3)] ?? NUMBERS[1]) : "208845331909999"],
      ...(index % 29 === 7 ? { status: "paused" as const } : index % 23 === 3 ? { status: "disabled" as const } : {}),
    };
  });
}
