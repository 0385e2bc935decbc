import * as z from "zod/mini";

import { type Range, RANGES, rangeStart } from "./ranges";

/**
 * Search parameters of lists. What is wrong is left out rather than refused: a link that was cut or mistyped still
 * shows the page. The router reads `?q=919876543210` as a number.
 */
const written = z.union([z.string(), z.pipe(z.number(), z.transform(String))]);
const lenient = <T extends z.ZodMiniType>(type: T) => z.catch(z.optional(type), undefined);

/** A text of 1 to `most` characters that fits the pattern. */
export const text = (pattern = /^/, most = 255) =>
  lenient(z.pipe(written, z.string().check(z.trim(), z.minLength(1), z.maxLength(most), z.regex(pattern))));

export const oneOf = <const T extends readonly string[]>(values: T) => lenient(z.pipe(z.string(), z.enum(values)));

/** A moment, or how far back: `24h` goes on moving, so that such a link stays useful. */
export const moment = lenient(z.pipe(z.string(), z.union([z.enum(RANGES), z.iso.datetime({ offset: true })])));

const EVENT_TYPE = /^[a-z0-9_]+([.][a-z0-9_]+)*([.][*])?$/;
const EVENT_TYPE_MOST = 130;
const STATUS_CODE = /^([1-5][0-9][0-9]|[1-5]xx)$/;

/** An event type or a prefix such as `message.*`, as the server takes it. */
export const eventType = text(EVENT_TYPE, EVENT_TYPE_MOST);

/** A status or a class of them. */
export const statusCode = text(STATUS_CODE, 3);

/** Whether what was typed is one: what is not is left out of the URL, so the field has to say it. */
export function isEventType(typed: string): boolean {
  return typed.length <= EVENT_TYPE_MOST && EVENT_TYPE.test(typed);
}

export function isStatusCode(typed: string): boolean {
  return STATUS_CODE.test(typed);
}

/** What a moment of the URL means now, as the API takes it. */
export function resolve(moment: string | undefined, now: Date): string | undefined {
  const range = asRange(moment);
  return range === null ? moment : rangeStart(range, now).toISOString();
}

export function asRange(moment: string | undefined): Range | null {
  return RANGES.find((range) => range === moment) ?? null;
}

/** Without what is empty, so that the URL holds only what is chosen. */
export function chosen<T extends object>(filter: T): Partial<T> {
  const copy: Partial<T> = { ...filter };
  for (const key of keysOf(copy)) if (copy[key] === undefined || copy[key] === "") delete copy[key];
  return copy;
}

function keysOf<T extends object>(value: T): (keyof T)[] {
  const keys: (keyof T)[] = [];
  for (const key in value) keys.push(key);
  return keys;
}

/** For `<input type="datetime-local">`: the viewer's own time, without a zone. */
export function toLocalInput(iso: string | undefined): string {
  if (iso === undefined || asRange(iso) !== null) return "";
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return "";
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

export function fromLocalInput(text: string): string | undefined {
  const date = new Date(text);
  return text === "" || Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}
