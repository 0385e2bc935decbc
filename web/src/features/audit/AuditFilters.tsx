import { Group, Select } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { CommitField } from "@/ui/CommitField";
import { TimeFilter } from "@/ui/TimeFilter";

import type { Actors, AuditFilter } from "./queries";
import { ACTIONS, useActionText } from "./words";

type Props = { filter: AuditFilter; actors: Actors; actorText: (actor: string) => string; onChange: (change: AuditFilter) => void };

/** What the log is narrowed down to; it stands in the URL. */
export function AuditFilters({ filter, actors, actorText, onChange }: Props) {
  const { t } = useTranslation("audit");
  const actionText = useActionText();
  const whose = [...actors.people.map(({ id }) => id), ...actors.tokens.map(({ id }) => id), "operator", "cli"];
  // A link may name somebody who is there no more.
  if (filter.actor !== undefined && !whose.includes(filter.actor)) whose.push(filter.actor);
  const what = filter.action !== undefined && !ACTIONS.includes(filter.action) ? [...ACTIONS, filter.action] : ACTIONS;
  return (
    <Group gap="xs" role="group" aria-label={t("filter.label")}>
      <Select
        aria-label={t("filter.actor")}
        placeholder={t("filter.anyActor")}
        data={whose.map((value) => ({ value, label: actorText(value) }))}
        value={filter.actor ?? null}
        onChange={(value) => onChange({ actor: value ?? undefined })}
        searchable
        clearable
        w={220}
      />
      <Select
        aria-label={t("filter.action")}
        placeholder={t("filter.anyAction")}
        data={what.map((value) => ({ value, label: actionText(value) }))}
        value={filter.action ?? null}
        onChange={(value) => onChange({ action: value ?? undefined })}
        searchable
        clearable
        w={260}
      />
      <CommitField aria-label={t("filter.subject")} placeholder={t("filter.subjectHint")} value={filter.subject} onCommit={(subject) => onChange({ subject })} w={220} />
      <TimeFilter since={filter.since} until={filter.until} onChange={({ since, until }) => onChange({ since, until })} />
    </Group>
  );
}
