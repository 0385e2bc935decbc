import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient, useSuspenseInfiniteQuery } from "@tanstack/react-query";
import { createFileRoute, Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { cancelJob } from "@/api/jobs";
import { useMe } from "@/api/me";
import { JobList } from "@/features/jobs/JobList";
import { jobsQuery, namesQuery } from "@/features/jobs/queries";
import { EmptyState } from "@/ui/EmptyState";
import { Page } from "@/ui/Page";
import { failed, told } from "@/ui/toast";

export const Route = createFileRoute("/_app/jobs")({
  loader: ({ context }) => context.queryClient.ensureInfiniteQueryData(jobsQuery),
  component: JobsPage,
});

const NO_NAMES = new Map<string, string>();

function JobsPage() {
  const { t } = useTranslation(["jobs", "common"]);
  const client = useQueryClient();
  const { me, can } = useMe();
  const { data, hasNextPage, fetchNextPage, isFetchingNextPage } = useSuspenseInfiniteQuery(jobsQuery);
  const { data: names = NO_NAMES } = useQuery({ ...namesQuery, enabled: can("admin") });
  const stop = useMutation({
    mutationFn: cancelJob,
    onSuccess: () => told(t("stopped")),
    onError: failed,
    onSettled: () => client.invalidateQueries({ queryKey: ["jobs"] }),
  });
  const jobs = data.pages.flatMap((page) => page.data);
  const running = jobs.filter((job) => job.state === "running").length;
  return (
    <Page title={t("title")} lead={running > 0 ? t("running", { count: running }) : t("noneRuns")}>
      {jobs.length === 0 ? (
        <EmptyState title={t("none")} actions={<Link className="hf-link" to="/deliveries">{t("toDeliveries")}</Link>}>{t("noneHint")}</EmptyState>
      ) : (
        <JobList jobs={jobs} meId={me.user.id} names={names} mayWrite={can("deliveries:write")} onStop={(id) => stop.mutate(id)} stoppingId={stop.isPending ? stop.variables : null} />
      )}
      {hasNextPage && <Button variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()} style={{ alignSelf: "center" }}>{t("common:loadMore")}</Button>}
    </Page>
  );
}
