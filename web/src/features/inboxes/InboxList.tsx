import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";

import type { Inbox } from "@/api/inboxes";
import { count } from "@/lib/numbers";
import { CopyIcon } from "@/ui/Copy";
import { type DataColumn, DataTable } from "@/ui/DataTable";
import { Time } from "@/ui/Time";

import { answerParts } from "./answers";

/** The company's inboxes. */
export function InboxList({ inboxes, onOpen }: { inboxes: readonly Inbox[]; onOpen: (inbox: Inbox) => void }) {
  const { t } = useTranslation("inboxes");
  const columns = useMemo((): DataColumn<Inbox>[] => [
    {
      key: "url",
      header: t("list.url"),
      phone: "title",
      cell: (row) => (
        <>
          <Link to="/inboxes/$id" params={{ id: row.id }} className="hf-link hf-mono">{row.url}</Link> <CopyIcon value={row.url} what={t("list.url")} />
        </>
      ),
    },
    {
      key: "answers",
      header: t("list.answers"),
      width: "160px",
      cell: (row) => {
        const { key, status, delay } = answerParts(row);
        return t(key, { status, delay });
      },
    },
    { key: "kept", header: t("list.kept"), width: "130px", align: "right", cell: (row) => count(row.requests_kept) },
    { key: "made", header: t("list.made"), width: "150px", cell: (row) => <Time at={row.created_at} /> },
    { key: "expires", header: t("list.expires"), width: "150px", cell: (row) => <Time at={row.expires_at} /> },
  ], [t]);
  return <DataTable label={t("list.label")} rows={inboxes} columns={columns} rowKey={(row) => row.id} onOpen={onOpen} />;
}
