import { Alert, Box, Button, Collapse, Group, NumberInput, Stack, Text, Title } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useDisclosure } from "@mantine/hooks";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import type { Inbox } from "@/api/inboxes";
import { useSubmit } from "@/api/useSubmit";
import { ActionButton } from "@/ui/ActionButton";

import { type Answer, answerParts, PRESETS, sameAnswer } from "./answers";

type Props = { inbox: Inbox; reason: string | null; onSwitch: (answer: Answer) => Promise<unknown> };

/** How an inbox answers: one click for what is worth trying, or any status and delay. */
export function AnswerPanel({ inbox, reason, onSwitch }: Props) {
  const { t } = useTranslation("inboxes");
  const [open, other] = useDisclosure(false);
  const [failure, setFailure] = useState<string | null>(null);
  const { key, status, delay } = answerParts(inbox);
  const pick = (answer: Answer): void => {
    setFailure(null);
    onSwitch(answer).catch((error: unknown) => setFailure(error instanceof Error ? error.message : String(error)));
  };
  return (
    <Box className="hf-panel" p="md">
      <Stack gap="xs">
        <Title order={2}>{t("answer.title")}</Title>
        <Text size="sm">{t("answer.now", { answer: t(key, { status, delay }) })} <Text span c="dimmed">{t("answer.hint")}</Text></Text>
        <Group gap="xs">
          {PRESETS.map(({ key: name, ...answer }) => {
            const isNow = sameAnswer(answer, inbox);
            return (
              <ActionButton key={name} size="xs" variant={isNow ? "filled" : "default"} reason={reason} aria-pressed={isNow} onClick={() => pick(answer)}>
                {t(`answer.presets.${name}`)}
              </ActionButton>
            );
          })}
          <Button size="xs" variant="subtle" aria-expanded={open} onClick={other.toggle}>{t("answer.other")}</Button>
        </Group>
        {inbox.answer_status === 410 && <Alert color="yellow">{t("answer.goneWarning")}</Alert>}
        {failure !== null && <Alert color="red" role="alert">{failure}</Alert>}
        <Collapse expanded={open}>
          {open && <OtherAnswer inbox={inbox} reason={reason} onSwitch={onSwitch} />}
        </Collapse>
      </Stack>
    </Box>
  );
}

const FIELDS = ["answer_status", "answer_delay_ms"];

function OtherAnswer({ inbox, reason, onSwitch }: Props) {
  const { t } = useTranslation("inboxes");
  const form = useForm<Answer>({ initialValues: { answer_status: inbox.answer_status, answer_delay_ms: inbox.answer_delay_ms } });
  const { submit, rest, busy } = useSubmit({ form, fields: FIELDS, send: onSwitch, onDone: () => undefined });
  return (
    <form onSubmit={form.onSubmit(submit)} noValidate>
      <Stack gap="xs">
        <Group align="flex-start" gap="sm">
          <NumberInput w={140} label={t("answer.status")} hideControls {...form.getInputProps("answer_status")} />
          <NumberInput w={200} label={t("answer.delay")} hideControls thousandSeparator="," {...form.getInputProps("answer_delay_ms")} />
        </Group>
        {rest !== null && <Alert color="red" role="alert">{rest}</Alert>}
        <Group><ActionButton type="submit" size="xs" reason={reason} loading={busy}>{t("answer.save")}</ActionButton></Group>
      </Stack>
    </form>
  );
}
