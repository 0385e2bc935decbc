import type { Schemas } from "@/api/client";

import { parseWaits, writeWaits } from "./waits";

type View = Schemas["EndpointView"];
type Body = Schemas["NewEndpointBody"];
type Patch = Schemas["EndpointPatchBody"];
type Defaults = Schemas["EndpointDefaultsView"];

/** A name with a value; `kept` where the server has the value and does not show it. */
export type Pair = { key: string; name: string; value: string; kept: boolean };
export type ScheduleKind = "standard" | "meta" | "custom";
/** What stands in the form: texts as they were typed, so that nothing is lost. Names are the API's where they can be. */
export type WebhookValues = {
  url: string;
  description: string;
  status: Schemas["Switch"];
  event_types: string[];
  format: Schemas["Format"];
  wati_version: "1" | "2";
  wati_names: Pair[];
  headers: Pair[];
  timeout_ms: number | string;
  acknowledge: Schemas["Acknowledge"];
  schedule: ScheduleKind;
  waits: string;
  rate_limit: number | string;
  max_in_flight: number | string;
  ordered: boolean;
  session: Schemas["SessionWanted"];
  phone_number_ids: string[];
  external_key: string;
  secret: string;
};

/** What the server writes in place of a header's value; sent back it means "as it was". */
const REDACTED = "••••••••";

let made = 0;
export function pair(name = "", value = "", kept = false): Pair {
  return { key: `${(made += 1)}`, name, value, kept };
}

/** A new webhook, with what the company has set for new ones. */
export function newValues(defaults: Defaults | null, url = ""): WebhookValues {
  return {
    url, description: "", status: "enabled", event_types: [],
    format: "hookferry", wati_version: "1", wati_names: [], headers: [],
    timeout_ms: defaults?.timeout_ms ?? "", acknowledge: "any_2xx", ...scheduleValues(defaults?.schedule ?? "standard"),
    rate_limit: "", max_in_flight: "", ordered: false, session: "any", phone_number_ids: [], external_key: "", secret: "",
  };
}

/** A webhook as it is. */
export function valuesOf(view: View): WebhookValues {
  return {
    url: view.url,
    description: view.description,
    status: oneOf(["enabled", "paused", "disabled"], view.status, "enabled"),
    event_types: view.event_types,
    format: oneOf(["hookferry", "wati", "meta"], view.format, "hookferry"),
    wati_version: view.wati_version === 2 ? "2" : "1",
    wati_names: Object.entries(view.wati_names ?? {}).map(([name, value]) => pair(name, value)),
    headers: Object.keys(view.headers).map((name) => pair(name, "", true)),
    timeout_ms: view.timeout_ms,
    acknowledge: oneOf(["any_2xx", "only_200"], view.acknowledge, "any_2xx"),
    ...scheduleValues(view.schedule),
    rate_limit: view.rate_limit?.per_second ?? "",
    max_in_flight: view.max_in_flight ?? "",
    ordered: view.ordered,
    session: oneOf(["any", "active", "inactive"], view.session, "any"),
    phone_number_ids: view.phone_number_ids ?? [],
    external_key: view.external_key ?? "",
    secret: "",
  };
}

function scheduleValues(schedule: Schemas["Schedule"]): Pick<WebhookValues, "schedule" | "waits"> {
  return typeof schedule === "string" ? { schedule, waits: "" } : { schedule: "custom", waits: writeWaits(schedule.custom_seconds) };
}

function oneOf<T extends string>(options: readonly T[], value: string, otherwise: T): T {
  return options.find((option) => option === value) ?? otherwise;
}

/** Faults that the server could not see, because what is sent cannot say them. By field; empty where there is none. */
export function unsayable(values: WebhookValues): { twice?: { field: "headers" | "wati_names"; name: string }; wait?: string } {
  for (const field of ["headers", "wati_names"] as const) {
    if (field === "wati_names" && values.format !== "wati") continue;
    const names = values[field].map((each) => each.name.trim()).filter((name) => name !== "");
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined) return { twice: { field, name: twice } };
  }
  const waits = parseWaits(values.waits);
  return values.schedule === "custom" && waits.fault !== null ? { wait: waits.fault } : {};
}

/** What is sent for these values. An empty field is null: the default. */
export function bodyOf(values: WebhookValues): Body {
  const body: Body = {
    url: values.url.trim(),
    description: orNull(values.description),
    status: values.status,
    event_types: values.event_types,
    format: values.format,
    headers: record(values.headers),
    timeout_ms: number(values.timeout_ms),
    acknowledge: values.acknowledge,
    schedule: values.schedule === "custom" ? { custom_seconds: parseWaits(values.waits).seconds ?? [] } : values.schedule,
    rate_limit: number(values.rate_limit) === null ? null : { per_second: number(values.rate_limit) ?? 0 },
    max_in_flight: number(values.max_in_flight),
    ordered: values.ordered,
    session: values.session,
    phone_number_ids: values.phone_number_ids.length === 0 ? null : values.phone_number_ids,
    external_key: orNull(values.external_key),
  };
  if (values.format === "wati") {
    body.wati_version = Number(values.wati_version);
    body.wati_names = record(values.wati_names);
  }
  if (values.secret !== "") body.secret = values.secret;
  return body;
}

function orNull(text: string): string | null {
  return text.trim() === "" ? null : text.trim();
}

function number(value: number | string): number | null {
  return value === "" || Number.isNaN(Number(value)) ? null : Number(value);
}

function record(pairs: readonly Pair[]): Record<string, string> {
  const filled = pairs.filter(({ name, value }) => name.trim() !== "" || value !== "");
  return Object.fromEntries(filled.map(({ name, value, kept }) => [name.trim(), kept && value === "" ? REDACTED : value]));
}

/** Changed on this page; status and secret have pages of their own. */
const CHANGED_HERE = [
  "url", "description", "event_types", "format", "wati_version", "wati_names", "headers", "timeout_ms", "acknowledge", "schedule",
  "rate_limit", "max_in_flight", "ordered", "session", "phone_number_ids", "external_key",
] as const;

const FIELDS = [...CHANGED_HERE, "status", "waits", "secret"] as const;

/** Only what is another value than before: two people who change different things do not undo each other's. */
export function changes(before: WebhookValues, after: WebhookValues): Patch {
  const [old, now] = [bodyOf(before), bodyOf(after)];
  const patch: Patch = {};
  for (const field of CHANGED_HERE) {
    if (JSON.stringify(old[field]) !== JSON.stringify(now[field])) Object.assign(patch, { [field]: now[field] });
  }
  return patch;
}

/** Whether anything would be sent, or was typed that could not be. */
export function isChanged(before: WebhookValues, after: WebhookValues): boolean {
  return Object.keys(changes(before, after)).length > 0 || before.waits !== after.waits || before.secret !== after.secret || before.status !== after.status;
}

/** What stands in the form after `sent` was saved: the server's values, but for fields that were changed meanwhile. */
export function stillTyped(sent: WebhookValues, now: WebhookValues, saved: WebhookValues): WebhookValues {
  const kept: Partial<WebhookValues> = {};
  for (const field of FIELDS) {
    if (JSON.stringify(sent[field]) !== JSON.stringify(now[field])) Object.assign(kept, { [field]: now[field] });
  }
  return { ...saved, ...kept };
}
