import { Alert, Checkbox, Group, Stack, Switch, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { useServerForm } from "@/api/useServerForm";
import { useSubmit } from "@/api/useSubmit";
import { ActionButton } from "@/ui/ActionButton";
import { told } from "@/ui/toast";

import { Part } from "./Part";
import { changeSettings, type Settings } from "./queries";

type Values = { on: boolean; from: string; to: string; defective_breaks_through: boolean };
const FROM = "notifications.quiet_hours.from";
const TO = "notifications.quiet_hours.to";

const valuesOf = ({ notifications: { quiet_hours: quiet } }: Settings): Values => ({
  on: Boolean(quiet),
  from: quiet?.from ?? "22:00",
  to: quiet?.to ?? "07:00",
  defective_breaks_through: quiet?.defective_breaks_through ?? true,
});

export function QuietHours({ settings, reason, onSaved }: { settings: Settings; reason: string | null; onSaved: (settings: Settings) => void }) {
  const { t } = useTranslation("notifications");
  const initialValues = valuesOf(settings);
  const form = useForm<Values>({ initialValues });
  useServerForm(form, initialValues);
  const { submit, rest, busy } = useSubmit({
    form,
    fields: [FROM, TO],
    send: ({ on, ...quiet_hours }: Values) => changeSettings({ notifications: { quiet_hours: on ? quiet_hours : null } }),
    onDone: (saved) => {
      form.setInitialValues(valuesOf(saved));
      onSaved(saved);
      told(t("quiet.saved"));
    },
  });
  const { on } = form.values;
  const locked = reason !== null;
  return (
    <Part title={t("quiet.title")} hint={<>{t("quiet.hint", { zone: settings.time_zone })} <Link className="hf-link" style={{ textDecoration: "underline" }} to="/settings">{t("quiet.zone")}</Link></>}>
      <form onSubmit={form.onSubmit((values) => submit(values))}>
        <Stack gap="sm">
          <Switch label={t("quiet.on")} disabled={locked} {...form.getInputProps("on", { type: "checkbox" })} />
          {on && (
            <>
              <Group align="flex-start">
                <TextInput type="time" label={t("quiet.from")} readOnly={locked} {...form.getInputProps("from")} error={form.errors[FROM]} />
                <TextInput type="time" label={t("quiet.to")} readOnly={locked} {...form.getInputProps("to")} error={form.errors[TO]} />
              </Group>
              <Checkbox label={t("quiet.breaks")} disabled={locked} {...form.getInputProps("defective_breaks_through", { type: "checkbox" })} />
            </>
          )}
          {rest !== null && <Alert color="red" role="alert">{rest}</Alert>}
          <Group><ActionButton type="submit" variant="default" loading={busy} reason={reason ?? (form.isDirty() ? null : t("quiet.nothing"))}>{t("quiet.save")}</ActionButton></Group>
        </Stack>
      </form>
    </Part>
  );
}
