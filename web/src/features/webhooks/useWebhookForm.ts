import { useForm, type UseFormReturnType } from "@mantine/form";
import { useState } from "react";

import { isChanged, type WebhookValues } from "./values";

export type WebhookForm = UseFormReturnType<WebhookValues>;

/** Fields of the form as the API names them: where the server's messages go. */
export const BASIC_FIELDS = ["url", "description", "event_types", "format", "wati_version", "wati_names"] as const;
export const ADVANCED_FIELDS = [
  "headers", "timeout_ms", "acknowledge", "schedule", "rate_limit", "max_in_flight", "ordered", "session", "phone_number_ids", "external_key", "secret",
] as const;
export const FORM_FIELDS: readonly string[] = [...BASIC_FIELDS, ...ADVANCED_FIELDS, "status"];

/**
 * The form, with what it began from. Values that somebody else changed meanwhile are taken over by `restart`, never
 * by themselves: what is being typed stays. Its second value: what stands in the form, where that is something else.
 */
export function useWebhookForm(initial: WebhookValues): { form: WebhookForm; before: WebhookValues; changed: boolean; restart: (before: WebhookValues, values?: WebhookValues) => void } {
  const [before, setBefore] = useState(initial);
  const form = useForm<WebhookValues>({ mode: "controlled", initialValues: initial });
  return {
    form,
    before,
    changed: isChanged(before, form.values),
    restart: (begin, values = begin) => {
      setBefore(begin);
      form.setValues(values);
      form.clearErrors();
    },
  };
}

/** Puts the person at the first field with a message, in the order of the page. */
export function focusFirst(errors: Record<string, unknown>): void {
  const field = FORM_FIELDS.find((name) => errors[name] !== undefined);
  if (field === undefined) return;
  // After React has shown the message, and unfolded what it stands in.
  requestAnimationFrame(() => {
    const place = document.querySelector(`[data-path="${field}"]`);
    const input = place?.matches("input,textarea,select,button") ? place : place?.querySelector("input,textarea,button");
    if (input instanceof HTMLElement) input.focus();
    place?.scrollIntoView({ block: "center" });
  });
}
