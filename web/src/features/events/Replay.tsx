import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { cancelJob, jobQuery } from "@/api/jobs";
import { ActionButton } from "@/ui/ActionButton";

import { type EndpointWhy, replayEvent, replayPreviewQuery } from "./queries";
import { ReplayDialog } from "./ReplayDialog";

/** The button that sends an event once more, and its dialog. */
export function Replay({ id, webhooks, mayWrite }: { id: string; webhooks: readonly EndpointWhy[]; mayWrite: boolean }) {
  const { t } = useTranslation("events");
  const [round, setRound] = useState(0);
  const [opened, setOpened] = useState(false);
  const open = (): void => {
    setRound(round + 1);
    setOpened(true);
  };
  return (
    <>
      <ActionButton size="xs" reason={!mayWrite && t("noReplay")} onClick={open}>{t("replay")}</ActionButton>
      <Asked key={`${id} ${round}`} id={id} webhooks={webhooks} opened={opened} onClose={() => setOpened(false)} />
    </>
  );
}

function Asked({ id, webhooks, opened, onClose }: { id: string; webhooks: readonly EndpointWhy[]; opened: boolean; onClose: () => void }) {
  const client = useQueryClient();
  const [chosen, setChosen] = useState<string[] | null>(null);
  const preview = useQuery({ ...replayPreviewQuery(id, chosen), enabled: opened && chosen?.length !== 0 });
  const start = useMutation({
    mutationFn: () => replayEvent(id, chosen),
    onSuccess: (job) => {
      client.setQueryData(jobQuery(job.id).queryKey, job);
      void client.invalidateQueries({ queryKey: ["jobs", "list"] });
    },
  });
  const jobId = start.data?.id ?? "";
  const job = useQuery({ ...jobQuery(jobId), enabled: jobId !== "" });
  const stop = useMutation({ mutationFn: () => cancelJob(jobId), onSettled: () => client.invalidateQueries({ queryKey: jobQuery(jobId).queryKey }) });
  const error = start.error ?? preview.error ?? stop.error;
  return (
    <ReplayDialog
      opened={opened}
      onClose={() => {
        onClose();
        void client.invalidateQueries({ queryKey: ["event", id] });
      }}
      webhooks={webhooks}
      chosen={chosen}
      onChoose={setChosen}
      preview={preview.data ?? null}
      busy={start.isPending}
      error={error?.message ?? null}
      onStart={() => start.mutate()}
      job={job.data ?? start.data ?? null}
      onStop={() => stop.mutate()}
      stopping={stop.isPending}
    />
  );
}
