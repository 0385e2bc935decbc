import { Button, Group, Popover, Stack } from "@mantine/core";
import { IconAdjustmentsHorizontal, IconSearch } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { isEventType } from "@/lib/list-search";
import { CommitField } from "@/ui/CommitField";
import { TimeFilter } from "@/ui/TimeFilter";
import { TypeField } from "@/ui/TypeField";

import type { EventFilter } from "./filter";

type Props = { filter: EventFilter; types: readonly string[]; onChange: (change: EventFilter) => void };

/** One box for ids, wamids and phone numbers, and what else narrows the list. */
export function FilterBar({ filter, types, onChange }: Props) {
  const { t } = useTranslation(["events", "lists"]);
  return (
    <Group gap="xs" role="search" align="flex-start">
      <CommitField
        style={{ flex: "1 1 280px" }}
        leftSection={<IconSearch size={16} />}
        aria-label={t("search")}
        placeholder={t("searchHint")}
        value={filter.q}
        onCommit={(q) => onChange({ q })}
      />
      <TypeField size="sm" w={220} comboboxProps={{ width: 300, position: "bottom-start" }} aria-label={t("filter.type")} placeholder={t("filter.type")} types={types} isOne={isEventType} wrong={t("lists:wrongType")} value={filter.type} onCommit={(type) => onChange({ type })} />
      <TimeFilter since={filter.since} until={filter.until} onChange={onChange} />
      <MoreFilters filter={filter} onChange={onChange} />
    </Group>
  );
}

function MoreFilters({ filter, onChange }: Omit<Props, "types">) {
  const { t } = useTranslation(["events", "lists"]);
  const [opened, setOpened] = useState(false);
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" width={300} trapFocus returnFocus withinPortal>
      <Popover.Target>
        <Button variant="default" fw={400} leftSection={<IconAdjustmentsHorizontal size={16} />} onClick={() => setOpened((before) => !before)}>{t("lists:moreFilters")}</Button>
      </Popover.Target>
      <Popover.Dropdown aria-label={t("lists:moreFilters")}>
        <Stack gap="xs">
          <CommitField size="xs" label={t("filter.subject")} value={filter.subject} onCommit={(subject) => onChange({ subject })} />
          <CommitField size="xs" label={t("filter.external_id")} value={filter.external_id} onCommit={(external_id) => onChange({ external_id })} />
          <CommitField size="xs" label={t("filter.phone_number_id")} value={filter.phone_number_id} onCommit={(phone_number_id) => onChange({ phone_number_id })} />
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
