import { Alert, Button, Checkbox, Group, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import type { Endpoint } from "@/api/endpoints";
import { cancelJob, type Job, jobQuery } from "@/api/jobs";
import { useMe } from "@/api/me";
import { fromLocalInput, toLocalInput } from "@/lib/list-search";
import { count } from "@/lib/numbers";
import { rangeStart } from "@/lib/ranges";
import { ActionButton } from "@/ui/ActionButton";
import { JobProgress } from "@/ui/JobProgress";
import { failed, told } from "@/ui/toast";

import { capabilities } from "./capabilities";
import { useRefusal } from "./Doings";
import { faultsWithin, restOf } from "./json-faults";
import { recover, recoverPreviewQuery, type RecoverWish } from "./queries";

const PRESETS = ["1h", "24h", "7d"] as const;

/** Sends everything again that a webhook missed since a time: first how much that is, then how far it has come. */
export default function Recovery({ endpoint, onClose }: { endpoint: Endpoint; onClose: () => void }) {
  const [job, setJob] = useState<Job | null>(null);
  return job === null ? <RecoverForm endpoint={endpoint} onJob={setJob} onClose={onClose} /> : <Running begun={job} onClose={onClose} />;
}

function RecoverForm({ endpoint, onJob, onClose }: { endpoint: Endpoint; onJob: (job: Job) => void; onClose: () => void }) {
  const { t } = useTranslation(["webhook", "common"]);
  const why = useRefusal();
  const { can } = useMe();
  const [since, setSince] = useState(() => toLocalInput(endpoint.streak_started_at ?? rangeStart("24h", new Date()).toISOString()));
  const [until, setUntil] = useState("");
  const [includeDelivered, setIncludeDelivered] = useState(false);
  const from = fromLocalInput(since);
  const wish: RecoverWish | null = from === undefined ? null : { since: from, until: fromLocalInput(until) ?? null, includeDelivered };
  const preview = useQuery(recoverPreviewQuery(endpoint.id, wish));
  const begin = useMutation({ mutationFn: (asked: RecoverWish) => recover(endpoint.id, asked), onSuccess: onJob });
  const error = begin.error ?? preview.error;
  const number = preview.data?.count;
  return (
    <form onSubmit={(event) => { event.preventDefault(); if (wish !== null) begin.mutate(wish); }}>
      <Stack>
        <Text size="sm">{t("recover.effect")}</Text>
        <Group gap="xs" role="group" aria-label={t("recover.presets")}>
          <Text size="sm" c="dimmed">{t("recover.presets")}</Text>
          {endpoint.streak_started_at && <Preset onClick={() => setSince(toLocalInput(endpoint.streak_started_at ?? ""))}>{t("recover.preset.failing")}</Preset>}
          {PRESETS.map((range) => (
            <Preset key={range} onClick={() => setSince(toLocalInput(rangeStart(range, new Date()).toISOString()))}>{t(`recover.preset.${range}`)}</Preset>
          ))}
        </Group>
        <Group grow align="flex-start" preventGrowOverflow={false}>
          <TextInput type="datetime-local" label={t("recover.since")} value={since} onChange={(event) => setSince(event.currentTarget.value)} required autoFocus data-autofocus error={faultsWithin(error, "since")[0]?.detail} />
          <TextInput type="datetime-local" label={t("recover.until")} description={t("recover.untilHint")} inputWrapperOrder={["label", "input", "description", "error"]} value={until} onChange={(event) => setUntil(event.currentTarget.value)} error={faultsWithin(error, "until")[0]?.detail} />
        </Group>
        <Checkbox label={t("recover.delivered")} description={t("recover.deliveredHint")} checked={includeDelivered} onChange={(event) => setIncludeDelivered(event.currentTarget.checked)} />
        <Text size="sm" fw={600} aria-live="polite">
          {wish === null ? t("recover.noSince")
            : number === undefined || preview.isPlaceholderData ? (preview.isError ? "" : t("recover.counting"))
            : number === 0 ? t("recover.countNone")
            : preview.data?.more ? t("recover.countMore", { number: count(number) })
            : t("recover.count", { count: number, number: count(number) })}
        </Text>
        {restOf(error, ["since", "until"]) !== null && <Alert color="red" variant="light" role="alert">{restOf(error, ["since", "until"])}</Alert>}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>{t("common:cancel")}</Button>
          <ActionButton type="submit" loading={begin.isPending} reason={why(capabilities(endpoint, can).recover) ?? (wish === null ? t("recover.noSince") : number === 0 && !preview.isPlaceholderData ? t("recover.countNone") : null)}>
            {number === undefined || number === 0 || preview.data?.more ? t("recover.action") : t("recover.actionCount", { count: number, number: count(number) })}
          </ActionButton>
        </Group>
      </Stack>
    </form>
  );
}

function Preset({ onClick, children }: { onClick: () => void; children: string }) {
  return <Button size="compact-xs" variant="default" onClick={onClick}>{children}</Button>;
}

function Running({ begun, onClose }: { begun: Job; onClose: () => void }) {
  const { t } = useTranslation(["webhook", "common"]);
  const client = useQueryClient();
  const { data: job = begun } = useQuery({ ...jobQuery(begun.id), initialData: begun });
  const stop = useMutation({
    mutationFn: () => cancelJob(begun.id),
    onSuccess: (stopped) => {
      client.setQueryData(jobQuery(begun.id).queryKey, stopped);
      told(t("recover.stopped"));
    },
    onError: failed,
  });
  return (
    <Stack>
      <JobProgress job={job} onCancel={() => stop.mutate()} canceling={stop.isPending} />
      {job.state === "running" && <Text size="sm" c="dimmed">{t("recover.running")}</Text>}
      <Group justify="space-between">
        <Link className="hf-link" to="/jobs" search={({ company }) => ({ company })}>{t("recover.jobs")}</Link>
        <Button variant="default" onClick={onClose} data-autofocus>{t("common:close")}</Button>
      </Group>
    </Stack>
  );
}
