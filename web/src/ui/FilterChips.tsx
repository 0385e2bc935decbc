import { Button, Group } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

export type FilterChip = { key: string; name: string; value: string; onRemove: () => void };

/** What a list is narrowed down to; a click takes one away. */
export function FilterChips({ chips, onClear }: { chips: readonly FilterChip[]; onClear: () => void }) {
  const { t } = useTranslation("lists");
  if (chips.length === 0) return null;
  return (
    <Group gap={6} role="group" aria-label={t("active")}>
      {chips.map((chip) => (
        <Button key={chip.key} size="compact-xs" radius="xl" variant="light" rightSection={<IconX size={12} aria-hidden />} aria-label={t("removeFilter", { name: chip.name, value: chip.value })} onClick={chip.onRemove} maw="100%">
          <span style={{ fontWeight: 400 }}>{chip.name}:&nbsp;</span>
          {chip.value}
        </Button>
      ))}
      {chips.length > 1 && <Button size="compact-xs" variant="subtle" color="gray" c="dimmed" onClick={onClear}>{t("clearAll")}</Button>}
    </Group>
  );
}
