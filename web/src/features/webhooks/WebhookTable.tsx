import { useMemo } from "react";
import { useTranslation } from "react-i18next";

import { endpointName } from "@/api/endpoints";
import type { Installation } from "@/api/installation";
import { type DataColumn, DataTable } from "@/ui/DataTable";

import { wantsFixing } from "./capabilities";
import { FixMenu } from "./FixMenu";
import type { ListRow, ListStats } from "./list";
import { AttemptsCell, LatencyCell, NameCell, RateCell, StatusCell } from "./ListCells";

type Props = { rows: readonly ListRow[]; stats: ListStats; rules: Installation; onOpen: (id: string) => void };

const ROW_PX = 57;

/** The company's webhooks: which one is not well, why, and the way to mend it. */
export function WebhookTable({ rows, stats, rules, onOpen }: Props) {
  const { t } = useTranslation("webhooks");
  const columns = useMemo<DataColumn<ListRow>[]>(
    () => [
      { key: "status", header: t("list.status"), width: "124px", cell: (row) => <StatusCell row={row} rules={rules} />, phone: "bare" },
      { key: "name", header: t("list.webhook"), cell: (row) => <NameCell row={row} />, phone: "title" },
      { key: "attempts", header: t("list.day"), width: "140px", cell: (row) => <AttemptsCell row={row} stats={stats} /> },
      { key: "rate", header: t("list.success"), width: "92px", align: "right", cell: (row) => <RateCell row={row} /> },
      { key: "p95", header: t("list.p95"), width: "84px", align: "right", cell: (row) => <LatencyCell row={row} /> },
      { key: "fix", header: t("list.toDo"), width: "84px", align: "right", phone: "bare", cell: (row) => wantsFixing(row) && <FixMenu id={row.endpoint.id} name={endpointName(row.endpoint)} /> },
    ],
    [t, stats, rules],
  );
  return <DataTable label={t("title")} rows={rows} columns={columns} rowKey={(row) => row.endpoint.id} rowPx={ROW_PX} onOpen={(row) => onOpen(row.endpoint.id)} />;
}
