import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { createFileRoute, useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import * as z from "zod/mini";

import { endpointsQuery } from "@/api/endpoints";
import { limitsQuery } from "@/api/limits";
import { useLiveState } from "@/api/live";
import { endpointsStatsQuery, overviewQuery, twiceAsLongQuery } from "@/api/stats";
import { AttemptsChart } from "@/features/overview/AttemptsChart";
import { failureGroups } from "@/features/overview/failures";
import { Failures } from "@/features/overview/Failures";
import { Figures } from "@/features/overview/Figures";
import { FirstSteps } from "@/features/overview/FirstSteps";
import { Lead } from "@/features/overview/Lead";
import { standingsOf, verdictOf } from "@/features/overview/verdict";
import { WebhooksByStatus } from "@/features/overview/WebhooksByStatus";
import { type Range, rangeStart, RANGES } from "@/lib/ranges";
import { before } from "@/lib/series";
import { Page } from "@/ui/Page";
import { RangeSwitch } from "@/ui/RangeSwitch";

const DEFAULT: Range = "24h";
/** How often failures are asked for while live: see endpointsStatsQuery. */
const FAILURES_PACE_MS = 10_000;

export const Route = createFileRoute("/_app/")({
  validateSearch: z.object({ range: z.optional(z.catch(z.optional(z.enum(RANGES)), undefined)) }),
  loaderDeps: ({ search }) => ({ range: search.range ?? DEFAULT }),
  loader: ({ context: { queryClient }, deps: { range } }) =>
    Promise.all([
      queryClient.ensureQueryData(overviewQuery(range)),
      queryClient.ensureQueryData(twiceAsLongQuery(range)),
      queryClient.ensureQueryData(endpointsStatsQuery(range)),
      queryClient.ensureQueryData(endpointsQuery),
      // So that a suspended company is not told for a moment that all is well.
      queryClient.prefetchQuery(limitsQuery),
    ]),
  component: OverviewPage,
});

function OverviewPage() {
  const { t } = useTranslation("overview");
  const { range = DEFAULT } = Route.useSearch();
  const navigate = useNavigate();
  const { data: overview } = useSuspenseQuery(overviewQuery(range));
  const { data: endpoints } = useSuspenseQuery(endpointsQuery);
  const { data: limits } = useQuery(limitsQuery);
  const verdict = verdictOf(overview, endpoints, Boolean(limits?.suspended_since));
  if (verdict.kind === "none") return <Page title={t("title")}><FirstSteps /></Page>;
  const choose = (next: Range): void =>
    void navigate({ to: "/", search: (old) => ({ ...old, range: next === DEFAULT ? undefined : next }), replace: true, resetScroll: false });
  return (
    <Page title={t("title")} lead={<Lead verdict={verdict} />} actions={<RangeSwitch range={range} onChange={choose} />}>
      <Numbers range={range} />
      <WebhooksByStatus standings={standingsOf(endpoints)} />
      <AttemptsChart stats={overview.stats} range={range} />
      <LatestFailures range={range} />
    </Page>
  );
}

function Numbers({ range }: { range: Range }) {
  const { data: overview } = useSuspenseQuery(overviewQuery(range));
  const { data: both } = useSuspenseQuery(twiceAsLongQuery(range));
  const earlier = useMemo(() => before(both.stats, rangeStart(range, new Date(both.stats.until)).toISOString()), [both, range]);
  return <Figures stats={overview.stats} range={range} earlier={earlier} />;
}

function LatestFailures({ range }: { range: Range }) {
  const paused = useLiveState() === "paused";
  const { data: stats } = useSuspenseQuery({ ...endpointsStatsQuery(range), refetchInterval: paused ? false : FAILURES_PACE_MS });
  const { data: endpoints } = useSuspenseQuery(endpointsQuery);
  const groups = useMemo(() => failureGroups(stats, endpoints), [stats, endpoints]);
  return <Failures groups={groups} range={range} />;
}
