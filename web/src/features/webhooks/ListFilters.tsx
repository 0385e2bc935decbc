import { Group, Select, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { type ListFilter, STANDINGS } from "./list";
import classes from "./List.module.css";

const PAUSE_MS = 200;

/** What the list is narrowed down to. The text counts while one types: the whole list is here. */
export function ListFilters({ filter, onChange }: { filter: ListFilter; onChange: (change: ListFilter) => void }) {
  const { t } = useTranslation(["webhooks", "common"]);
  const [text, setText] = useState(filter.q ?? "");
  const [known, setKnown] = useState(filter.q);
  if (known !== filter.q) {
    // Changed from elsewhere, as by the browser's way back; not by what is being typed.
    setKnown(filter.q);
    if ((filter.q ?? "") !== text.trim()) setText(filter.q ?? "");
  }
  const commit = useDebouncedCallback((typed: string) => {
    const q = typed.trim() === "" ? undefined : typed.trim();
    setKnown(q);
    onChange({ q });
  }, PAUSE_MS);
  return (
    <Group gap="xs" className={classes.filters}>
      <Select
        size="sm" className={classes.status} aria-label={t("list.filterStatus")} placeholder={t("list.anyStatus")} clearable clearButtonProps={{ "aria-label": t("common:clear") }}
        data={STANDINGS.map((standing) => ({ value: standing, label: t(`standing.${standing}`) }))} value={filter.status ?? null}
        onChange={(value) => onChange({ status: STANDINGS.find((standing) => standing === value) })}
      />
      <TextInput
        size="sm" className={classes.text} type="search" aria-label={t("list.filterText")} placeholder={t("list.filterText")} leftSection={<IconSearch size={16} aria-hidden />} maxLength={255}
        value={text} onChange={(event) => { setText(event.currentTarget.value); commit(event.currentTarget.value); }}
      />
    </Group>
  );
}
