import { Radio, Stack, Textarea, Text } from "@mantine/core";
import { useSuspenseQuery } from "@tanstack/react-query";
import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";

import { type Installation, installationQuery } from "@/api/installation";
import { metaWaits, standardWaits } from "@/api/schedules";
import { count, milliseconds } from "@/lib/numbers";
import { clock, span } from "@/lib/time";
import { useNow } from "@/lib/useNow";

import classes from "./Form.module.css";
import type { WebhookForm } from "./useWebhookForm";
import { parseWaits, type Retry, retriesOf, writeWaits } from "./waits";

/** When retries come, and what that means by the clock. */
export function ScheduleField({ form }: { form: WebhookForm }) {
  const { t } = useTranslation("webhooks");
  const { data: rules } = useSuspenseQuery(installationQuery);
  const { schedule } = form.values;
  const custom = schedule === "custom";
  return (
    <Stack gap="xs">
      <Radio.Group label={t("form.schedule")} description={t("form.scheduleHint")} {...form.getInputProps("schedule")} error={custom ? undefined : form.errors.schedule} data-path="schedule">
        <Stack gap="xs" mt="xs">
          <Radio value="standard" label={t("form.standard")} description={standardHint(rules, t)} />
          <Radio value="meta" label={t("form.metaSchedule")} description={t("form.metaScheduleHint")} />
          <Radio value="custom" label={t("form.custom")} description={t("form.customHint")} />
        </Stack>
      </Radio.Group>
      {custom && (
        <Textarea
          label={t("form.waits")} description={t("form.waitsHint")} placeholder="10 s, 1 min, 5 min, 3 x 1 h" autosize minRows={2} maxRows={6} classNames={{ input: "hf-mono" }}
          {...form.getInputProps("waits")} error={form.errors.schedule ?? form.errors.waits}
        />
      )}
      <Preview waits={waitsOf(schedule, form.values.waits, rules)} giveUpAfter={rules.give_up_after_seconds} />
    </Stack>
  );
}

/** The standard schedule in words, as the operator has set it. */
function standardHint(rules: Installation, t: TFunction<"webhooks">): string {
  const retries = rules.standard_tries - 1;
  const interval = rules.standard_interval_ms ?? 0;
  if (retries <= 0) return t("form.standardNone");
  return t("form.standardHint", { count: retries, retries: count(retries), interval: interval % 1000 === 0 ? writeWaits([interval / 1000]) : milliseconds(interval), whole: span((retries * interval) / 1000) });
}

function waitsOf(schedule: string, text: string, rules: Installation): readonly number[] | null {
  if (schedule === "standard") return standardWaits(rules);
  return schedule === "meta" ? metaWaits() : parseWaits(text).seconds;
}

/** How many retries are shown before the rest is said in one line. */
const SHOWN = 6;

function Preview({ waits, giveUpAfter }: { waits: readonly number[] | null; giveUpAfter: number }) {
  const { t } = useTranslation("webhooks");
  const now = useNow("ten-seconds");
  if (waits === null || waits.length === 0) return null;
  const { retries, tooLate } = retriesOf(waits, giveUpAfter);
  const last = retries.at(-1);
  const shown = retries.length > SHOWN + 2 ? retries.slice(0, SHOWN) : retries;
  const row = ({ nth, after }: Retry) => (
    <tr key={nth}>
      <td>{t("form.retryNth", { nth: count(nth) })}</td>
      <td>{span(after)}</td>
      <td>{clock(new Date(now + after * 1000), new Date(now))}</td>
    </tr>
  );
  return (
    <div className="hf-panel" style={{ padding: 12, overflowX: "auto" }}>
      <Text size="sm" mb={4}>{last === undefined ? t("form.previewNone", { span: span(giveUpAfter) }) : t("form.preview", { count: retries.length, tries: count(retries.length), span: span(last.after) })}</Text>
      <table className={classes.preview}>
        <thead><tr><th scope="col">{t("form.previewTry")}</th><th scope="col">{t("form.previewAfter")}</th><th scope="col">{t("form.previewClock")}</th></tr></thead>
        <tbody>
          {shown.map(row)}
          {shown.length < retries.length && <tr><td colSpan={3}>{t("form.previewMore", { more: count(retries.length - shown.length - 1) })}</td></tr>}
          {shown.length < retries.length && last !== undefined && row(last)}
        </tbody>
      </table>
      {tooLate > 0 && <Text size="sm" c="var(--hf-wait)" mt={4}>{t("form.previewTooLate", { count: tooLate, tries: count(tooLate), span: span(giveUpAfter) })}</Text>}
    </div>
  );
}
