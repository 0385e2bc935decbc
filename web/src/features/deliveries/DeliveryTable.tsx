import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";

import { type Endpoint, endpointName, useEndpointOfRow } from "@/api/endpoints";
import { statusName } from "@/lib/http";
import { type DataColumn, DataTable, type Selection } from "@/ui/DataTable";
import { useFailureWords } from "@/ui/Failure";
import { StatusChip } from "@/ui/StatusChip";
import { Countdown, Time } from "@/ui/Time";

import type { Delivery } from "./queries";

type Props = {
  rows: readonly Delivery[];
  webhooks: readonly Endpoint[];
  /** Which one is open beside the list: then there is room for less. */
  openId: string | null;
  onOpen: (delivery: Delivery) => void;
  /** Where the link of a row leads: beside the list, or to a page of its own. */
  beside: boolean;
  selected: Selection;
  onSelect: (selected: Selection) => void;
  onRange: (first: number, last: number) => void;
};

/** What the widest state needs. */
const STATE_PX = "124px";

/** Deliveries, newest first. */
export function DeliveryTable({ rows, webhooks, openId, onOpen, beside, selected, onSelect, onRange }: Props) {
  const { t } = useTranslation("deliveries");
  const names = useMemo(() => new Map(webhooks.map((each) => [each.id, endpointName(each)])), [webhooks]);
  const narrow = openId !== null;
  const columns = useMemo((): DataColumn<Delivery>[] => {
    const all: (DataColumn<Delivery> & { wide?: boolean })[] = [
      { key: "type", header: t("column.type"), width: narrow ? "26%" : "17%", phone: "title", cell: (row) => <RowLink row={row} beside={beside} /> },
      { key: "state", header: t("column.state"), width: STATE_PX, cell: (row) => <StatusChip status={row.state} /> },
      { key: "webhook", header: t("column.webhook"), width: narrow ? "26%" : "16%", cell: (row) => <Webhook id={row.endpoint_id} name={names.get(row.endpoint_id)} /> },
      { key: "answer", header: t("column.answer"), width: narrow ? "21%" : "13%", phoneIf: (row) => Boolean(row.last_error ?? row.last_status_code), cell: (row) => <LastAnswer row={row} /> },
      { key: "tries", header: t("column.tries"), width: "88px", wide: true, align: "right", phoneIf: (row) => row.state !== "delivered" || row.tries > 1, cell: (row) => <Tries row={row} /> },
      { key: "next", header: t("column.next"), width: "80px", wide: true, phoneIf: (row) => Boolean(row.next_attempt_at ?? row.waiting_for), cell: (row) => <NextTry row={row} /> },
      { key: "created", header: t("column.created"), width: "104px", wide: true, cell: (row) => <Time at={row.created_at} /> },
    ];
    return all.filter((column) => !narrow || !column.wide);
  }, [t, names, narrow, beside]);
  return (
    <DataTable
      label={t("table")}
      rows={rows}
      columns={columns}
      rowKey={idOf}
      onOpen={onOpen}
      openKey={openId}
      selected={selected}
      onSelect={onSelect}
      onRange={onRange}
    />
  );
}

function idOf(row: Delivery): string {
  return row.id;
}

function RowLink({ row, beside }: { row: Delivery; beside: boolean }) {
  if (!beside) return <Link className="hf-link" to="/deliveries/$id" params={{ id: row.id }}>{row.event_type}</Link>;
  return <Link className="hf-link" to="/deliveries" search={(before) => ({ ...before, open: row.id })} resetScroll={false}>{row.event_type}</Link>;
}

function Webhook({ id, name }: { id: string; name: string | undefined }) {
  if (name === undefined) return <UnknownWebhook id={id} />;
  return <WebhookLink id={id} name={name} />;
}

/** One that the list does not have is deleted only where the server says so. */
function UnknownWebhook({ id }: { id: string }) {
  const { t } = useTranslation("deliveries");
  const endpoint = useEndpointOfRow(id);
  if (endpoint === null) return <span title={id}>{t("deletedWebhook")}</span>;
  return <WebhookLink id={id} name={endpoint === undefined ? id : endpointName(endpoint)} />;
}

function WebhookLink({ id, name }: { id: string; name: string }) {
  return <Link className="hf-link" to="/webhooks/$id" params={{ id }} title={name}><bdi>{name}</bdi></Link>;
}

function LastAnswer({ row }: { row: Delivery }) {
  const words = useFailureWords();
  if (row.last_error) {
    const { short } = words({ kind: row.last_error.kind, message: row.last_error.message, statusCode: row.last_status_code });
    return <span title={row.last_error.message}>{short}</span>;
  }
  return <>{row.last_status_code ? statusName(row.last_status_code) : "–"}</>;
}

/** A schedule that was shortened meanwhile makes fewer tries than there were. */
function Tries({ row: { tries, max_tries } }: { row: Delivery }) {
  const { t } = useTranslation("deliveries");
  if (tries === 0) return t("noTry");
  return tries > max_tries ? t("over", { count: tries }) : t("triesOf", { tries, max: max_tries });
}

function NextTry({ row }: { row: Delivery }) {
  const { t } = useTranslation("deliveries");
  if (row.next_attempt_at) return <Countdown until={row.next_attempt_at} />;
  return row.waiting_for ? <span title={t("waitsFor", { id: row.waiting_for })}>{t("inLine")}</span> : <>–</>;
}
