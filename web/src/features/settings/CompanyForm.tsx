import { Select, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";

import { useServerForm } from "@/api/useServerForm";
import { useSubmit } from "@/api/useSubmit";
import { Mono } from "@/ui/Copy";
import { Facts } from "@/ui/Facts";
import { Time } from "@/ui/Time";

import { Panel } from "./Panel";
import { changeSettings, type Settings } from "./queries";

export function CompanyForm({ settings, reason, onSaved }: { settings: Settings; reason: string | null; onSaved: (settings: Settings) => void }) {
  const { t } = useTranslation("settings");
  const initialValues = { name: settings.company.name, time_zone: settings.time_zone };
  const form = useForm({ initialValues });
  useServerForm(form, initialValues);
  const { submit, rest, busy } = useSubmit({
    form,
    fields: ["company.name", "time_zone"],
    send: (values: typeof initialValues) =>
      changeSettings({
        // Only what was changed here: another tab's change of the other stays.
        ...(form.isDirty("name") ? { company: { name: values.name } } : {}),
        ...(form.isDirty("time_zone") ? { time_zone: values.time_zone } : {}),
      }),
    onDone: (saved) => {
      form.setInitialValues({ name: saved.company.name, time_zone: saved.time_zone });
      onSaved(saved);
    },
  });
  const zones = useMemo(() => [...new Set(["UTC", settings.time_zone, ...Intl.supportedValuesOf("timeZone")])], [settings.time_zone]);
  return (
    <Panel title={t("general.title")} reason={reason ?? (form.isDirty() ? null : t("nothing"))} rest={rest} busy={busy} onSubmit={form.onSubmit((values) => submit(values))}>
      <Stack>
        <TextInput label={t("general.name")} maw={480} readOnly={reason !== null} {...form.getInputProps("name")} error={form.errors["company.name"]} />
        <Select
          label={t("general.timeZone")}
          description={t("general.timeZoneHint")}
          placeholder={t("general.timeZoneSearch")}
          maw={480}
          data={zones}
          searchable
          allowDeselect={false}
          limit={100}
          readOnly={reason !== null}
          {...form.getInputProps("time_zone")}
        />
        <Facts
          facts={[
            { name: t("general.id"), value: <Mono value={settings.company.id} /> },
            { name: t("general.created"), value: <Time at={settings.company.created_at} /> },
          ]}
        />
      </Stack>
    </Panel>
  );
}
