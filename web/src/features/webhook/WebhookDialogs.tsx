import { lazy, Suspense } from "react";

import type { Endpoint } from "@/api/endpoints";

import { DisableConfirm, RemoveConfirm } from "./Doings";
import type { Stats } from "./queries";
import type { Doings } from "./useDoings";

const SampleDialog = lazy(() => import("./SampleDialog"));
const RecoverDialog = lazy(() => import("./RecoverDialog"));

/** Everything that opens over the page of a webhook. */
export function WebhookDialogs({ endpoint, stats, doings, sampleOpened, onSampleClose }: {
  endpoint: Endpoint;
  stats: Stats;
  doings: Doings;
  sampleOpened: boolean;
  onSampleClose: () => void;
}) {
  const asking = { endpoint, stats, busy: doings.busy, error: doings.error, onClose: doings.close };
  return (
    <>
      <DisableConfirm {...asking} opened={doings.dialog === "disable"} onConfirm={doings.disable} />
      <RemoveConfirm {...asking} opened={doings.dialog === "remove"} onConfirm={doings.remove} />
      <Suspense>
        {sampleOpened && <SampleDialog endpoint={endpoint} onClose={onSampleClose} />}
        {doings.dialog === "recover" && <RecoverDialog endpoint={endpoint} onClose={doings.close} />}
      </Suspense>
    </>
  );
}
