import { Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";

import { shorten } from "@/lib/shorten";
import { type DataColumn, DataTable } from "@/ui/DataTable";
import { Time } from "@/ui/Time";

import type { Event } from "./queries";

type Props = {
  rows: readonly Event[];
  /** Which one is open beside the list: then there is room for less. */
  openId: string | null;
  onOpen: (event: Event) => void;
  /** Where the link of a row leads: beside the list, or to a page of its own. */
  beside: boolean;
  onRange: (first: number, last: number) => void;
};

/** Events, newest first. */
export function EventTable({ rows, openId, onOpen, beside, onRange }: Props) {
  const { t } = useTranslation("events");
  const narrow = openId !== null;
  const columns = useMemo((): DataColumn<Event>[] => {
    const all: (DataColumn<Event> & { wide?: boolean })[] = [
      { key: "type", header: t("column.type"), width: narrow ? "38%" : "24%", phone: "title", cell: (row) => <RowLink row={row} beside={beside} /> },
      { key: "contact", header: t("column.contact"), width: narrow ? "32%" : "17%", cell: (row) => <bdi>{row.subject ?? "–"}</bdi> },
      { key: "external", header: t("column.externalId"), width: "32%", wide: true, cell: (row) => <span className="hf-mono" title={row.external_id ?? undefined}>{row.external_id ? shorten(row.external_id) : "–"}</span> },
      { key: "deliveries", header: t("column.deliveries"), width: narrow ? "30%" : "13%", cell: (row) => <Deliveries count={row.deliveries} /> },
      { key: "accepted", header: t("column.accepted"), width: "14%", wide: true, cell: (row) => <Time at={row.accepted_at} /> },
    ];
    return all.filter((column) => !narrow || !column.wide);
  }, [t, narrow, beside]);
  return <DataTable label={t("table")} rows={rows} columns={columns} rowKey={idOf} onOpen={onOpen} openKey={openId} onRange={onRange} />;
}

function idOf(row: Event): string {
  return row.id;
}

function RowLink({ row, beside }: { row: Event; beside: boolean }) {
  if (!beside) return <Link className="hf-link" to="/events/$id" params={{ id: row.id }}>{row.type}</Link>;
  return <Link className="hf-link" to="/events" search={(before) => ({ ...before, open: row.id })} resetScroll={false}>{row.type}</Link>;
}

function Deliveries({ count }: { count: number }) {
  const { t } = useTranslation("events");
  return count === 0 ? <Text span inherit c="dimmed">{t("nowhere")}</Text> : <>{count}</>;
}
