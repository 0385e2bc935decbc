import type { Api, Schemas } from "../api.ts";
import { type Contact, fixtureNames, notification, notify, wamid } from "../meta.ts";
import { each } from "../wait.ts";
import { CONTACTS, NUMBERS, TEXTS } from "./cast.ts";
import { POISON } from "./webhooks.ts";

/** What the days' traffic is made with. */
export interface Traffic {
  api: Api;
  source: Schemas["SourceView"];
  appSecret: string;
  /** What the server's clock says. */
  now: () => Date;
}

const of = <T>(list: readonly T[], index: number): T => list[index % list.length] as T;

/** Messages that come in, as customers write them, and what becomes of as many answers. */
export async function converse(traffic: Traffic, messages: number, from: number): Promise<void> {
  const { source, appSecret, now } = traffic;
  const post = (body: string): Promise<number> => notify(source.callback_url, appSecret, body);
  const numbers = Array.from({ length: messages }, (_, index) => from + index);
  await each(numbers, 6, async (nth) => {
    const contact = of(CONTACTS, nth);
    const number = of(NUMBERS, Math.floor(nth / 3));
    await post(notification("message_text", { contact, number, at: now(), wamid: wamid(), text: of(TEXTS, nth) }));
    const answer = { contact, number, at: now(), wamid: wamid() };
    for (const status of outcome(nth)) await post(notification(status, answer));
  });
}

/** What Meta says of an answer: most are read, a few fail. */
function outcome(nth: number): string[] {
  if (nth % 11 === 5) return ["status_sent", of(["status_failed_131026", "status_failed_131047", "status_failed_131050"], nth)];
  return nth % 3 === 0 ? ["status_sent", "status_delivered"] : ["status_sent", "status_delivered", "status_read"];
}

/** A message that breaks the ERP. Gives its wamid. */
export async function poison({ source, appSecret, now }: Traffic, contact: Contact): Promise<string> {
  const id = wamid();
  const text = `Order for “Ŵhïtë & Çø.” ${POISON} with a character that breaks the parser`;
  const body = notification("message_text", { contact, number: NUMBERS[0], at: now(), wamid: id, text });
  await notify(source.callback_url, appSecret, body);
  return id;
}

/** One of everything that Meta can say, but for what takes others along. */
export async function everyKind({ source, appSecret, now }: Traffic, part: number, parts: number): Promise<void> {
  const mine = fixtureNames().filter((_, index) => index % parts === part);
  await each(mine, 4, (name) =>
    notify(source.callback_url, appSecret, notification(name, { at: now(), ...(name.startsWith("message_") ? { wamid: wamid() } : {}) })),
  );
}

/** Orders and the like, which the company's own shop posts over REST. */
export async function orders({ api, now }: Traffic, count: number, from: number): Promise<void> {
  const numbers = Array.from({ length: count }, (_, index) => from + index);
  await each(numbers, 4, (nth) =>
    api.post("/events", {
      type: of(["order.created", "order.shipped", "order.created"], nth),
      id: `shop-${4471 + nth}`,
      subject: of(CONTACTS, nth).phone,
      occurred_at: now().toISOString(),
      data: { order_id: `A-${4471 + nth}`, total: 100 + nth * 7.5, currency: "INR", customer: of(CONTACTS, nth).name },
    }),
  );
}

/** A code that nobody wants to read an hour later. */
export async function oneTimeCode({ api, now }: Traffic): Promise<void> {
  const expires = new Date(now().getTime() + 60_000);
  const data = { phone_number_id: NUMBERS[0], contact: { wa_id: CONTACTS[4]?.phone }, message_id: wamid(), status: { status: "read" } };
  await api.post("/events", { type: "message.read", subject: CONTACTS[4]?.phone, expires_at: expires.toISOString(), data });
}

/** What a source refuses: forged, unsigned, broken and huge notifications, and a handshake that guesses. */
export async function refusals({ source, now }: Traffic): Promise<void> {
  const url = source.callback_url;
  const body = notification("message_text", { at: now(), wamid: wamid() });
  await notify(url, "another app's secret, perhaps", body);
  await notify(url, "0123456789abcdef0123456789abcdef", body);
  await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
  await fetch(`${url}?${new URLSearchParams({ "hub.mode": "subscribe", "hub.challenge": "1", "hub.verify_token": "guess" })}`);
}

/** What is signed and is no notification. */
export async function malformed({ source, appSecret }: Traffic): Promise<void> {
  await notify(source.callback_url, appSecret, '{"object":"whatsapp_business_account","entry":[{');
}
