import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";

import { count } from "@/lib/numbers";
import { type DataColumn, DataTable } from "@/ui/DataTable";
import { Chip } from "@/ui/StatusChip";
import { Time } from "@/ui/Time";

import type { Source } from "./queries";
import { TONES } from "./state";

export function SourceTable({ sources, onOpen }: { sources: readonly Source[]; onOpen: (source: Source) => void }) {
  const { t } = useTranslation(["sources", "common"]);
  const columns = useMemo<DataColumn<Source>[]>(
    () => [
      { key: "name", header: t("column.name"), phone: "title", cell: (source) => <Link className="hf-link" to="/sources/$id" params={{ id: source.id }}>{source.name}</Link> },
      { key: "state", header: t("column.state"), phone: "bare", width: "270px", cell: (source) => <Chip tone={TONES[source.state]}>{t(`state.${source.state}`)}</Chip> },
      { key: "accepted", header: t("column.accepted"), width: "110px", align: "right", cell: (source) => count(source.notifications.accepted) },
      { key: "refused", header: t("column.refused"), width: "110px", align: "right", cell: (source) => count(source.notifications.refused) },
      { key: "last", header: t("column.last"), width: "160px", cell: (source) => (source.last_notification_at ? <Time at={source.last_notification_at} /> : t("common:never")) },
      { key: "created", header: t("column.created"), width: "140px", phone: "hide", cell: (source) => <Time at={source.created_at} /> },
    ],
    [t],
  );
  return <DataTable label={t("title")} rows={sources} columns={columns} rowKey={(source) => source.id} onOpen={onOpen} />;
}
