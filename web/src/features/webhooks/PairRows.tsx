import { ActionIcon, Button, Fieldset, Group, Input, Stack, TextInput, Tooltip } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import classes from "./Form.module.css";
import { type Pair, pair } from "./values";

type Props = {
  path: string;
  legend: string;
  hint: ReactNode;
  value: readonly Pair[];
  onChange: (value: Pair[]) => void;
  names: { name: string; value: string; add: string; kept?: string };
  error?: ReactNode;
};

/** Names with values, row by row: headers, names by choice. A value that the server keeps to itself stays until another is typed. */
export function PairRows({ path, legend, hint, value, onChange, names, error }: Props) {
  const { t } = useTranslation(["common", "webhooks"]);
  const change = (key: string, part: Partial<Pair>): void => onChange(value.map((row) => (row.key === key ? { ...row, ...part } : row)));
  return (
    <Fieldset legend={legend} variant="unstyled" classNames={{ legend: classes.legend }} data-path={path}>
      <Stack gap="xs" align="stretch">
        <Input.Description>{hint}</Input.Description>
        {value.map((row, index) => (
          <Group key={row.key} gap="xs" wrap="nowrap" align="flex-start">
            <TextInput size="sm" aria-label={`${names.name} ${index + 1}`} placeholder={names.name} value={row.name} onChange={(event) => change(row.key, { name: event.currentTarget.value })} className={classes.grow} classNames={{ input: "hf-mono" }} autoComplete="off" />
            <TextInput size="sm" aria-label={`${names.value} ${index + 1}`} placeholder={row.kept ? names.kept : names.value} value={row.value} onChange={(event) => change(row.key, { value: event.currentTarget.value })} className={classes.grow} classNames={{ input: "hf-mono" }} autoComplete="off" />
            <Tooltip label={t("remove")}>
              <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t("webhooks:form.removeRow", { what: row.name || `${index + 1}` })} onClick={() => onChange(value.filter((each) => each.key !== row.key))}>
                <IconX size={16} />
              </ActionIcon>
            </Tooltip>
          </Group>
        ))}
        {error && <Input.Error role="alert">{error}</Input.Error>}
        <Button variant="default" size="xs" leftSection={<IconPlus size={14} />} onClick={() => onChange([...value, pair()])} style={{ alignSelf: "flex-start" }}>{names.add}</Button>
      </Stack>
    </Fieldset>
  );
}
