import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import type { Endpoint } from "@/api/endpoints";
import { cancelJob, jobQuery } from "@/api/jobs";
import { ActionButton } from "@/ui/ActionButton";

import { BulkDialog } from "./BulkDialog";
import { bulkRefused, type DeliveryFilter, pickOf } from "./filter";
import { type BulkKind, type Pick, previewQuery, startBulk } from "./queries";
import { useChips } from "./useChips";

type Props = { kind: BulkKind; filter: DeliveryFilter; webhooks: readonly Endpoint[]; mayWrite: boolean; onDone: () => void };

/** The button for all that match, and its dialog. */
export function Bulk({ kind, filter, webhooks, mayWrite, onDone }: Props) {
  const { t } = useTranslation("deliveries");
  // The moment that the dialog was opened is the job's, however long one thinks.
  const [asked, setAsked] = useState<{ at: Date; filter: DeliveryFilter } | null>(null);
  const [round, setRound] = useState(0);
  const refused = bulkRefused(kind, pickOf(filter, new Date()).pick);
  const open = (): void => {
    setRound(round + 1);
    setAsked({ at: new Date(), filter });
  };
  return (
    <>
      <ActionButton variant="default" size="xs" reason={(!mayWrite && t("noWrite")) || (refused && t(`bulk.refused.${refused}`))} onClick={open}>
        {t(`bulk.${kind}Action`)}
      </ActionButton>
      <Asked key={round} kind={kind} opened={asked !== null} filter={asked?.filter ?? filter} at={asked?.at ?? null} webhooks={webhooks} onClose={() => setAsked(null)} onDone={onDone} />
    </>
  );
}

function Asked({ kind, opened, filter, at, webhooks, onClose, onDone }: { kind: BulkKind; opened: boolean; filter: DeliveryFilter; at: Date | null; webhooks: readonly Endpoint[]; onClose: () => void; onDone: () => void }) {
  const client = useQueryClient();
  const { pick, left } = pickOf(filter, at ?? new Date(0));
  const [dropped, setDropped] = useState(false);
  const preview = useQuery({ ...previewQuery(kind, pick), enabled: opened });
  const start = useMutation({
    mutationFn: (wanted: Pick) => startBulk(kind, wanted),
    onSuccess: (job) => {
      client.setQueryData(jobQuery(job.id).queryKey, job);
      void client.invalidateQueries({ queryKey: ["jobs", "list"] });
      onDone();
    },
  });
  const jobId = start.data?.id ?? "";
  const job = useQuery({ ...jobQuery(jobId), enabled: jobId !== "" });
  const stop = useMutation({ mutationFn: () => cancelJob(jobId), onSettled: () => client.invalidateQueries({ queryKey: jobQuery(jobId).queryKey }) });
  const chips = useChips(filter, webhooks, () => undefined);
  const isLeft = (key: string): boolean => left.some((name) => name === key);
  const error = start.error ?? preview.error ?? stop.error;
  return (
    <BulkDialog
      kind={kind}
      opened={opened}
      onClose={() => {
        onClose();
        if (jobId !== "") onDone();
      }}
      taken={chips.filter((chip) => !isLeft(chip.key))}
      left={chips.filter((chip) => isLeft(chip.key))}
      stateGiven={pick.state !== undefined && pick.state !== null}
      dropped={dropped}
      onDrop={setDropped}
      preview={preview.data ?? null}
      busy={start.isPending}
      error={error?.message ?? null}
      onStart={() => start.mutate(pick)}
      job={job.data ?? start.data ?? null}
      onStop={() => stop.mutate()}
      stopping={stop.isPending}
    />
  );
}
