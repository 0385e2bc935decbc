import { Alert, Group, Stack, Text, Title } from "@mantine/core";
import { type FormEventHandler, type ReactNode, useId } from "react";
import { useTranslation } from "react-i18next";

import { ActionButton } from "@/ui/ActionButton";

type Props = { title: string; hint?: string; reason: string | null; rest: string | null; busy: boolean; onSubmit: FormEventHandler<HTMLFormElement>; children: ReactNode };

/** A part of the settings, saved on its own. */
export function Panel({ title, hint, reason, rest, busy, onSubmit, children }: Props) {
  const { t } = useTranslation();
  const id = useId();
  return (
    <form aria-labelledby={id} onSubmit={onSubmit} style={{ border: "1px solid var(--hf-line)", borderRadius: "var(--mantine-radius-sm)", padding: 16 }}>
      <Stack>
        <div>
          <Title order={2} id={id}>{title}</Title>
          {hint && <Text size="sm" c="dimmed">{hint}</Text>}
        </div>
        {children}
        {rest !== null && <Alert color="red" role="alert">{rest}</Alert>}
        <Group><ActionButton type="submit" loading={busy} reason={reason}>{t("save")}</ActionButton></Group>
      </Stack>
    </form>
  );
}
