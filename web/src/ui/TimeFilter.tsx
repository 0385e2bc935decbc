import { Button, Popover, Stack, TextInput, UnstyledButton } from "@mantine/core";
import { IconChevronDown } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { asRange, fromLocalInput, toLocalInput } from "@/lib/list-search";
import { RANGES } from "@/lib/ranges";
import { exact } from "@/lib/time";

import classes from "./TimeFilter.module.css";

type Span = { since?: string | undefined; until?: string | undefined };

/** A span of time: the last hour, day, week or month, which moves on; or from and to, which stay. */
export function TimeFilter({ since, until, onChange }: Span & { onChange: (span: Span) => void }) {
  const { t } = useTranslation("lists");
  const [opened, setOpened] = useState(false);
  const text = useSpanText()({ since, until });
  const choose = (range: string | undefined): void => {
    setOpened(false);
    onChange({ since: range, until: undefined });
  };
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-start" trapFocus returnFocus withinPortal>
      <Popover.Target>
        <Button variant="default" size="sm" fw={400} rightSection={<IconChevronDown size={14} />} aria-label={`${t("time")}: ${text ?? t("anyTime")}`} onClick={() => setOpened((before) => !before)}>
          {text ?? t("anyTime")}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label={t("time")}>
        <Stack gap={2}>
          {RANGES.map((range) => (
            <UnstyledButton key={range} className={classes.choice} aria-pressed={since === range && until === undefined} onClick={() => choose(range)}>{t(`last.${range}`)}</UnstyledButton>
          ))}
          <UnstyledButton className={classes.choice} aria-pressed={text === null} onClick={() => choose(undefined)}>{t("anyTime")}</UnstyledButton>
          <TextInput type="datetime-local" size="xs" mt="xs" label={t("from")} value={toLocalInput(since)} onChange={(event) => onChange({ since: fromLocalInput(event.currentTarget.value), until })} />
          <TextInput type="datetime-local" size="xs" label={t("to")} value={toLocalInput(until)} onChange={(event) => onChange({ since: asRange(since) === null ? since : undefined, until: fromLocalInput(event.currentTarget.value) })} />
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}

/** A span in words, in the viewer's own time; `null` where it is all of time. */
export function useSpanText(): (span: Span) => string | null {
  const { t } = useTranslation("lists");
  const shown = (iso: string): string => exact(new Date(iso), "local").slice(0, 16);
  return ({ since, until }) => {
    const range = asRange(since);
    const from = range !== null ? t(`last.${range}`) : since && t("since", { time: shown(since) });
    const to = until && t("until", { time: shown(until) });
    return [from, to].filter(Boolean).join(", ") || null;
  };
}
