import { Group, Stack, Text, Title } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { eventTypes } from "@/texts/en/eventTypes";
import { Chip } from "@/ui/StatusChip";

import classes from "./EventTypeList.module.css";
import type { Group as EventTypeGroup } from "./groups";

const OPERATIONAL = ["endpoint", "delivery"];

export function EventTypeList({ groups }: { groups: readonly EventTypeGroup[] }) {
  const { t } = useTranslation("eventTypes");
  return (
    <Stack gap="lg">
      {groups.map(({ word, types }) => (
        <section key={word} aria-labelledby={`group-${word}`}>
          <Title order={2} id={`group-${word}`} mb={6}>{isNamed(word) ? t(`group.${word}`) : word}</Title>
          {OPERATIONAL.includes(word) && <Text size="sm" c="dimmed" mb={6}>{t("hint.operational")}</Text>}
          <ul className={classes.list}>
            {types.map((type) => (
              <li key={type.name} className={classes.row}>
                <Link className="hf-link hf-mono" to="/event-types/$name" params={{ name: type.name }}>{type.name}</Link>
                <span>{type.description}</span>
                <Group gap={6}>
                  {!type.built_in && type.validation !== "off" && <Text span size="xs" c="dimmed">{t(`validation.${type.validation}`)}</Text>}
                  {type.archived_at && <Chip tone="off">{t("chip.archived")}</Chip>}
                </Group>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </Stack>
  );
}

function isNamed(word: string): word is keyof typeof eventTypes.group {
  return word in eventTypes.group;
}
