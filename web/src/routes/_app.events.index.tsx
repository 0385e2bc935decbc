import { Button, Group, Stack } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { createFileRoute, Link, useRouterState } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import { useTranslation } from "react-i18next";

import { typeChoicesQuery } from "@/api/event-types";
import { useLongList } from "@/api/long-list";
import { EventPanel } from "@/features/events/EventPanel";
import { EventTable } from "@/features/events/EventTable";
import { type EventFilter, eventSearch, filterOf } from "@/features/events/filter";
import { FilterBar } from "@/features/events/FilterBar";
import { type Event, eventList } from "@/features/events/queries";
import { useChips } from "@/features/events/useChips";
import { count } from "@/lib/numbers";
import { EmptyState } from "@/ui/EmptyState";
import { FilterChips } from "@/ui/FilterChips";
import { ListFoot, NewsPill } from "@/ui/ListFoot";
import { Page } from "@/ui/Page";
import { SidePanel, useRoomBeside, WithPanel } from "@/ui/SidePanel";

export const Route = createFileRoute("/_app/events/")({
  validateSearch: eventSearch,
  loaderDeps: ({ search }) => filterOf(search),
  loader: ({ context, deps }) => context.queryClient.ensureInfiniteQueryData(eventList(deps).options),
  // A search may take two seconds; the list before it stays meanwhile, and with it what one types.
  pendingMs: 3_000,
  component: EventsPage,
});

/** The stream tells of deliveries; events that go nowhere are asked for. */
const FOLLOWED = { kinds: ["delivery"] as const, everyMs: 10_000 };

function EventsPage() {
  const { t } = useTranslation(["events", "lists"]);
  const filter = Route.useLoaderDeps();
  const { open } = Route.useSearch();
  const navigate = Route.useNavigate();
  const { data: types = [] } = useQuery(typeChoicesQuery);
  const list = useLongList(useMemo(() => eventList(filter), [filter]), FOLLOWED);
  const room = useRoomBeside();
  const searching = useRouterState({ select: (state) => state.isLoading });

  const change = useCallback((part: EventFilter) => void navigate({ search: (before) => ({ ...before, ...part, open: undefined }) }), [navigate]);
  const openRow = useCallback((row: Event) => {
    // A second click, or a narrow screen: the whole page.
    if (!room || row.id === open) void navigate({ to: "/events/$id", params: { id: row.id } });
    else void navigate({ search: (before) => ({ ...before, open: row.id }), resetScroll: false });
  }, [navigate, open, room]);
  const close = (): void => void navigate({ search: (before) => ({ ...before, open: undefined }), resetScroll: false });
  const chips = useChips(filter, change);
  const clear = (): void => void navigate({ search: ({ company }) => ({ company }) });
  const shown = room ? open : undefined;
  return (
    <Page
      title={t("title")}
      lead={<span role="status">{t("lists:loaded", { count: list.rows.length, rows: count(list.rows.length) })}{list.more && !list.cut && `; ${t("lists:moreThere")}`}</span>}
    >
      <Stack gap="xs">
        <FilterBar filter={filter} types={types} onChange={change} />
        <FilterChips chips={chips} onClear={clear} />
      </Stack>
      <WithPanel panel={shown && <SidePanel id={shown} title={t("event")} page={{ to: "/events/$id", params: { id: shown } }} onClose={close}><EventPanel id={shown} /></SidePanel>}>
        <NewsPill news={list.news} onTop={list.toTop} />
        <Stack gap="xs" aria-busy={searching} style={{ opacity: searching ? 0.6 : 1 }}>
          {list.rows.length > 0 && <EventTable rows={list.rows} openId={shown ?? null} onOpen={openRow} beside={room} onRange={list.onRange} />}
          {list.rows.length === 0 && !list.cut && <Nothing filtered={chips.length > 0} onClear={clear} />}
          <ListFoot {...list} />
        </Stack>
      </WithPanel>
    </Page>
  );
}

function Nothing({ filtered, onClear }: { filtered: boolean; onClear: () => void }) {
  const { t } = useTranslation(["events", "common"]);
  if (filtered) return <EmptyState title={t("common:empty.nothingMatches")} actions={<Button variant="default" onClick={onClear}>{t("clearFilters")}</Button>}>{t("common:empty.nothingMatchesHint")}</EmptyState>;
  const links = <Group><Link className="hf-link" to="/sources">{t("toSources")}</Link><Link className="hf-link" to="/tokens">{t("toTokens")}</Link></Group>;
  return <EmptyState title={t("none")} actions={links}>{t("noneHint")}</EmptyState>;
}
