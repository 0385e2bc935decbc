import { Button, Group } from "@mantine/core";
import { useSuspenseInfiniteQuery, useSuspenseQuery } from "@tanstack/react-query";
import { createFileRoute } from "@tanstack/react-router";
import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import * as z from "zod/mini";

import { useMe } from "@/api/me";
import { AuditDetails } from "@/features/audit/AuditDetails";
import { AuditFilters } from "@/features/audit/AuditFilters";
import { AuditTable } from "@/features/audit/AuditTable";
import { actorsQuery, auditQuery } from "@/features/audit/queries";
import { useActionText, useActorText } from "@/features/audit/words";
import { moment, text } from "@/lib/list-search";
import { Beside } from "@/ui/Beside";
import { EmptyState } from "@/ui/EmptyState";
import { ListFoot } from "@/ui/ListFoot";
import { Note } from "@/ui/Note";
import { Page } from "@/ui/Page";

export const Route = createFileRoute("/_app/audit-log")({
  validateSearch: z.object({ actor: text(), action: text(), subject: text(), since: moment, until: moment, line: text() }),
  loaderDeps: ({ search: { actor, action, subject, since, until } }) => ({ actor, action, subject, since, until }),
  loader: ({ context, deps }) => Promise.all([context.queryClient.ensureInfiniteQueryData(auditQuery(deps)), context.queryClient.ensureQueryData(actorsQuery)]),
  component: AuditLogPage,
});

function AuditLogPage() {
  const { t } = useTranslation(["audit", "common"]);
  const filter = Route.useLoaderDeps();
  const { line: open } = Route.useSearch();
  const navigate = Route.useNavigate();
  const { data, hasNextPage, fetchNextPage, isFetchingNextPage } = useSuspenseInfiniteQuery(auditQuery(filter));
  const { data: actors } = useSuspenseQuery(actorsQuery);
  const { me } = useMe();
  const actorText = useActorText(actors, me.user.id);
  const actionText = useActionText();
  const lines = data.pages.flatMap((page) => page.data);
  const cut = data.pages.at(-1)?.cut ?? false;
  const line = lines.find(({ id }) => id === open);
  const show = useCallback((id: string | undefined) => void navigate({ search: (before) => ({ ...before, line: id }), replace: true }), [navigate]);
  const openLine = useCallback(({ id }: { id: string }) => show(id), [show]);
  const filtered = Object.values(filter).some((value) => value !== undefined);
  return (
    <Page title={t("title")} lead={t("lead")}>
      <AuditFilters
        filter={filter}
        actors={actors}
        actorText={actorText}
        onChange={(change) => void navigate({ search: (before) => ({ ...before, ...change, line: undefined }), replace: true })}
      />
      {open !== undefined && line === undefined && <Note tone="wait">{t("furtherDown", { count: lines.length })}</Note>}
      <Beside
        open={line ? { id: line.id, pane: <AuditDetails line={line} actor={actorText(line.actor)} /> } : null}
        title={line ? actionText(line.action) : t("line")}
        onClose={() => show(undefined)}
      >
        {lines.length === 0 && !cut ? (
          <EmptyState title={filtered ? t("common:empty.nothingMatches") : t("none")}>{filtered ? t("common:empty.nothingMatchesHint") : undefined}</EmptyState>
        ) : lines.length > 0 && (
          <AuditTable lines={lines} actorText={actorText} open={line?.id ?? null} onOpen={openLine} />
        )}
        {cut && (
          <ListFoot rows={lines} cut more loadingMore={isFetchingNextPage} failed={false} loadMore={() => void fetchNextPage()} />
        )}
        {hasNextPage && !cut && (
          <Group justify="center" mt="md">
            <Button variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>{t("common:loadMore")}</Button>
          </Group>
        )}
      </Beside>
    </Page>
  );
}
