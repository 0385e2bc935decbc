import { NativeSelect, NumberInput, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useTranslation } from "react-i18next";

import { useServerForm } from "@/api/useServerForm";
import { useSubmit } from "@/api/useSubmit";

import { areNumbers, type DefaultsValues, SCHEDULES, toBody, toValues } from "./defaults";
import { Panel } from "./Panel";
import { changeSettings, type Settings } from "./queries";

const TIMEOUT = "endpoint_defaults.timeout_ms";
const SCHEDULE = "endpoint_defaults.schedule";

export function DefaultsForm({ settings, reason, onSaved }: { settings: Settings; reason: string | null; onSaved: (settings: Settings) => void }) {
  const { t } = useTranslation("settings");
  const initialValues = toValues(settings.endpoint_defaults);
  const form = useForm<DefaultsValues>({ initialValues });
  useServerForm(form, initialValues);
  const { submit, rest, busy } = useSubmit({
    form,
    fields: [TIMEOUT, SCHEDULE],
    send: (values: DefaultsValues) => {
      const { timeout_ms, schedule } = toBody(values);
      return changeSettings({
        endpoint_defaults: {
          ...(form.isDirty("timeout_ms") ? { timeout_ms } : {}),
          ...(form.isDirty("choice") || form.isDirty("waits") ? { schedule } : {}),
        },
      });
    },
    onDone: (saved) => {
      form.setInitialValues(toValues(saved.endpoint_defaults));
      onSaved(saved);
    },
  });
  const own = form.values.choice === "custom";
  return (
    <Panel title={t("defaults.title")} hint={t("defaults.hint")} reason={reason ?? (form.isDirty() ? null : t("nothing"))} rest={rest} busy={busy} onSubmit={form.onSubmit((values) => (own && !areNumbers(values.waits) ? form.setFieldError(SCHEDULE, t("defaults.notNumbers")) : submit(values)))}>
      <Stack maw={480}>
        <NumberInput label={t("defaults.timeout")} description={t("defaults.timeoutHint")} suffix=" ms" thousandSeparator="," allowDecimal={false} allowNegative={false} step={1000} readOnly={reason !== null} {...form.getInputProps("timeout_ms")} error={form.errors[TIMEOUT]} />
        <NativeSelect
          label={t("defaults.schedule")}
          data={SCHEDULES.map((value) => ({ value, label: t(`defaults.schedules.${value}`) }))}
          disabled={reason !== null}
          {...form.getInputProps("choice")}
          error={own ? null : form.errors[SCHEDULE]}
        />
        {own && <TextInput label={t("defaults.custom")} description={t("defaults.customHint")} readOnly={reason !== null} {...form.getInputProps("waits")} error={form.errors[SCHEDULE]} />}
      </Stack>
    </Panel>
  );
}
