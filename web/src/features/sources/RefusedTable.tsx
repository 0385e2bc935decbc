import { Text } from "@mantine/core";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";

import { bytes } from "@/lib/numbers";
import { type DataColumn, DataTable } from "@/ui/DataTable";
import { Time } from "@/ui/Time";

import type { Refused } from "./queries";

/** Notifications that a source refused, and what to do about each. */
export function RefusedTable({ refused }: { refused: readonly Refused[] }) {
  const { t } = useTranslation("sources");
  const columns = useMemo<DataColumn<Refused>[]>(
    () => [
      { key: "when", header: t("refused.when"), width: "130px", cell: (row) => <Time at={row.received_at} /> },
      { key: "reason", header: t("refused.reason"), width: "170px", phone: "title", cell: (row) => t(`refused.reasons.${row.reason}`) },
      { key: "detail", header: t("refused.detail"), cell: (row) => <span style={{ whiteSpace: "normal", overflowWrap: "anywhere" }}>{row.detail}</span> },
      { key: "address", header: t("refused.address"), width: "150px", cell: (row) => <span className="hf-mono">{row.address ?? "–"}</span> },
      { key: "size", header: t("refused.size"), width: "100px", align: "right", cell: (row) => bytes(row.body_bytes) },
    ],
    [t],
  );
  if (refused.length === 0) return <Text size="sm" c="dimmed">{t("refused.none")}</Text>;
  return (
    <>
      <Text size="sm" c="dimmed">{t("refused.hint")}</Text>
      <DataTable label={t("refused.title")} rows={refused} columns={columns} rowKey={(row) => row.id} />
    </>
  );
}
