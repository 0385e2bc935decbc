import { readFileSync, writeFileSync } from "node:fs";

import { Api, type Schemas } from "./api.ts";
import { COLLEAGUES, COMPANY, CONTACTS, EMPTY_COMPANY, OWNER } from "./seed/cast.ts";
import { STORIES } from "./seed/webhooks.ts";

type Row = { id: string };

/** What the seeded server's pages are about: ids, by what they stand for. */
export interface Facts {
  company: string;
  emptyCompany: string;
  /** Cookies, by who looks. */
  login: { owner: string; viewer: string };
  webhook: Record<keyof typeof STORIES, string>;
  event: { delivered: string; nowhere: string };
  delivery: { long: string; waiting: string; delivered: string; held: string; expired: string; canceled: string };
  source: { receiving: string; waiting: string };
  inbox: string;
  phone: string;
  invitationToken: string;
}

export async function findFacts(seeded: { apiUrl: string; invitationToken: string }): Promise<Facts> {
  const anybody = new Api(seeded.apiUrl);
  const person = await anybody.logIn(OWNER.email);
  const { companies } = await person.get<Schemas["MeView"]>("/auth/me");
  const company = companies.find(({ name }) => name === COMPANY)?.id ?? "";
  const emptyCompany = companies.find(({ name }) => name === EMPTY_COMPANY)?.id ?? "";
  const owner = person.in(company);
  const viewer = await anybody.logIn(COLLEAGUES.find(({ role }) => role === "viewer")?.email ?? "");
  const first = async <T extends Row>(path: string, is: (row: T) => boolean = () => true): Promise<string> => {
    const found = (await owner.all<T>(path)).find(is);
    if (found === undefined) throw new Error(`nothing like that in ${path}`);
    return found.id;
  };
  const endpoints = await owner.all<Schemas["EndpointView"]>("/endpoints");
  const webhook = Object.fromEntries(
    Object.entries(STORIES).map(([name, { more }]) => [name, endpoints.find(({ description }) => description === more.description)?.id ?? ""]),
  ) as Facts["webhook"];
  const ofErp = `endpoint_id=${webhook.erp}`;
  type Delivery = Schemas["DeliveryView"];
  return {
    company,
    emptyCompany,
    login: { owner: person.caller.cookie ?? "", viewer: viewer.caller.cookie ?? "" },
    webhook,
    event: {
      delivered: (await owner.get<Delivery>(`/deliveries/${await first(`/deliveries?endpoint_id=${webhook.crm}&state=delivered`)}`)).event_id,
      nowhere: await first<Schemas["EventView"]>("/events", ({ deliveries }) => deliveries === 0),
    },
    delivery: {
      long: await first<Delivery>(`/deliveries?${ofErp}&state=exhausted`, ({ tries }) => tries >= 145),
      waiting: await first<Delivery>(`/deliveries?${ofErp}&state=pending`, ({ tries }) => tries >= 30),
      delivered: await first(`/deliveries?endpoint_id=${webhook.crm}&state=delivered`),
      held: await first("/deliveries?state=held"),
      expired: await first("/deliveries?state=expired"),
      canceled: await first("/deliveries?state=canceled"),
    },
    source: {
      receiving: await first<Schemas["SourceView"]>("/sources", ({ state }) => state === "receiving"),
      waiting: await first<Schemas["SourceView"]>("/sources", ({ state }) => state === "needs_handshake"),
    },
    inbox: await first<Schemas["InboxView"]>("/inboxes", ({ requests_kept }) => requests_kept > 0),
    phone: CONTACTS[1]?.phone ?? "",
    invitationToken: seeded.invitationToken,
  };
}

/** What the seed wrote down when it was ready. */
export interface SeedInfo {
  url: string;
  apiUrl: string;
  email: string;
  folder: string;
  pid: number;
  /** Of a link that nobody has followed. */
  invitationToken: string;
}

const FACTS = new URL("../.cache/facts.json", import.meta.url).pathname;

/** Looked up once a run, before the pages. */
export async function keepFacts(): Promise<void> {
  writeFileSync(FACTS, JSON.stringify(await findFacts(seedInfo())));
}

export const facts = (): Facts => JSON.parse(readFileSync(FACTS, "utf8")) as Facts;

export const SEED_INFO = new URL("../.cache/seed.json", import.meta.url).pathname;

export const seedInfo = (): SeedInfo => JSON.parse(readFileSync(SEED_INFO, "utf8")) as SeedInfo;
