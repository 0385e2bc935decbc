import { Modal } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";

import { type Endpoint, endpointName } from "@/api/endpoints";

import { DisableConfirm, RemoveConfirm } from "./Doings";
import type { Stats } from "./queries";
import type { Doings } from "./useDoings";

const SampleForm = lazy(() => import("./SampleForm"));
const Recovery = lazy(() => import("./Recovery"));

/**
 * Everything that opens over the page of a webhook. The dialogs are always there and only what stands in them is loaded
 * late: one that comes opened does not know where the focus was, and cannot give it back. A click beside them, which
 * may be by mistake, does not close what one types in.
 */
export function WebhookDialogs({ endpoint, stats, doings, sampleOpened, onSampleClose }: {
  endpoint: Endpoint;
  stats: Stats;
  doings: Doings;
  sampleOpened: boolean;
  onSampleClose: () => void;
}) {
  const { t } = useTranslation("webhook");
  const phone = useMediaQuery("(max-width: 48em)", undefined, { getInitialValueInEffect: false });
  const name = endpointName(endpoint);
  const asking = { endpoint, stats, busy: doings.busy, error: doings.error, onClose: doings.close };
  return (
    <>
      <DisableConfirm {...asking} opened={doings.dialog === "disable"} onConfirm={doings.disable} />
      <RemoveConfirm {...asking} opened={doings.dialog === "remove"} onConfirm={doings.remove} />
      <Modal opened={sampleOpened} onClose={onSampleClose} closeOnClickOutside={false} size={760} fullScreen={phone} title={`${t("sample.title")} ${t("sample.to")} ${name}`}>
        <Suspense><SampleForm endpoint={endpoint} /></Suspense>
      </Modal>
      <Modal opened={doings.dialog === "recover"} onClose={doings.close} closeOnClickOutside={false} title={`${t("recover.title")}: ${name}`} size={560}>
        <Suspense><Recovery endpoint={endpoint} onClose={doings.close} /></Suspense>
      </Modal>
    </>
  );
}
