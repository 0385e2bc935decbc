import { infiniteQueryOptions, type QueryClient, useQueryClient, useSuspenseInfiniteQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";

import { currentCompany } from "./client";
import { type LiveKind, live } from "./live";
import { type ListPage, missing, pagesInSight, placesOf, rowsOf, type Sight } from "./long-list-pages";

type Ask<Row> = (cursor: string | undefined, signal?: AbortSignal) => Promise<{ data: Row[]; cut?: boolean; next_cursor?: string | null }>;

/** A list that only grows at its beginning, read page by page; its rows change where they stand. */
export function longList<Row extends { id: string }>(key: readonly unknown[], ask: Ask<Row>) {
  const page = async (cursor: string | null, signal?: AbortSignal): Promise<ListPage<Row>> => {
    const { data, cut = false, next_cursor = null } = await ask(cursor ?? undefined, signal);
    return { rows: data, cut, next: next_cursor, at: Date.now() };
  };
  const options = infiniteQueryOptions({
    // Not under the words that the live stream makes old: thousands of rows would be read again at every change.
    queryKey: ["list", ...key],
    queryFn: ({ pageParam, signal }) => page(pageParam, signal),
    initialPageParam: FIRST,
    getNextPageParam: (last) => last.next,
    staleTime: Infinity,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });
  return { options, page };
}

const FIRST: string | null = firstPage();
function firstPage(): string | null {
  return null;
}

export type LongList<Row extends { id: string }> = ReturnType<typeof longList<Row>>;
type Data<Row> = { pages: ListPage<Row>[]; pageParams: (string | null)[] };

/** Whatever happens in between is read at once; a search that takes long is not asked for without end. */
const PACE_MS = 1_500;
/** Rows that come into sight are read again when they are older than this. */
const OLD_MS = 15_000;
/** A list that is opened again is as it was left; older than this it is read again. */
const KEPT_MS = 1_000;
/** How many rows before the end the next page is asked for. */
const AHEAD_ROWS = 40;

/**
 * A long list that is followed: at its top the new rows come in; further down nothing moves, what is in sight is
 * kept true, and `news` says how many have come at the top.
 */
export function useLongList<Row extends { id: string }>(list: LongList<Row>, live: { kinds: readonly LiveKind[]; everyMs?: number }) {
  const client = useQueryClient();
  const { data, hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage } = useSuspenseInfiniteQuery(list.options);
  const rows = useMemo(() => rowsOf(data.pages), [data]);
  const places = useMemo(() => placesOf(data.pages), [data]);
  const [news, setNews] = useState(0);
  const sight = useRef<Sight>({ first: 0, last: 0 });
  const fetchingNext = useRef(false);
  fetchingNext.current = isFetchingNextPage;
  const refresh = useCallback(async () => {
    if (!fetchingNext.current) setNews(await readAgain(client, list, sight));
  }, [client, list]);
  const refreshSoon = useFollow(refresh, live);
  useEffect(() => {
    // Another filter is another list; one that was kept from before is read again once.
    setNews(0);
    const at = client.getQueryData(list.options.queryKey)?.pages[0]?.at ?? 0;
    if (Date.now() - at > KEPT_MS) void refresh().catch(() => undefined);
  }, [client, list, refresh]);

  const lastPage = data.pages.at(-1);
  const goOn = hasNextPage && !isFetchingNextPage && !isFetchNextPageError && lastPage?.cut === false;
  const onRange = useCallback((first: number, last: number) => {
    sight.current = { first, last };
    if (goOn && last > rows.length - AHEAD_ROWS) void fetchNextPage();
    const old = pagesInSight(places, sight.current).some((index) => Date.now() - (data.pages[index]?.at ?? 0) > OLD_MS);
    if (old || (first === 0 && news > 0)) refreshSoon();
  }, [goOn, rows.length, fetchNextPage, data, places, news, refreshSoon]);

  return {
    rows,
    news,
    /** The last search ended before it had seen everything. */
    cut: lastPage?.cut === true && hasNextPage,
    more: hasNextPage,
    loadingMore: isFetchingNextPage,
    failed: isFetchNextPageError,
    loadMore: () => void fetchNextPage(),
    refresh: () => void refresh(),
    /** Goes to the newest rows and reads them, also while live updates are paused: somebody asked for them. */
    toTop: () => {
      window.scrollTo({ top: 0 });
      sight.current = { first: 0, last: 0 };
      void refresh().catch(() => undefined);
    },
    onRange,
  };
}

/** Reads again what is in sight, and gives how many new rows are above it. */
async function readAgain<Row extends { id: string }>(client: QueryClient, list: LongList<Row>, sight: { current: Sight }): Promise<number> {
  const key = list.options.queryKey;
  const before = client.getQueryData<Data<Row>>(key);
  if (before === undefined) return 0;
  const company = currentCompany();
  if (sight.current.first === 0) {
    const fresh = await readTop(list, sight.current.last + 1);
    // These are rows of a company that nobody looks at any more.
    if (currentCompany() !== company) return 0;
    // Whoever scrolled away meanwhile keeps what they see.
    if (sight.current.first !== 0) return missing(rowsOf(before.pages), rowsOf(fresh.pages));
    // What is below comes again, and new, when somebody scrolls to it.
    client.setQueryData<Data<Row>>(key, fresh);
    return 0;
  }
  const wanted = pagesInSight(placesOf(before.pages), sight.current).filter((index) => index > 0).map((index) => before.pageParams[index] ?? null);
  const [newest, ...fresh] = await Promise.all([list.page(null), ...wanted.map((cursor) => list.page(cursor))]);
  if (currentCompany() !== company) return 0;
  const now = client.setQueryData<Data<Row>>(key, (data) => data && {
    ...data,
    pages: data.pages.map((page, index) => fresh[wanted.indexOf(data.pageParams[index] ?? null)] ?? page),
  });
  return newest && now ? missing(rowsOf(now.pages), newest.rows) : 0;
}

/** The first pages, as many as hold so many rows. */
async function readTop<Row extends { id: string }>(list: LongList<Row>, rows: number): Promise<Data<Row>> {
  const data: Data<Row> = { pages: [], pageParams: [] };
  let cursor: string | null = null;
  let have = 0;
  do {
    const page: ListPage<Row> = await list.page(cursor);
    data.pages.push(page);
    data.pageParams.push(cursor);
    have += page.rows.length;
    cursor = page.next;
  } while (cursor !== null && have < rows);
  return data;
}

/** Calls `refresh` when the stream tells of something, and every so often where it does not tell of everything. */
function useFollow(refresh: () => Promise<void>, { kinds, everyMs }: { kinds: readonly LiveKind[]; everyMs?: number }): () => void {
  const soon = useRef<() => void>(() => undefined);
  const told = kinds.join(" ");
  useEffect(() => {
    // A subscription to the stream, with its timers.
    let timer: ReturnType<typeof setTimeout> | null = null;
    let pause = PACE_MS;
    let running = false;
    let again = false;
    const run = async (): Promise<void> => {
      timer = null;
      running = true;
      const began = Date.now();
      // A refresh that fails leaves what is shown; the next one comes with the next change.
      await refresh().catch(() => undefined);
      running = false;
      pause = Math.max(PACE_MS, 3 * (Date.now() - began));
      if (again) ask();
    };
    const ask = (): void => {
      again = running;
      if (!running) timer ??= setTimeout(() => void run(), pause);
    };
    soon.current = () => {
      if (live.get() !== "paused") ask();
    };
    const end = live.listen(({ kind }) => {
      if (kind === "reset" || kind === "skipped" || told.includes(kind)) ask();
    });
    const ticks = everyMs === undefined ? undefined : setInterval(() => live.get() === "live" && ask(), everyMs);
    return () => {
      end();
      clearInterval(ticks);
      if (timer !== null) clearTimeout(timer);
    };
  }, [refresh, told, everyMs]);
  return useCallback(() => soon.current(), []);
}
