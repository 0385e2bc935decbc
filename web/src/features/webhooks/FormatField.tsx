import { Radio, Stack } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { PairRows } from "./PairRows";
import type { WebhookForm } from "./useWebhookForm";

/** How events are written, and what that means for whoever reads them. */
export function FormatField({ form }: { form: WebhookForm }) {
  const { t } = useTranslation("webhooks");
  const wati = form.values.format === "wati";
  return (
    <Stack gap="md">
      <Radio.Group label={t("form.format")} description={t("form.formatHint")} {...form.getInputProps("format")} data-path="format">
        <Stack gap="xs" mt="xs">
          {(["hookferry", "wati", "meta"] as const).map((format) => (
            <Radio key={format} value={format} label={t(`form.formats.${format}`)} description={t(`form.formatHints.${format}`)} />
          ))}
        </Stack>
      </Radio.Group>
      {wati && (
        <>
          <Radio.Group label={t("form.watiVersion")} description={t("form.watiVersionHint")} {...form.getInputProps("wati_version")} data-path="wati_version">
            <Stack gap="xs" mt="xs">
              <Radio value="1" label={t("form.wati1")} description={t("form.wati1Hint")} />
              <Radio value="2" label={t("form.wati2")} description={t("form.wati2Hint")} />
            </Stack>
          </Radio.Group>
          <PairRows
            path="wati_names" legend={t("form.watiNames")} hint={t("form.watiNamesHint")} value={form.values.wati_names} error={form.errors.wati_names}
            onChange={(rows) => form.setFieldValue("wati_names", rows)} names={{ name: t("form.eventType"), value: t("form.watiName"), add: t("form.addWatiName") }}
          />
        </>
      )}
    </Stack>
  );
}
