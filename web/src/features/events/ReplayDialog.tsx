import { Alert, Button, Group, Modal, MultiSelect, Radio, Stack, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { endpointName } from "@/api/endpoints";
import type { JobData } from "@/ui/job-progress";
import { JobProgress } from "@/ui/JobProgress";

import type { EndpointWhy } from "./queries";

/** The server takes as many at once. */
const MOST = 100;
/** The list of a combobox scrolls itself: the keyboard reaches it from the field. */
const OPTIONS = { options: { maxHeight: 220, overflowY: "auto" } } as const;

type Props = {
  opened: boolean;
  onClose: () => void;
  webhooks: readonly EndpointWhy[];
  /** `null`: all that pick the event. */
  chosen: string[] | null;
  onChoose: (chosen: string[] | null) => void;
  preview: { count: number } | null;
  busy: boolean;
  error: string | null;
  onStart: () => void;
  job: JobData | null;
  onStop: () => void;
  stopping: boolean;
};

/** Sends an event once more: to whom, how many that makes, and how far it has come. */
export function ReplayDialog(props: Props) {
  const { t } = useTranslation(["events", "common"]);
  const { opened, onClose, job, error } = props;
  return (
    <Modal opened={opened} onClose={onClose} title={t("replayTitle")}>
      <Stack>
        {job === null ? <Asking {...props} /> : <JobProgress job={job} onCancel={props.onStop} canceling={props.stopping} />}
        {error !== null && <Alert color="red" role="alert">{error}</Alert>}
        {job === null ? <Go {...props} /> : (
          <Group justify="space-between">
            <Text size="sm" c="dimmed">{job.state === "running" && t("goesOn")} <Link className="hf-link" to="/jobs">{t("allJobs")}</Link></Text>
            <Button variant="default" onClick={onClose}>{t("common:close")}</Button>
          </Group>
        )}
      </Stack>
    </Modal>
  );
}

function Asking({ webhooks, chosen, onChoose, preview }: Props) {
  const { t } = useTranslation("events");
  const none = chosen?.length === 0;
  return (
    <>
      <Text size="sm" c="dimmed">{t("replayWhat")}</Text>
      <Radio.Group label={t("replayTo")} value={chosen === null ? "all" : "some"} onChange={(value) => onChoose(value === "all" ? null : [])}>
        <Stack gap="xs" mt="xs">
          <Radio value="all" label={t("replayAll")} />
          <Radio value="some" label={t("replaySome")} />
        </Stack>
      </Radio.Group>
      {chosen !== null && (
        <MultiSelect
          label={t("choose")}
          description={t("chooseHint")}
          searchable
          clearable
          hidePickedOptions
          maxValues={MOST}
          limit={100}
          withScrollArea={false}
          styles={OPTIONS}
          data={webhooks.map((webhook) => ({ value: webhook.endpoint_id, label: `${endpointName(webhook)} · ${webhook.url.replace(/^https?:\/\//, "")}` }))}
          value={chosen}
          onChange={onChoose}
        />
      )}
      {!none && <Text fw={600} role="status">{preview === null ? t("counting") : preview.count === 0 ? t("replayNothing") : t("replayCount", { count: preview.count })}</Text>}
    </>
  );
}

function Go({ chosen, preview, busy, onClose, onStart }: Props) {
  const { t } = useTranslation(["events", "common"]);
  const nothing = preview === null || preview.count === 0 || chosen?.length === 0;
  return (
    <Group justify="flex-end">
      <Button variant="default" onClick={onClose}>{t("common:cancel")}</Button>
      <Button loading={busy} disabled={nothing} onClick={onStart}>{t("replayGo")}</Button>
    </Group>
  );
}
