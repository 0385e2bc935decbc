import { Group, Stack, Title } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import classes from "./Steps.module.css";

export type StepState = "done" | "now" | "later";

/** Steps one after the other, each with what is to be done in it. */
export function Steps({ children }: { children: ReactNode }) {
  return <ol className={classes.steps}>{children}</ol>;
}

export function Step({ number, state, title, children }: { number: number; state: StepState; title: string; children?: ReactNode }) {
  const { t } = useTranslation("start");
  return (
    <li className={classes.step} data-state={state} aria-current={state === "now" ? "step" : undefined}>
      <span className={classes.mark} aria-hidden>{state === "done" ? <IconCheck size={16} /> : number}</span>
      <Group gap="xs" style={{ alignSelf: "center" }}>
        <Title order={2}>{title}</Title>
        <span className="hf-ear">{t(`step.${state}`)}</span>
      </Group>
      {children && <Stack gap="sm" className={classes.body}>{children}</Stack>}
    </li>
  );
}
