import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";

import type { InboxRequestSummary } from "@/api/inboxes";
import { bytes } from "@/lib/numbers";
import { type DataColumn, DataTable } from "@/ui/DataTable";
import { Time } from "@/ui/Time";

import { SignatureChip } from "./Signature";

type Props = { inbox: string; requests: readonly InboxRequestSummary[]; open: string | null; onOpen: (request: InboxRequestSummary) => void };

/** What came, newest first. */
export function RequestList({ inbox, requests, open, onOpen }: Props) {
  const { t } = useTranslation("inboxes");
  const narrow = open !== null;
  const columns = useMemo((): DataColumn<InboxRequestSummary>[] => {
    const first: DataColumn<InboxRequestSummary>[] = [
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
      { key: "answered", header: t("requests.answered"), width: "90px", align: "right", cell: (row) => row.answered_status },
    ];
    if (narrow) return first;
    return [
      ...first,
      { key: "method", header: t("request.method"), width: "80px", phone: "hide", cell: (row) => <span className="hf-mono">{row.method}</span> },
      { key: "attempt", header: t("requests.attempt"), width: "60px", align: "right", phone: "hide", cell: (row) => row.attempt ?? "–" },
      { key: "size", header: t("requests.size"), width: "90px", align: "right", phone: "hide", cell: (row) => bytes(row.body_bytes) },
    ];
  }, [t, inbox, narrow]);
  return <DataTable label={t("requests.label")} rows={requests} columns={columns} rowKey={(row) => row.id} onOpen={onOpen} openKey={open} />;
}
