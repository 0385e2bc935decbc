import { Checkbox, NumberInput, PasswordInput, Radio, Stack, TagsInput, TextInput } from "@mantine/core";
import { useSuspenseQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { installationQuery } from "@/api/installation";
import { count } from "@/lib/numbers";

import classes from "./Form.module.css";
import { PairRows } from "./PairRows";
import { ScheduleField } from "./ScheduleField";
import type { WebhookForm } from "./useWebhookForm";

/** What most webhooks never need. The server holds the limits; nothing here is cut off before it is sent. */
export function AdvancedFields({ form, isNew }: { form: WebhookForm; isNew: boolean }) {
  const { t } = useTranslation("webhooks");
  const { data: rules } = useSuspenseQuery(installationQuery);
  const number = { hideControls: true, clampBehavior: "none", allowDecimal: false, thousandSeparator: "," } as const;
  return (
    <Stack gap="lg">
      <PairRows
        path="headers" legend={t("form.headers")} hint={t("form.headersHint")} value={form.values.headers} error={form.errors.headers}
        onChange={(rows) => form.setFieldValue("headers", rows)} names={{ name: t("form.headerName"), value: t("form.headerValue"), add: t("form.addHeader"), kept: t("form.headerKept") }}
      />
      <div className={classes.two}>
        <NumberInput label={t("form.timeout")} description={t("form.timeoutHint")} placeholder={t("form.timeoutDefault", { ms: count(rules.default_timeout_ms) })} suffix=" ms" {...number} {...form.getInputProps("timeout_ms")} />
        <Radio.Group label={t("form.acknowledge")} description={t("form.acknowledgeHint")} {...form.getInputProps("acknowledge")} data-path="acknowledge">
          <Stack gap={6} mt={6}>
            <Radio value="any_2xx" label={t("form.any2xx")} />
            <Radio value="only_200" label={t("form.only200")} />
          </Stack>
        </Radio.Group>
      </div>
      <ScheduleField form={form} />
      <div className={`${classes.two} ${classes.even}`}>
        <NumberInput label={t("form.rate")} description={t("form.rateHint")} placeholder={t("form.noLimit")} suffix={t("form.perSecond")} {...number} {...form.getInputProps("rate_limit")} />
        <NumberInput label={t("form.inFlight")} description={t("form.inFlightHint")} placeholder={t("form.noLimit")} {...number} {...form.getInputProps("max_in_flight")} />
      </div>
      <Checkbox label={t("form.ordered")} description={t("form.orderedHint")} {...form.getInputProps("ordered", { type: "checkbox" })} />
      <Radio.Group label={t("form.session")} description={t("form.sessionHint")} {...form.getInputProps("session")} data-path="session">
        <Stack gap={6} mt={6}>
          <Radio value="any" label={t("form.sessionAny")} />
          <Radio value="active" label={t("form.sessionActive")} description={t("form.sessionActiveHint")} />
          <Radio value="inactive" label={t("form.sessionInactive")} description={t("form.sessionInactiveHint")} />
        </Stack>
      </Radio.Group>
      <div className={`${classes.two} ${classes.even}`}>
        <TagsInput label={t("form.numbers")} description={t("form.numbersHint")} placeholder={form.values.phone_number_ids.length === 0 ? t("form.numbersAll") : undefined} splitChars={[",", " ", ";"]} {...form.getInputProps("phone_number_ids")} />
        <TextInput label={t("form.key")} description={t("form.keyHint")} classNames={{ input: "hf-mono" }} autoComplete="off" {...form.getInputProps("external_key")} />
      </div>
      {isNew && <PasswordInput label={t("form.secret")} description={t("form.secretHint")} placeholder={t("form.secretMade")} autoComplete="new-password" maw={560} {...form.getInputProps("secret")} />}
    </Stack>
  );
}
