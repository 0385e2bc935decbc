import type { Schemas } from "@/api/client";
import { isObject } from "@/lib/json";

import type { Validation, Written } from "./queries";

export type Values = { name: string; description: string; sample: string; schema: string; validation: Validation };
export const VALIDATIONS: readonly Validation[] = ["off", "warn", "refuse"];

export function toValues(written: Written | null): Values {
  if (written === null) return { name: "", description: "", sample: "{}", schema: "", validation: "off" };
  const { type, sample, schema } = written;
  return {
    name: type.name,
    description: type.description,
    sample,
    schema: schema ?? "",
    validation: type.validation,
  };
}

/** An object of any members, in the words of the generated types. */
type AnyObject = NonNullable<Schemas["NewEventTypeBody"]["sample"]>;
export type Parsed = { value: AnyObject | null } | { fault: "notJson" | "notObject"; detail: string };

/** What an editor holds, as it can be sent: nothing, or a JSON object. All else about it is the server's to say. */
export function parse(text: string): Parsed {
  if (text.trim() === "") return { value: null };
  try {
    const value: unknown = JSON.parse(text);
    return isAnyObject(value) ? { value } : { fault: "notObject", detail: "" };
  } catch (error) {
    return { fault: "notJson", detail: error instanceof Error ? error.message : "" };
  }
}

function isAnyObject(value: unknown): value is AnyObject {
  return isObject(value);
}
