import { Alert, Group, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useTranslation } from "react-i18next";

import { useSubmit } from "@/api/useSubmit";
import { ActionButton } from "@/ui/ActionButton";
import { told } from "@/ui/toast";

import { KindBoxes } from "./KindBoxes";
import { KINDS } from "./mail";
import { addAddress, type Kind } from "./queries";

type Values = { email: string; kinds: Kind[] };

export function AddAddress({ reason, onAdded }: { reason: string | null; onAdded: () => void }) {
  const { t } = useTranslation("notifications");
  const form = useForm<Values>({ initialValues: { email: "", kinds: [...KINDS] } });
  const { submit, rest, busy } = useSubmit({
    form,
    fields: ["email", "kinds"],
    send: (values: Values) => addAddress(values),
    onDone: ({ email, state }) => {
      told(state === "proved" ? t("addresses.addedProved", { email }) : t("addresses.added", { email }));
      form.reset();
      onAdded();
    },
  });
  return (
    <form onSubmit={form.onSubmit((values) => submit(values))} noValidate>
      <Stack gap="sm">
        <TextInput type="email" label={t("addresses.email")} maw={420} readOnly={reason !== null} autoComplete="off" {...form.getInputProps("email")} />
        <KindBoxes label={t("addresses.kinds")} showLabel disabled={reason !== null} kinds={form.values.kinds} error={form.errors.kinds} onChange={(kinds) => form.setFieldValue("kinds", kinds)} />
        {rest !== null && <Alert color="red" role="alert">{rest}</Alert>}
        <Group><ActionButton type="submit" variant="default" loading={busy} reason={reason}>{t("addresses.add")}</ActionButton></Group>
      </Stack>
    </form>
  );
}
