import { Button, Group, Select, Stack, Text, Title } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";

import type { Endpoint } from "@/api/endpoints";
import { useLongList } from "@/api/long-list";
import { statusName } from "@/lib/http";
import { count } from "@/lib/numbers";
import { type DataColumn, DataTable } from "@/ui/DataTable";
import { EmptyState } from "@/ui/EmptyState";
import { useFailureWords } from "@/ui/Failure";
import { StatusChip } from "@/ui/StatusChip";
import { Countdown, Time } from "@/ui/Time";

import { deliveriesOf, type Delivery, type DeliveryState } from "./queries";
import { STATES } from "./states";

type Props = { endpoint: Endpoint; state: DeliveryState | undefined; onState: (state: DeliveryState | undefined) => void; onOpen: (id: string) => void };

/** The deliveries of one webhook, newest first. */
export function Deliveries({ endpoint, state, onState, onOpen }: Props) {
  const { t } = useTranslation(["webhook", "common"]);
  const list = useMemo(() => deliveriesOf(endpoint.id, state), [endpoint.id, state]);
  const found = useLongList(list, { kinds: ["attempt", "delivery", "endpoint"] });
  const columns = useColumns(endpoint);
  return (
    <Stack gap="sm">
      <Group justify="space-between" align="flex-end">
        <Title order={2}>{t("deliveries.title")}</Title>
        <Group gap="md" align="flex-end">
          <Link className="hf-link" to="/deliveries" search={(before) => ({ company: before.company, endpoint_id: endpoint.id, state })} style={{ fontSize: "0.875rem", paddingBottom: 6 }}>{t("deliveries.all")} →</Link>
          <Select
            size="xs"
            label={t("deliveries.state")}
            placeholder={t("deliveries.anyState")}
            clearable
            data={STATES.map((each) => ({ value: each, label: t(`common:status.${each}`) }))}
            value={state ?? null}
            onChange={(value) => onState(STATES.find((each) => each === value))}
            clearButtonProps={{ "aria-label": t("common:clear") }}
          />
        </Group>
      </Group>
      {found.rows.length === 0 && !found.more ? (
        <EmptyState title={state === undefined ? t("deliveries.empty") : t("deliveries.emptyState")}>{state === undefined ? t("deliveries.emptyHint") : undefined}</EmptyState>
      ) : (
        <DataTable label={t("deliveries.title")} rows={found.rows} columns={columns} rowKey={(row) => row.id} onOpen={(row) => onOpen(row.id)} onRange={found.onRange} />
      )}
      {found.cut && <Text size="sm" c="dimmed">{t("deliveries.cut")}</Text>}
      {(found.cut || found.failed) && <Button variant="default" loading={found.loadingMore} onClick={found.loadMore} style={{ alignSelf: "center" }}>{t("common:loadMore")}</Button>}
    </Stack>
  );
}

function useColumns(endpoint: Endpoint): DataColumn<Delivery>[] {
  const { t } = useTranslation("webhook");
  const words = useFailureWords();
  return useMemo(() => {
    const last = (row: Delivery): string => {
      if (row.tries === 0) return t("deliveries.none");
      if (!row.last_error) return row.last_status_code ? statusName(row.last_status_code) : t("deliveries.delivered");
      return words({ ...row.last_error, statusCode: row.last_status_code, url: endpoint.url }).short;
    };
    return [
      { key: "state", header: t("deliveries.state"), width: "136px", phone: "bare", cell: (row) => <StatusChip status={row.state} /> },
      { key: "event", header: t("deliveries.event"), phone: "title", cell: (row) => <Link className="hf-link" to="/deliveries/$id" params={{ id: row.id }} search={({ company }) => ({ company })}>{row.event_type}</Link> },
      { key: "last", header: t("deliveries.last"), cell: last },
      { key: "tries", header: t("deliveries.tries"), width: "96px", align: "right", cell: (row) => t("deliveries.triesOf", { tries: count(row.tries), max: count(row.max_tries) }) },
      { key: "next", header: t("deliveries.next"), width: "104px", align: "right", cell: (row) => (row.next_attempt_at ? <Countdown until={row.next_attempt_at} /> : "–") },
      { key: "made", header: t("deliveries.made"), width: "132px", align: "right", cell: (row) => <Time at={row.created_at} /> },
    ];
    // `words` is made of `t`.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [t, endpoint.url]);
}
