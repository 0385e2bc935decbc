import { Button, Stack } from "@mantine/core";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { createFileRoute, Link, useRouterState } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import { useTranslation } from "react-i18next";

import { endpointsQuery } from "@/api/endpoints";
import { typeChoicesQuery } from "@/api/event-types";
import { useLongList } from "@/api/long-list";
import { useMe } from "@/api/me";
import { Bulk } from "@/features/deliveries/Bulk";
import { DeliveryPanel } from "@/features/deliveries/DeliveryPanel";
import { DeliveryTable } from "@/features/deliveries/DeliveryTable";
import { without } from "@/features/deliveries/each";
import { type DeliveryFilter, deliverySearch, filterOf } from "@/features/deliveries/filter";
import { FilterBar } from "@/features/deliveries/FilterBar";
import { type Delivery, deliveryList } from "@/features/deliveries/queries";
import { SelectedBar } from "@/features/deliveries/SelectedBar";
import { useChips } from "@/features/deliveries/useChips";
import { useSelection } from "@/features/deliveries/useSelection";
import { count } from "@/lib/numbers";
import { EmptyState } from "@/ui/EmptyState";
import { FilterChips } from "@/ui/FilterChips";
import { ListFoot, NewsPill } from "@/ui/ListFoot";
import { Page } from "@/ui/Page";
import { SidePanel, useRoomBeside, WithPanel } from "@/ui/SidePanel";

export const Route = createFileRoute("/_app/deliveries/")({
  validateSearch: deliverySearch,
  loaderDeps: ({ search }) => filterOf(search),
  loader: ({ context, deps }) =>
    Promise.all([context.queryClient.ensureInfiniteQueryData(deliveryList(deps).options), context.queryClient.ensureQueryData(endpointsQuery)]),
  // A search may take two seconds; the list before it stays meanwhile, and with it what one types.
  pendingMs: 3_000,
  component: DeliveriesPage,
});

/** The stream tells of attempts; deliveries that are made and held are asked for. */
const FOLLOWED = { kinds: ["attempt", "delivery"] as const, everyMs: 10_000 };

function DeliveriesPage() {
  const { t } = useTranslation(["deliveries", "lists"]);
  const filter = Route.useLoaderDeps();
  const { open } = Route.useSearch();
  const navigate = Route.useNavigate();
  const { can } = useMe();
  const { data: webhooks } = useSuspenseQuery(endpointsQuery);
  const { data: types = [] } = useQuery(typeChoicesQuery);
  const list = useLongList(useMemo(() => deliveryList(filter), [filter]), FOLLOWED);
  const [selected, setSelected] = useSelection(JSON.stringify(filter));
  const room = useRoomBeside();
  const searching = useRouterState({ select: (state) => state.isLoading });

  const change = useCallback((part: DeliveryFilter) => void navigate({ search: (before) => ({ ...before, ...part, open: undefined }) }), [navigate]);
  const openRow = useCallback((row: Delivery) => {
    // A second click, or a narrow screen: the whole page.
    if (!room || row.id === open) void navigate({ to: "/deliveries/$id", params: { id: row.id } });
    else void navigate({ search: (before) => ({ ...before, open: row.id }), resetScroll: false });
  }, [navigate, open, room]);
  const close = (): void => void navigate({ search: (before) => ({ ...before, open: undefined }), resetScroll: false });
  const chips = useChips(filter, webhooks, change);
  const clear = (): void => void navigate({ search: ({ company }) => ({ company }) });
  const ids = Object.keys(selected).filter((id) => selected[id]);
  const mayWrite = can("deliveries:write");
  const bulk = { filter, webhooks, mayWrite, onDone: list.refresh };
  const shown = room ? open : undefined;
  return (
    <Page
      title={t("title")}
      lead={<span role="status">{t("lists:loaded", { count: list.rows.length, rows: count(list.rows.length) })}{list.more && !list.cut && `; ${t("lists:moreThere")}`}</span>}
      actions={<><Bulk kind="retry" {...bulk} /><Bulk kind="cancel" {...bulk} /></>}
    >
      <Stack gap="xs">
        <FilterBar filter={filter} webhooks={webhooks} types={types} onChange={change} />
        <FilterChips chips={chips} onClear={clear} />
      </Stack>
      <WithPanel panel={shown && <SidePanel id={shown} title={t("fact.id")} page={{ to: "/deliveries/$id", params: { id: shown } }} onClose={close}><DeliveryPanel id={shown} onChange={list.refresh} /></SidePanel>}>
        <NewsPill news={list.news} onTop={list.toTop} />
        <Stack gap="xs" aria-busy={searching} style={{ opacity: searching ? 0.6 : 1 }}>
          {list.rows.length > 0 && (
            <DeliveryTable rows={list.rows} webhooks={webhooks} openId={shown ?? null} onOpen={openRow} beside={room} selected={selected} onSelect={setSelected} onRange={list.onRange} />
          )}
          {list.rows.length === 0 && !list.cut && <Nothing filtered={chips.length > 0} onClear={clear} />}
          <ListFoot {...list} />
        </Stack>
        <SelectedBar ids={ids} mayWrite={mayWrite} onClear={() => setSelected({})} onDone={(done) => {
          setSelected((before) => without(before, done));
          list.refresh();
        }} />
      </WithPanel>
    </Page>
  );
}

function Nothing({ filtered, onClear }: { filtered: boolean; onClear: () => void }) {
  const { t } = useTranslation(["deliveries", "common"]);
  if (filtered) return <EmptyState title={t("common:empty.nothingMatches")} actions={<Button variant="default" onClick={onClear}>{t("clearFilters")}</Button>}>{t("common:empty.nothingMatchesHint")}</EmptyState>;
  return <EmptyState title={t("none")} actions={<Link className="hf-link" to="/webhooks">{t("toWebhooks")}</Link>}>{t("noneHint")}</EmptyState>;
}
