import { Group, Stack, Text } from "@mantine/core";
import { useQueries, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import type { Endpoint } from "@/api/endpoints";
import { useMe } from "@/api/me";
import { ActionButton } from "@/ui/ActionButton";
import { Chip } from "@/ui/StatusChip";
import { Time } from "@/ui/Time";

import { Faults } from "./Faults";
import classes from "./FilterTester.module.css";
import { faultsWithin, restOf } from "./json-faults";
import { type EventRow, type FilterVerdict, newestEventsQuery, verdictQuery } from "./queries";

/** Tries the filter that stands in the editor on the newest events, and tells what each condition found. */
export function FilterTester({ endpoint, filter, fault }: { endpoint: Endpoint; filter: string | null; fault: boolean }) {
  const { t } = useTranslation("webhook");
  const { can } = useMe();
  const mayRead = can("events:read");
  const events = useQuery({ ...newestEventsQuery, enabled: mayRead });
  // What was tried is kept while the editor goes on: the button tries what stands there now.
  const [tried, setTried] = useState<{ filter: string | null } | null>(null);
  const rows = events.data?.data ?? [];
  // The first goes ahead: a filter with a fault is refused once, not ten times.
  const asked = tried === null ? [] : rows.map((event) => verdictQuery(endpoint, event.id, tried.filter));
  const ahead = useQueries({ queries: asked.slice(0, 1) });
  const rest = useQueries({ queries: asked.slice(1).map((query) => ({ ...query, enabled: ahead[0]?.data !== undefined })) });
  const verdicts = [...ahead, ...rest];
  const error = verdicts.find((verdict) => verdict.error !== null)?.error ?? null;
  const taken = verdicts.filter((verdict) => verdict.data?.matches).length;
  const isDone = verdicts.length > 0 && verdicts.every((verdict) => verdict.data !== undefined);
  return (
    <Stack gap="xs" className="hf-panel" p="md">
      <Text component="h3" size="sm" fw={600} m={0}>{t("filter.tester")}</Text>
      <Text size="sm" c="dimmed">{mayRead ? t("filter.testerHint") : t("filter.cannotRead")}</Text>
      {mayRead && (events.data !== undefined && rows.length === 0 ? (
        <Text size="sm">{t("filter.testerEmpty")}</Text>
      ) : (
        <Group gap="sm">
          <ActionButton size="xs" variant="default" reason={fault && t("filter.testerFault")} loading={verdicts.some((verdict) => verdict.isFetching)} onClick={() => { setTried({ filter }); void events.refetch(); }}>{t("filter.run")}</ActionButton>
          <Text size="sm" fw={600} aria-live="polite">{isDone && t("filter.summary", { taken, all: verdicts.length })}</Text>
        </Group>
      ))}
      {error !== null ? (
        <Faults title={t("filter.testerFaults")} faults={faultsWithin(error, "filter")} rest={restOf(error, ["filter"])} />
      ) : (
        <ul className={classes.list}>
          {verdicts.map((verdict, index) => {
            const event = rows[index];
            return event && verdict.data && <Verdict key={event.id} event={event} verdict={verdict.data} endpoint={endpoint} />;
          })}
        </ul>
      )}
    </Stack>
  );
}

function Verdict({ event, verdict, endpoint }: { event: EventRow; verdict: FilterVerdict; endpoint: Endpoint }) {
  const { t } = useTranslation("webhook");
  const why = useWhy();
  const findings = verdict.filter?.findings ?? [];
  return (
    <li>
      <details>
        <summary className={classes.summary}>
          <Chip tone={verdict.matches ? "good" : "off"} shape={verdict.matches ? "✓" : "–"}>{t(verdict.matches ? "filter.takes" : "filter.leaves")}</Chip>
          <span className={classes.name}>{event.type}{event.subject ? ` · ${event.subject}` : ""}</span>
          <span className={classes.time}><Time at={event.accepted_at} /></span>
          {!verdict.matches && <span className={classes.why}>{why(verdict, event, endpoint)}</span>}
        </summary>
        <Stack gap={4} className={classes.more}>
          {verdict.filter && <Text size="sm">{verdict.filter.summary}</Text>}
          {findings.length > 0 && (
            <ul className={classes.findings} aria-label={t("filter.findings")}>
              {findings.map((finding) => (
                <li key={finding.pointer}>
                  <code className="hf-mono">{finding.pointer || t("filter.whole")}</code>{" "}
                  <b>{finding.held === true ? t("filter.held") : finding.held === false ? t("filter.fails") : t("filter.unknown")}</b>: {finding.sentence}
                  {finding.decisive && <Text span size="xs" c="dimmed"> ({t("filter.decisive")})</Text>}
                </li>
              ))}
            </ul>
          )}
          <Link className="hf-link" to="/events/$id" params={{ id: event.id }} search={({ company }) => ({ company })}>{t("filter.showEvent")}</Link>
        </Stack>
      </details>
    </li>
  );
}

const PARTS = ["type_picked", "phone_number", "session", "has_form"] as const;

/** Why an event would not have come: all that stands in its way, and of the filter what decided it. */
function useWhy(): (verdict: FilterVerdict, event: EventRow, endpoint: Endpoint) => string {
  const { t } = useTranslation("webhook");
  return (verdict, event, endpoint) => {
    const reasons: string[] = [];
    const values = { type: event.type, format: endpoint.format };
    for (const part of PARTS) {
      if (!verdict[part]) reasons.push(t(`filter.because.${part}`, values));
    }
    if (verdict.filter && !verdict.filter.matches) {
      // The innermost of what decided: `and` and `or` only repeat it.
      const decided = verdict.filter.findings.filter((finding) => finding.decisive).at(-1);
      reasons.push(decided?.sentence ?? t("filter.because.filter"));
    }
    return reasons.join("; ");
  };
}
