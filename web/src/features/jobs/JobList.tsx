import { Group, Stack, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";

import type { Job } from "@/api/jobs";
import { Mono } from "@/ui/Copy";
import { jobKind } from "@/ui/job-progress";
import { JobProgress } from "@/ui/JobProgress";
import { StatusChip } from "@/ui/StatusChip";
import { Time } from "@/ui/Time";

import classes from "./JobList.module.css";

type Props = {
  jobs: readonly Job[];
  /** Who is looking. */
  meId: string;
  names: ReadonlyMap<string, string>;
  mayWrite: boolean;
  onStop: (id: string) => void;
  /** Which is being stopped at this moment. */
  stoppingId: string | null;
};

/** Jobs, newest first, with how far each has come. */
export function JobList({ jobs, meId, names, mayWrite, onStop, stoppingId }: Props) {
  const { t } = useTranslation("jobs");
  return (
    <Stack component="ul" gap="xs" m={0} p={0} style={{ listStyle: "none" }} aria-label={t("list")}>
      {jobs.map((job) => {
        const kind = jobKind(job.kind);
        return (
          <li key={job.id} className={classes.job}>
            <div>
              <Group gap="xs" wrap="wrap">
                <StatusChip status={job.state} />
                <Title order={2} size="sm">{kind === null ? job.kind : t(`kind.${kind}`)}</Title>
              </Group>
              <Text size="sm" c="dimmed" mt={4}><Time at={job.created_at} />{", "}<By id={job.created_by} meId={meId} names={names} /></Text>
              {job.finished_at && <Text size="sm" c="dimmed">{t("ended")} <Time at={job.finished_at} /></Text>}
              <Text size="xs" c="dimmed" component="div"><Mono value={job.id} /></Text>
            </div>
            <JobProgress job={job} compact onCancel={() => onStop(job.id)} cancelReason={!mayWrite && t("noStop")} canceling={stoppingId === job.id} />
          </li>
        );
      })}
    </Stack>
  );
}

function By({ id, meId, names }: { id: string; meId: string; names: ReadonlyMap<string, string> }) {
  const { t } = useTranslation("jobs");
  if (id === meId) return <>{t("byYou")}</>;
  const name = names.get(id);
  if (name !== undefined) return <>{t("by", { name })}</>;
  if (id === "cli") return <>{t("byOperator")}</>;
  return <>{t(id.startsWith("tok_") ? "byToken" : "by", { name: id })}</>;
}
