import { Group, Text } from "@mantine/core";
import { useMutation, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { createFileRoute, useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import * as z from "zod/mini";

import { endpointsQuery } from "@/api/endpoints";
import { installationQuery } from "@/api/installation";
import { useLiveState } from "@/api/live";
import { useMe } from "@/api/me";
import { ENDPOINTS_PACE_MS, endpointsStatsByIdQuery } from "@/api/stats";
import { filterRows, listRows, STANDINGS } from "@/features/webhooks/list";
import { ListFilters } from "@/features/webhooks/ListFilters";
import { ListLead } from "@/features/webhooks/ListLead";
import { NoWebhooks } from "@/features/webhooks/NoWebhooks";
import { makeTestInbox } from "@/features/webhooks/queries";
import { WebhookTable } from "@/features/webhooks/WebhookTable";
import { oneOf, text } from "@/lib/list-search";
import { count } from "@/lib/numbers";
import { ActionButton } from "@/ui/ActionButton";
import { EmptyState } from "@/ui/EmptyState";
import { LinkButton } from "@/ui/LinkButton";
import { Page } from "@/ui/Page";

const search = z.object({ status: oneOf(STANDINGS), q: text() });

export const Route = createFileRoute("/_app/webhooks/")({
  validateSearch: search,
  loader: ({ context: { queryClient } }) =>
    Promise.all([queryClient.ensureQueryData(endpointsQuery), queryClient.ensureQueryData(endpointsStatsByIdQuery("24h")), queryClient.ensureQueryData(installationQuery)]),
  component: WebhooksPage,
});

function WebhooksPage() {
  const { t } = useTranslation(["webhooks", "common"]);
  const { can } = useMe();
  const navigate = useNavigate();
  const filter = Route.useSearch();
  const pace = useLiveState() === "paused" ? false : ENDPOINTS_PACE_MS;
  // A streak grows without the stream's telling each failure.
  const { data: endpoints } = useSuspenseQuery({ ...endpointsQuery, refetchInterval: pace });
  const { data: stats } = useSuspenseQuery({ ...endpointsStatsByIdQuery("24h"), refetchInterval: pace });
  const { data: rules } = useSuspenseQuery(installationQuery);
  const all = useMemo(() => listRows(endpoints, stats), [endpoints, stats]);
  const rows = useMemo(() => filterRows(all, filter), [all, filter]);
  const reason = can("endpoints:write") ? null : t("common:noPermission");
  const inbox = useInbox(t("empty.inboxName"));
  if (all.length === 0) {
    return (
      <Page title={t("title")}>
        <NoWebhooks onInbox={() => inbox.mutate()} busy={inbox.isPending} error={inbox.error?.message ?? null} reason={reason} origin={window.location.origin} />
      </Page>
    );
  }
  const add = reason === null ? <LinkButton to="/webhooks/new">{t("add")}</LinkButton> : <ActionButton reason={reason}>{t("add")}</ActionButton>;
  return (
    <Page title={t("title")} lead={<ListLead rows={all} status={filter.status} />} actions={add}>
      <Group justify="space-between" gap="xs">
        <ListFilters filter={filter} onChange={(change) => void navigate({ to: ".", search: (before) => ({ ...before, ...change }), replace: true })} />
        {rows.length < all.length && <Text size="sm" c="dimmed" role="status">{t("list.shown", { shown: count(rows.length), all: count(all.length) })}</Text>}
      </Group>
      {rows.length > 0 ? (
        <WebhookTable rows={rows} stats={stats} rules={rules} onOpen={(id) => void navigate({ to: "/webhooks/$id", params: { id } })} />
      ) : (
        <EmptyState title={t("common:empty.nothingMatches")}>{t("common:empty.nothingMatchesHint")}</EmptyState>
      )}
    </Page>
  );
}

/** Makes an inbox and a webhook to it, and goes where a sample is sent to it and seen to arrive. */
function useInbox(name: string) {
  const client = useQueryClient();
  const navigate = useNavigate();
  return useMutation({
    mutationFn: () => makeTestInbox(name),
    onSettled: async (_made, error) => {
      // What the next page reads; also after a failure, for the inbox may be there.
      client.removeQueries({ queryKey: ["inboxes"] });
      await client.invalidateQueries({ queryKey: ["endpoints"] });
      if (error === null) await navigate({ to: "/start" });
    },
  });
}
