import { Button, Stack, Text, Title } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { endpointName } from "@/api/endpoints";
import type { Range } from "@/lib/ranges";
import { useFailureWords } from "@/ui/Failure";
import { Chip, StatusChip } from "@/ui/StatusChip";
import { Time } from "@/ui/Time";

import { type Cause, causeFilter, type FailureGroup } from "./failures";
import classes from "./Overview.module.css";
import { STANDING_LOOKS, standingOf } from "./verdict";

const SHOWN = 8;

/** What failed, webhook by webhook and cause by cause, with what to do about it. */
export function Failures({ groups, range }: { groups: readonly FailureGroup[]; range: Range }) {
  const { t } = useTranslation("overview");
  const [all, setAll] = useState(false);
  const shown = all ? groups : groups.slice(0, SHOWN);
  return (
    <Stack component="section" gap="xs" aria-labelledby="failures">
      <Title order={2} id="failures">{t("failures.title")}</Title>
      {groups.length === 0 && <Text size="sm" c="dimmed">{t("failures.none", { range: t(`range.${range}`) })}</Text>}
      {groups.length > 0 && (
        <ul className={classes.groups}>
          {shown.map((group) => <Group key={group.endpoint.id} group={group} />)}
        </ul>
      )}
      {shown.length < groups.length && (
        <div><Button variant="default" size="xs" onClick={() => setAll(true)}>{t("failures.more", { count: groups.length - shown.length })}</Button></div>
      )}
    </Stack>
  );
}

function Group({ group }: { group: FailureGroup }) {
  const { t } = useTranslation("overview");
  const { endpoint, waiting } = group;
  const standing = standingOf(endpoint);
  return (
    <li className={classes.group}>
      <div className={classes.groupHead}>
        <Link to="/webhooks/$id" params={{ id: endpoint.id }} className={`hf-link ${classes.name}`}>{endpointName(endpoint)}</Link>
        {standing === null ? <StatusChip status={endpoint.status} /> : <Chip {...STANDING_LOOKS[standing]}>{t(`standing.${standing}`)}</Chip>}
        {waiting.count > 0 && <span className={classes.dimmed}>{t(waiting.more ? "failures.waitingMore" : "failures.waiting", { count: waiting.count })}</span>}
      </div>
      <ul className={classes.causes}>
        {group.causes.map((cause) => <CauseLine key={`${cause.status_code} ${cause.error_kind}`} group={group} cause={cause} />)}
      </ul>
    </li>
  );
}

function CauseLine({ group: { endpoint }, cause }: { group: FailureGroup; cause: Cause }) {
  const { t } = useTranslation("overview");
  const words = useFailureWords()({ kind: cause.error_kind, statusCode: cause.status_code, message: cause.message, url: endpoint.url });
  return (
    <li className={classes.cause}>
      <span className={classes.sentence}>{words.sentence} <span className={classes.dimmed}>{words.hint}</span></span>
      <span>{t("failures.times", { count: cause.attempts })}</span>
      <span className={classes.dimmed}>{t("failures.last")} <Time at={cause.last_at} /></span>
      <Link to="/deliveries" search={(before) => ({ ...before, ...causeFilter(endpoint, cause) })} className="hf-link" aria-label={t("failures.showOf", { name: endpointName(endpoint) })}>{t("failures.show")}</Link>
    </li>
  );
}
