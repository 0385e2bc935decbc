import { Anchor } from "@mantine/core";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";

import { type DataColumn, DataTable } from "@/ui/DataTable";
import { Time } from "@/ui/Time";

import type { AuditLine } from "./queries";
import { Subject } from "./Subject";
import { useActionText } from "./words";

type Props = { lines: readonly AuditLine[]; actorText: (actor: string) => string; open: string | null; onOpen: (line: AuditLine) => void };

export function AuditTable({ lines, actorText, open, onOpen }: Props) {
  const { t } = useTranslation("audit");
  const actionText = useActionText();
  const columns = useMemo<DataColumn<AuditLine>[]>(
    () => [
      { key: "when", header: t("column.when"), width: "120px", cell: (line) => <Time at={line.created_at} /> },
      { key: "actor", header: t("column.actor"), cell: (line) => <span title={line.actor}>{actorText(line.actor)}</span> },
      {
        key: "action",
        header: t("column.action"),
        phone: "title",
        cell: (line) => <Anchor component="button" type="button" className="hf-link" fz="inherit" ta="left" onClick={() => onOpen(line)}>{actionText(line.action)}</Anchor>,
      },
      // Beside an open line there is no room for what it says itself.
      ...(open === null
        ? [
            { key: "subject", header: t("column.subject"), cell: (line: AuditLine) => <Subject line={line} /> },
            { key: "address", header: t("column.address"), width: "150px", cell: (line: AuditLine) => <span className="hf-mono">{line.address || "–"}</span> },
          ]
        : []),
    ],
    // The words are new at each rendering and always the same.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [t, open === null, onOpen, lines],
  );
  return <DataTable label={t("title")} rows={lines} columns={columns} rowKey={(line) => line.id} onOpen={onOpen} openKey={open} />;
}
