import { Alert, Group, Progress, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { count } from "@/lib/numbers";

import { ActionButton } from "./ActionButton";
import { type JobData, jobKind, jobShare } from "./job-progress";
import { StatusChip } from "./StatusChip";

/** Mantine's own yellow is too pale to be read. */
const TITLE = { title: { color: "var(--mantine-color-text)" } };

/** The accent while it runs; then as the chip of its state. */
const COLOURS: Record<string, string> = { failed: "var(--hf-chart-bad)", finished: "var(--hf-chart-good)", canceled: "var(--hf-off)" };

/** How far a job has come, what it did and passed over, and a way to stop it. */
export function JobProgress({ job, onCancel, cancelReason, canceling = false, compact = false }: {
  job: JobData;
  /** Without it there is no button. */
  onCancel?: () => void;
  /** Why it cannot be stopped, where it runs and somebody may not. */
  cancelReason?: string | null | false;
  canceling?: boolean;
  /** Without its name and state, which stand beside it. */
  compact?: boolean;
}) {
  const { t } = useTranslation("jobs");
  const kind = jobKind(job.kind);
  const name = kind === null ? job.kind : t(`kind.${kind}`);
  const share = jobShare(job);
  const running = job.state === "running";
  const said = progressText(job, t);
  return (
    <Stack gap={6}>
      {!compact && (
        <Group gap="xs">
          <StatusChip status={job.state} />
          <Text size="sm" fw={600}>{name}</Text>
        </Group>
      )}
      <Progress.Root size="md">
        <Progress.Section
          value={(share ?? 1) * 100}
          animated={running && share === null}
          striped={running && share === null}
          color={COLOURS[job.state]}
          aria-label={name}
          aria-valuetext={said}
        />
      </Progress.Root>
      <Group justify="space-between" gap="xs" wrap="wrap">
        <Text size="sm" c="dimmed" aria-live={running ? "off" : "polite"}>{said}</Text>
        {running && onCancel && (
          <ActionButton size="xs" variant="default" loading={canceling} reason={cancelReason} onClick={onCancel}>{t("stop")}</ActionButton>
        )}
      </Group>
      {job.skipped > 0 && <Text size="xs" c="dimmed">{t("skippedWhy")}</Text>}
      {job.last_error && <Alert color={job.state === "failed" ? "red" : "yellow"} variant="light" styles={TITLE} title={t("lastError")}>{job.last_error}</Alert>}
    </Stack>
  );
}

type T = ReturnType<typeof useTranslation<"jobs">>["t"];

/** `1,000 of 1,204 done, 12 passed over`; where nothing matched, that. */
function progressText(job: JobData, t: T): string {
  if (job.state === "running" && job.total === 0 && job.done === 0) return t("counting");
  if (job.state === "finished" && job.done === 0 && job.skipped === 0) return t("nothing");
  const past = job.state === "finished" ? t("doneAll", { count: job.done, done: count(job.done) }) : t(job.total_is_open ? "doneOfMany" : "doneOf", { done: count(job.done), total: count(job.total) });
  return job.skipped > 0 ? `${past}, ${t("skipped", { skipped: count(job.skipped) })}` : past;
}
