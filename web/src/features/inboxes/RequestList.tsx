import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";

import type { InboxRequestSummary } from "@/api/inboxes";
import { type DataColumn, DataTable } from "@/ui/DataTable";
import { Time } from "@/ui/Time";

import { SignatureChip } from "./Signature";

type Props = { inbox: string; requests: readonly InboxRequestSummary[]; open: string | null; onOpen: (request: InboxRequestSummary) => void };

/** What came, newest first. */
export function RequestList({ inbox, requests, open, onOpen }: Props) {
  const { t } = useTranslation("inboxes");
  // The same columns whether or not one is open beside them: rows that are made anew lose the focus.
  const columns = useMemo((): DataColumn<InboxRequestSummary>[] => [
    {
      key: "request",
      header: t("requests.request"),
      phone: "title",
      cell: (row) => (
        <Link to="/inboxes/$id" params={{ id: inbox }} search={(before) => ({ ...before, request: row.id })} resetScroll={false} className="hf-link" title={`${row.method} ${row.path}`}>
          {row.event_type ?? <span className="hf-mono">{row.method} {row.path}</span>}
        </Link>
      ),
    },
    { key: "received", header: t("requests.received"), width: "120px", cell: (row) => <Time at={row.received_at} /> },
    { key: "signature", header: t("requests.signature"), width: "130px", cell: (row) => <SignatureChip signature={row.signature} /> },
    { key: "attempt", header: t("requests.attempt"), width: "50px", align: "right", phone: "hide", cell: (row) => row.attempt ?? "–" },
    { key: "answered", header: t("requests.answered"), width: "90px", align: "right", cell: (row) => row.answered_status },
  ], [t, inbox]);
  return <DataTable label={t("requests.label")} rows={requests} columns={columns} rowKey={(row) => row.id} onOpen={onOpen} openKey={open} />;
}
