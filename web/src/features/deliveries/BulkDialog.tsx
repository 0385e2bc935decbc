import { Alert, Button, Checkbox, Group, List, Modal, Stack, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { count } from "@/lib/numbers";
import type { FilterChip } from "@/ui/FilterChips";
import { type JobData } from "@/ui/job-progress";
import { JobProgress } from "@/ui/JobProgress";

import type { BulkKind } from "./queries";

type Props = {
  kind: BulkKind;
  opened: boolean;
  onClose: () => void;
  /** What the job goes by, in words, and what it cannot. */
  taken: readonly FilterChip[];
  left: readonly FilterChip[];
  stateGiven: boolean;
  dropped: boolean;
  onDrop: (dropped: boolean) => void;
  preview: { count: number; more: boolean } | null;
  busy: boolean;
  error: string | null;
  onStart: () => void;
  job: JobData | null;
  onStop: () => void;
  stopping: boolean;
};

/** Says for how many deliveries a job would be, begins it, and shows how far it has come. */
export function BulkDialog(props: Props) {
  const { t } = useTranslation(["deliveries", "common"]);
  const { kind, opened, onClose, job } = props;
  return (
    <Modal opened={opened} onClose={onClose} title={t(`bulk.${kind}Title`)} size="md">
      {job === null ? <Asking {...props} /> : (
        <Stack>
          <JobProgress job={job} onCancel={props.onStop} canceling={props.stopping} />
          {props.error !== null && <Alert color="red" role="alert">{props.error}</Alert>}
          <Group justify="space-between">
            <Text size="sm" c="dimmed">{job.state === "running" && t("bulk.goesOn")} <Link className="hf-link" to="/jobs">{t("bulk.jobs")}</Link></Text>
            <Button variant="default" onClick={onClose}>{t("common:close")}</Button>
          </Group>
        </Stack>
      )}
    </Modal>
  );
}

function Asking({ kind, onClose, taken, left, stateGiven, dropped, onDrop, preview, busy, error, onStart }: Props) {
  const { t } = useTranslation(["deliveries", "common"]);
  const blocked = left.length > 0 && !dropped;
  const nothing = preview?.count === 0 && !preview.more;
  return (
    <Stack>
      <div>
        <Text size="sm" fw={600}>{t("bulk.scope")}</Text>
        <List size="sm">{taken.map((chip) => <List.Item key={chip.key}>{chip.name}: <bdi>{chip.value}</bdi></List.Item>)}</List>
        {!stateGiven && <Text size="sm" c="dimmed">{t(`bulk.${kind}Default`)}</Text>}
      </div>
      {left.length > 0 && (
        <Alert color="yellow" variant="light">
          <Text size="sm" mb="xs">{t("bulk.left", { names: left.map((chip) => `${chip.name} (${chip.value})`).join(", ") })}</Text>
          <Checkbox label={t("bulk.drop")} checked={dropped} onChange={(event) => onDrop(event.currentTarget.checked)} />
        </Alert>
      )}
      <Text fw={600} role="status">{preview === null ? t("bulk.counting") : nothing ? t("bulk.countNone") : preview.more ? t("bulk.countMore", { number: count(preview.count) }) : t("bulk.count", { count: preview.count, number: count(preview.count) })}</Text>
      <Text size="sm" c="dimmed">{t(`bulk.${kind}What`)}</Text>
      {error !== null && <Alert color="red" role="alert">{error}</Alert>}
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose} data-autofocus>{t("common:close")}</Button>
        <Button color={kind === "cancel" ? "red.8" : undefined} loading={busy} disabled={preview === null || nothing || blocked} onClick={onStart}>
          {preview === null ? t(`bulk.${kind}Title`) : t(preview.more ? `bulk.${kind}GoMany` : `bulk.${kind}Go`, { count: preview.count, number: count(preview.count) })}
        </Button>
      </Group>
    </Stack>
  );
}
