import { Button, Group, Stack } from "@mantine/core";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

import type { Schemas } from "@/api/client";
import { useSubmit } from "@/api/useSubmit";
import { ActionButton } from "@/ui/ActionButton";
import { LeaveGuard } from "@/ui/LeaveGuard";
import { Note } from "@/ui/Note";
import { Refused } from "@/ui/Refused";

import classes from "./Form.module.css";
import { ADVANCED_FIELDS, focusFirst, FORM_FIELDS, useWebhookForm } from "./useWebhookForm";
import { stillTyped, unsayable, valuesOf, type WebhookValues } from "./values";
import { WebhookFields } from "./WebhookFields";

type Answer = Schemas["EndpointView"];
type Props = {
  initial: WebhookValues;
  types: readonly Schemas["EventTypeView"][];
  /** Sends what changed since `before`. */
  send: (values: WebhookValues, before: WebhookValues) => Promise<Answer>;
  onDone: (answer: Answer) => void;
  onCancel?: () => void;
  /** Where a webhook is there already: what it is on the server now. */
  current?: WebhookValues;
  /** Why nothing may be sent. */
  reason?: string | null;
};

/** The form of a webhook, for a new one and for one that is there. */
export function WebhookForm({ initial, types, send, onDone, onCancel, current, reason }: Props) {
  const { t } = useTranslation(["webhooks", "common"]);
  const { form, before, changed, restart } = useWebhookForm(initial);
  const [open, setOpen] = useState(false);
  const isNew = current === undefined;
  const show = (errors: Record<string, string>): void => {
    form.setErrors(errors);
    if (ADVANCED_FIELDS.some((field) => errors[field] !== undefined)) setOpen(true);
    focusFirst(errors);
  };
  const { submit, rest, busy, clear, waitUntil } = useSubmit({
    form: { setErrors: show, clearErrors: form.clearErrors },
    fields: FORM_FIELDS,
    send: async (sent: WebhookValues) => ({ sent, answer: await send(sent, before) }),
    onDone: ({ sent, answer }) => {
      const saved = valuesOf(answer);
      // What was typed while it was being saved stays, and is not saved yet.
      if (!isNew) restart(saved, stillTyped(sent, form.getValues(), saved));
      onDone(answer);
    },
  });
  const trySubmit = (): void => {
    const { twice, wait } = unsayable(form.values);
    if (twice) return show({ [twice.field]: t("form.twice", { name: twice.name }) });
    if (wait) return show({ schedule: t("form.noWait", { text: wait }) });
    submit(form.values);
  };
  const elsewhere = current !== undefined && !busy && JSON.stringify(plain(current)) !== JSON.stringify(plain(before));
  useEffect(() => {
    // What another tab or person saved is outside this form: it is taken over as long as nothing was typed here.
    if (elsewhere && !changed) restart(current);
  });
  const why = reason ?? (!isNew && !changed ? t("form.unchanged") : null);
  return (
    <form noValidate onSubmit={(event) => { event.preventDefault(); if (!why && !busy) trySubmit(); }}>
      <LeaveGuard when={changed && !busy} />
      <Stack gap="lg" maw={860}>
        {elsewhere && changed && (
          <Note tone="wait" alert>
            <Group justify="space-between">
              <span><b>{t("form.elsewhere")}</b> {t("form.elsewhereHint")}</span>
              <Button variant="default" size="xs" onClick={() => restart(current)}>{t("form.takeTheirs")}</Button>
            </Group>
          </Note>
        )}
        <WebhookFields form={form} types={types} isNew={isNew} oldUrl={isNew ? null : before.url} advanced={{ open, toggle: () => setOpen(!open) }} />
        <div className={classes.bar}>
          <Stack gap="xs">
            <Refused message={rest} waitUntil={waitUntil} />
            <Group gap="xs">
              <ActionButton type="submit" loading={busy} reason={why}>{isNew ? t("new.add") : t("form.save")}</ActionButton>
              {onCancel && <Button variant="default" onClick={onCancel}>{t("common:cancel")}</Button>}
              {!isNew && changed && <Button variant="default" onClick={() => { clear(); restart(current ?? before); }}>{t("form.discard")}</Button>}
            </Group>
          </Stack>
        </div>
      </Stack>
    </form>
  );
}

/** Without the keys of rows, which are new at each reading. */
function plain(values: WebhookValues): unknown {
  const bare = ({ name, value, kept }: WebhookValues["headers"][number]) => [name, value, kept];
  return { ...values, status: null, headers: values.headers.map(bare), wati_names: values.wati_names.map(bare) };
}
