import { Alert, Group, Modal, NativeSelect, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useTranslation } from "react-i18next";

import { useSubmit } from "@/api/useSubmit";
import { ActionButton } from "@/ui/ActionButton";
import { JsonEditor } from "@/ui/JsonEditor";

import { type Parsed, parse, toValues, VALIDATIONS, type Values } from "./form";
import { changeEventType, createEventType, type Written } from "./queries";

type Props = { opened: boolean; /** Which one is changed; a new one where it is null. */ type: Written | null; onClose: () => void; onSaved: (written: Written) => void };

export function EventTypeForm({ opened, type, onClose, onSaved }: Props) {
  const { t } = useTranslation("eventTypes");
  return (
    <Modal opened={opened} onClose={onClose} size="xl" title={type === null ? t("form.create") : t("form.edit", { name: type.type.name })} closeOnClickOutside={false}>
      <Fields type={type} onClose={onClose} onSaved={onSaved} />
    </Modal>
  );
}

function Fields({ type, onClose, onSaved }: Omit<Props, "opened">) {
  const { t } = useTranslation(["eventTypes", "common"]);
  const form = useForm<Values>({ initialValues: toValues(type) });
  const { submit, rest, busy, clear } = useSubmit({
    form,
    fields: ["name", "description", "sample", "schema", "validation"],
    send: ({ body, raw }: { body: Body; raw: Parameters<typeof createEventType>[1] }) =>
      type === null ? createEventType(body, raw) : changeEventType(type.type.name, changedOf(body, (field) => form.isDirty(field)), raw),
    onDone: onSaved,
  });
  const fault = (parsed: Parsed): string | null => ("fault" in parsed ? (parsed.fault === "notJson" ? t("form.notJson", { detail: parsed.detail }) : t("form.notObject")) : null);
  const send = ({ name, description, validation, ...texts }: Values): void => {
    const [sample, schema] = [parse(texts.sample), parse(texts.schema)];
    if ("fault" in sample || "fault" in schema) {
      clear();
      form.setErrors({ sample: fault(sample), schema: fault(schema) });
      return;
    }
    const raw = { ...(sample.value === null ? {} : { sample: texts.sample }), ...(schema.value === null ? {} : { schema: texts.schema }) };
    submit({ body: { name, description, validation, sample: sample.value, schema: schema.value }, raw });
  };
  return (
    <form onSubmit={form.onSubmit(send)}>
      <Stack>
        {type === null && <TextInput label={t("form.name")} description={t("form.nameHint")} data-autofocus autoComplete="off" {...form.getInputProps("name")} />}
        <TextInput label={t("form.description")} description={t("form.descriptionHint")} {...form.getInputProps("description")} />
        <JsonEditor label={t("form.sample")} description={t("form.sampleHint")} minHeight={120} value={form.values.sample} onChange={(text) => form.setFieldValue("sample", text)} error={errorText(form.errors.sample)} />
        <JsonEditor label={t("form.schema")} description={t("form.schemaHint")} minHeight={120} value={form.values.schema} onChange={(text) => form.setFieldValue("schema", text)} error={errorText(form.errors.schema)} />
        <NativeSelect label={t("form.validation")} data={VALIDATIONS.map((value) => ({ value, label: t(`form.validations.${value}`) }))} {...form.getInputProps("validation")} />
        {rest !== null && <Alert color="red" role="alert">{rest}</Alert>}
        <Group justify="flex-end">
          <ActionButton variant="default" onClick={onClose}>{t("common:cancel")}</ActionButton>
          <ActionButton type="submit" loading={busy} reason={type !== null && !form.isDirty() ? t("form.nothing") : null}>{type === null ? t("form.add") : t("form.save")}</ActionButton>
        </Group>
      </Stack>
    </form>
  );
}

type Body = Parameters<typeof createEventType>[0];

/** Only what was changed here: a colleague's change of the rest stays. */
function changedOf({ description, sample, schema, validation }: Body, isDirty: (field: keyof Values) => boolean): Parameters<typeof changeEventType>[1] {
  return {
    ...(isDirty("description") ? { description } : {}),
    ...(isDirty("sample") ? { sample } : {}),
    ...(isDirty("schema") ? { schema } : {}),
    ...(isDirty("validation") ? { validation } : {}),
  };
}

function errorText(error: unknown): string | null {
  return typeof error === "string" ? error : null;
}
