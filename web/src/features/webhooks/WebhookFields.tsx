import { Collapse, Stack, Switch, Text, Textarea, TextInput, UnstyledButton } from "@mantine/core";
import { IconChevronRight } from "@tabler/icons-react";
import { useId } from "react";
import { useTranslation } from "react-i18next";

import type { Schemas } from "@/api/client";
import { Note } from "@/ui/Note";

import { AdvancedFields } from "./AdvancedFields";
import { EventPicker } from "./EventPicker";
import classes from "./Form.module.css";
import { FormatField } from "./FormatField";
import type { WebhookForm } from "./useWebhookForm";

type Props = {
  form: WebhookForm;
  types: readonly Schemas["EventTypeView"][];
  isNew: boolean;
  /** The URL that is in force, where there is one. */
  oldUrl: string | null;
  advanced: { open: boolean; toggle: () => void };
};

/** Every field of a webhook, the rare ones folded. */
export function WebhookFields({ form, types, isNew, oldUrl, advanced }: Props) {
  const { t } = useTranslation("webhooks");
  const panel = useId();
  const moved = oldUrl !== null && form.values.url.trim() !== oldUrl;
  return (
    <Stack gap="lg">
      <TextInput
        label={t("form.url")} description={t("form.urlHint")} placeholder="https://crm.example.com/hooks" required withAsterisk type="text" inputMode="url" autoComplete="off" spellCheck={false}
        classNames={{ input: "hf-mono" }} data-autofocus={isNew || undefined} {...form.getInputProps("url")}
      />
      <div role="status" className={moved ? undefined : "hf-ear"}>{moved && <Note tone="wait"><b>{t("form.urlMoves")}</b> {t("form.urlMovesHint")}</Note>}</div>
      <Textarea label={t("form.description")} description={t("form.descriptionHint")} autosize minRows={1} maxRows={4} {...form.getInputProps("description")} />
      {isNew && (
        <Switch
          label={t("form.on")} description={t(form.values.status === "enabled" ? "form.onHint" : "form.offHint")} checked={form.values.status === "enabled"} data-path="status"
          onChange={(event) => form.setFieldValue("status", event.currentTarget.checked ? "enabled" : "disabled")} error={form.errors.status}
        />
      )}
      <EventPicker types={types} value={form.values.event_types} onChange={(value) => form.setFieldValue("event_types", value)} error={form.errors.event_types} />
      <FormatField form={form} />
      <div className={classes.section}>
        <UnstyledButton className={classes.advanced} aria-expanded={advanced.open} aria-controls={panel} onClick={advanced.toggle}>
          <IconChevronRight size={16} aria-hidden className={classes.chevron} data-open={advanced.open || undefined} />
          {t("form.advanced")}
        </UnstyledButton>
        <Text size="xs" c="dimmed">{t("form.advancedHint")}</Text>
        <div id={panel}>
          <Collapse expanded={advanced.open} transitionDuration={0} keepMounted={false}>
            <div style={{ paddingTop: 16 }}><AdvancedFields form={form} isNew={isNew} /></div>
          </Collapse>
        </div>
      </div>
    </Stack>
  );
}
