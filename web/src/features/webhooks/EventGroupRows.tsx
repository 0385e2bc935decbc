import { Button, Checkbox, Text, UnstyledButton } from "@mantine/core";
import { IconChevronRight } from "@tabler/icons-react";
import { useId, useState } from "react";
import { useTranslation } from "react-i18next";

import type { Schemas } from "@/api/client";
import { CodeBlock } from "@/ui/CodeBlock";

import classes from "./EventPicker.module.css";
import { coveredBy, covers, type EventGroup } from "./selectors";

type Props = { group: EventGroup; forceOpen: boolean; chosen: readonly string[]; onSet: (selector: string, wanted: boolean) => void };

/** The types that begin with one word, and a box for all of them, those to come as well. */
export function EventGroupRows({ group, forceOpen, chosen, onSet }: Props) {
  const { t } = useTranslation("webhooks");
  const taken = group.types.filter((type) => chosen.some((selector) => covers(selector, type.name))).length;
  // What was chosen before stays in sight.
  const [wanted, setWanted] = useState(taken > 0);
  const open = wanted || forceOpen;
  const by = chosen.includes("*") && !group.operational ? "*" : null;
  const panel = useId();
  return (
    <div className={classes.group}>
      <div className={classes.groupHead}>
        <Checkbox
          size="sm" checked={by !== null || chosen.includes(group.prefix)} indeterminate={by === null && !chosen.includes(group.prefix) && taken > 0} disabled={by !== null}
          aria-label={t("form.groupAll", { prefix: group.prefix })} onChange={(event) => onSet(group.prefix, event.currentTarget.checked)}
        />
        <UnstyledButton className={classes.groupName} aria-expanded={open} aria-controls={panel} onClick={() => setWanted(!open)}>
          <IconChevronRight size={14} aria-hidden className={classes.chevron} data-open={open || undefined} />
          <span className="hf-mono">{group.prefix}</span>
          <Text component="span" size="xs" c="dimmed">{t("form.groupTaken", { taken, all: group.types.length })}</Text>
        </UnstyledButton>
      </div>
      <div id={panel} hidden={!open} className={classes.types}>
        {open && group.operational && <Text size="xs" c="dimmed" px={8}>{t("form.operational")}</Text>}
        {open && group.types.map((type) => <TypeRow key={type.name} type={type} chosen={chosen} onSet={onSet} />)}
      </div>
    </div>
  );
}

function TypeRow({ type, chosen, onSet }: { type: Schemas["EventTypeView"]; chosen: readonly string[]; onSet: Props["onSet"] }) {
  const { t } = useTranslation("webhooks");
  const [sample, setSample] = useState(false);
  const by = coveredBy(chosen, type.name);
  return (
    <div className={classes.type}>
      <div className={classes.typeLine}>
        <Checkbox
          size="sm" className={classes.typeBox} label={<span className="hf-mono">{type.name}</span>} disabled={by !== null && !chosen.includes(type.name)}
          description={<>{type.description}{by !== null && ` ${t("form.coveredBy", { selector: by })}`}{type.archived_at && ` ${t("form.archived")}`}</>}
          checked={by !== null || chosen.includes(type.name)} onChange={(event) => onSet(type.name, event.currentTarget.checked)}
        />
        <Button variant="subtle" size="compact-xs" aria-expanded={sample} aria-label={t("form.sampleOf", { name: type.name })} onClick={() => setSample(!sample)}>
          {t("form.sample")}
        </Button>
      </div>
      {sample && <CodeBlock text={JSON.stringify(type.sample)} label={t("form.sampleLabel", { name: type.name })} maxHeight={280} />}
    </div>
  );
}
