import { Button, Group, Popover, Select, Stack } from "@mantine/core";
import { IconAdjustmentsHorizontal, IconSearch } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { type Endpoint, endpointName } from "@/api/endpoints";
import { isEventType, isStatusCode } from "@/lib/list-search";
import { CommitField } from "@/ui/CommitField";
import { TimeFilter } from "@/ui/TimeFilter";
import { TypeField } from "@/ui/TypeField";

import { type DeliveryFilter, ERRORS, STATES } from "./filter";

/** The list of a combobox scrolls itself: the keyboard reaches it from the field. */
const OPTIONS = { options: { maxHeight: 280, overflowY: "auto" } } as const;
const CLASSES = ["2xx", "3xx", "4xx", "5xx"];

type Props = {
  filter: DeliveryFilter;
  webhooks: readonly Endpoint[];
  types: readonly string[];
  onChange: (change: DeliveryFilter) => void;
};

/** One box for ids, wamids and phone numbers, and what else narrows the list. */
export function FilterBar({ filter, webhooks, types, onChange }: Props) {
  const { t } = useTranslation(["deliveries", "common", "lists"]);
  return (
    <Group gap="xs" role="search">
      <CommitField
        style={{ flex: "1 1 280px" }}
        leftSection={<IconSearch size={16} />}
        aria-label={t("search")}
        placeholder={t("searchHint")}
        value={filter.q}
        onCommit={(q) => onChange({ q })}
      />
      <Select
        aria-label={t("filter.state")}
        placeholder={t("anyState")}
        style={{ flex: "1 1 130px", maxWidth: 160 }}
        clearable
        data={STATES.map((value) => ({ value, label: t(`common:status.${value}`) }))}
        value={filter.state ?? null}
        onChange={(value) => onChange({ state: STATES.find((each) => each === value) })}
      />
      <Select
        aria-label={t("filter.endpoint_id")}
        placeholder={t("anyWebhook")}
        style={{ flex: "1 1 180px", maxWidth: 240 }}
        clearable
        searchable
        limit={100}
        withScrollArea={false}
        styles={OPTIONS}
        data={webhookChoices(webhooks)}
        value={filter.endpoint_id ?? null}
        onChange={(value) => onChange({ endpoint_id: value ?? undefined })}
      />
      <TimeFilter since={filter.since} until={filter.until} onChange={onChange} />
      <MoreFilters filter={filter} types={types} onChange={onChange} />
    </Group>
  );
}

/** By name; two of the same name are told apart by the end of their ids. */
function webhookChoices(webhooks: readonly Endpoint[]): { value: string; label: string }[] {
  const names = webhooks.map(endpointName);
  return webhooks.map((webhook, index) => {
    const name = names[index] ?? webhook.id;
    return { value: webhook.id, label: names.indexOf(name) === names.lastIndexOf(name) ? name : `${name} (…${webhook.id.slice(-5)})` };
  });
}

function MoreFilters({ filter, types, onChange }: Omit<Props, "webhooks">) {
  const { t } = useTranslation(["deliveries", "lists"]);
  const [opened, setOpened] = useState(false);
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" width={300} trapFocus returnFocus withinPortal>
      <Popover.Target>
        <Button variant="default" fw={400} leftSection={<IconAdjustmentsHorizontal size={16} />} onClick={() => setOpened((before) => !before)}>{t("lists:moreFilters")}</Button>
      </Popover.Target>
      <Popover.Dropdown aria-label={t("lists:moreFilters")}>
        <Stack gap="xs">
          <TypeField label={t("filter.type")} description={t("typeHint")} types={types} isOne={isEventType} wrong={t("lists:wrongType")} value={filter.type} onCommit={(type) => onChange({ type })} />
          <TypeField label={t("filter.status_code")} description={t("statusHint")} types={CLASSES} isOne={isStatusCode} wrong={t("lists:wrongStatus")} value={filter.status_code} onCommit={(status_code) => onChange({ status_code })} />
          <Select
            size="xs"
            label={t("filter.error")}
            placeholder={t("anyAnswer")}
            clearable
            comboboxProps={{ withinPortal: false }}
            data={ERRORS.map((value) => ({ value, label: t(`error.${value}`) }))}
            value={filter.error ?? null}
            onChange={(value) => onChange({ error: ERRORS.find((each) => each === value) })}
          />
          <CommitField size="xs" label={t("filter.subject")} value={filter.subject} onCommit={(subject) => onChange({ subject })} />
          <CommitField size="xs" label={t("filter.external_id")} value={filter.external_id} onCommit={(external_id) => onChange({ external_id })} />
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
