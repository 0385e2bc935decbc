import { Button, Checkbox, Collapse, Group, Input, Pill, Stack, Text, TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { type KeyboardEvent, useId, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";

import type { Schemas } from "@/api/client";
import { EmptyState } from "@/ui/EmptyState";

import { EventGroupRows } from "./EventGroupRows";
import classes from "./EventPicker.module.css";
import { groupTypes, searchGroups, withSelector } from "./selectors";

type Props = { types: readonly Schemas["EventTypeView"][]; value: readonly string[]; onChange: (value: string[]) => void; error?: React.ReactNode };

/** Which events come: single types, everything that begins with a word, or everything. */
export function EventPicker({ types, value, onChange, error }: Props) {
  const { t } = useTranslation("webhooks");
  const [text, setText] = useState("");
  const groups = useMemo(() => groupTypes(types), [types]);
  const found = useMemo(() => searchGroups(groups, text), [groups, text]);
  const errorId = useId();
  const set = (selector: string, wanted: boolean): void =>
    onChange(wanted ? withSelector(value, selector) : value.filter((each) => each !== selector));
  return (
    <fieldset className={classes.picker} data-path="event_types" aria-describedby={error ? errorId : undefined}>
      <legend className={classes.legend}>{t("form.events")} <span aria-hidden className={classes.needed}>*</span></legend>
      <Text size="xs" c="dimmed">{t("form.eventsHint")}</Text>
      <Chosen value={value} onRemove={(selector) => set(selector, false)} />
      {error && <Input.Error id={errorId} role="alert">{error}</Input.Error>}
      <div className={classes.all}>
        <Checkbox label={t("form.allEvents")} description={t("form.allEventsHint")} checked={value.includes("*")} onChange={(event) => set("*", event.currentTarget.checked)} />
      </div>
      <TextInput
        size="sm" leftSection={<IconSearch size={16} aria-hidden />} aria-label={t("form.searchEvents")} placeholder={t("form.searchEvents")} value={text}
        onChange={(event) => setText(event.currentTarget.value)} onKeyDown={keepForm}
      />
      <div className={classes.groups} role="group" aria-label={t("form.events")}>
        {found.map((group) => <EventGroupRows key={group.prefix} group={group} forceOpen={text.trim() !== ""} chosen={value} onSet={set} />)}
        {found.length === 0 && <EmptyState title={t("form.noSuchEvent")}>{t("form.noSuchEventHint")}</EmptyState>}
      </div>
      <OtherSelector onAdd={(selector) => set(selector, true)} />
    </fieldset>
  );
}

/** Enter in a field that only helps to choose does not send the form. */
function keepForm(event: KeyboardEvent): void {
  if (event.key === "Enter") event.preventDefault();
}

function Chosen({ value, onRemove }: { value: readonly string[]; onRemove: (selector: string) => void }) {
  const { t } = useTranslation("webhooks");
  if (value.length === 0) return <Text size="sm" my={4}>{t("form.noEvents")}</Text>;
  return (
    <Pill.Group my={4} aria-label={t("form.chosen")} role="group">
      {value.map((selector) => (
        <Pill key={selector} withRemoveButton onRemove={() => onRemove(selector)} removeButtonProps={{ "aria-label": t("form.removeEvent", { name: selector }), "aria-hidden": false, tabIndex: 0 }} className="hf-mono">
          {selector}
        </Pill>
      ))}
    </Pill.Group>
  );
}

/** A prefix such as `order.eu.*`, or a type that WhatsApp may tell one day: what no list can have. */
function OtherSelector({ onAdd }: { onAdd: (selector: string) => void }) {
  const { t } = useTranslation("webhooks");
  const [open, setOpen] = useState(false);
  const [text, setText] = useState("");
  const add = (): void => {
    if (text.trim() === "") return;
    onAdd(text.trim());
    setText("");
  };
  return (
    <Stack gap={4} align="flex-start">
      <Button variant="transparent" px={0} size="compact-sm" onClick={() => setOpen(!open)} aria-expanded={open}>{t("form.otherEvent")}</Button>
      <Collapse expanded={open}>
        <Group align="flex-end" gap="xs">
          <TextInput
            size="sm" label={t("form.otherEventLabel")} description={t("form.otherEventHint")} value={text} onChange={(event) => setText(event.currentTarget.value)}
            onKeyDown={(event) => { keepForm(event); if (event.key === "Enter") add(); }}
          />
          <Button variant="default" size="sm" onClick={add}>{t("form.addEvent")}</Button>
        </Group>
      </Collapse>
    </Stack>
  );
}
