import { Button, Group, Loader, Stack, Text, Title } from "@mantine/core";
import { useMutation, useQueryClient, useSuspenseInfiniteQuery, useSuspenseQuery } from "@tanstack/react-query";
import { createFileRoute, Link, useNavigate } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import * as z from "zod/mini";

import { endpointsQuery } from "@/api/endpoints";
import {
  changeInbox, clearInbox, createInboxWebhook, deleteInbox, type Inbox, inboxesQuery, inboxQuery, inboxRequestsQuery,
  type InboxRequestSummary, sendsTo, useInboxPace,
} from "@/api/inboxes";
import { useMe } from "@/api/me";
import { AnswerPanel } from "@/features/inboxes/AnswerPanel";
import { answerParts } from "@/features/inboxes/answers";
import { InboxActions } from "@/features/inboxes/InboxActions";
import { InboxHead, InboxLead } from "@/features/inboxes/InboxHead";
import { RequestList } from "@/features/inboxes/RequestList";
import { OpenRequest } from "@/features/inboxes/RequestView";
import { Beside } from "@/ui/Beside";
import { Page } from "@/ui/Page";
import { failed, told } from "@/ui/toast";

export const Route = createFileRoute("/_app/inboxes/$id")({
  validateSearch: z.object({ request: z.optional(z.catch(z.optional(z.string()), undefined)) }),
  loader: ({ context: { queryClient }, params }) =>
    Promise.all([
      queryClient.ensureQueryData(inboxQuery(params.id)),
      queryClient.ensureInfiniteQueryData(inboxRequestsQuery(params.id)),
      queryClient.ensureQueryData(endpointsQuery),
    ]),
  component: InboxPage,
});

function InboxPage() {
  const { t } = useTranslation(["inboxes", "common"]);
  const { id } = Route.useParams();
  const { can } = useMe();
  const { data: inbox } = useSuspenseQuery(inboxQuery(id));
  const { data: endpoints } = useSuspenseQuery(endpointsQuery);
  const actions = useActions(inbox);
  const senders = endpoints.filter((endpoint) => sendsTo(endpoint, inbox));
  const reason = can("endpoints:write") ? null : t("common:noPermission");
  return (
    <Page
      title={t("one.title")}
      before={<Link to="/inboxes" className="hf-link">{t("list.label")}</Link>}
      lead={<InboxLead inbox={inbox} />}
      actions={<InboxActions inbox={inbox} senders={senders.length} reason={reason} {...actions} />}
    >
      <InboxHead inbox={inbox} webhooks={senders} />
      <AnswerPanel inbox={inbox} reason={reason} onSwitch={actions.onSwitch} />
      <Requests inbox={inbox} />
    </Page>
  );
}

/** What is done with the inbox; all that this makes old is fetched again. */
function useActions(inbox: Inbox) {
  const { t } = useTranslation("inboxes");
  const client = useQueryClient();
  const navigate = useNavigate();
  const close = (): Promise<void> => navigate({ to: ".", search: (before) => ({ ...before, request: undefined }), replace: true });
  const webhook = useMutation({
    mutationFn: () => createInboxWebhook(inbox, t("one.webhookName")),
    onSuccess: () => {
      told(t("one.webhookMade"));
      return client.invalidateQueries({ queryKey: ["endpoints"] });
    },
    onError: failed,
  });
  return {
    onWebhook: () => webhook.mutateAsync(),
    onSwitch: async (change: { answer_status: number; answer_delay_ms: number }) => {
      const changed = await changeInbox(inbox.id, change);
      client.setQueryData(inboxQuery(inbox.id).queryKey, changed);
      const { key, status, delay } = answerParts(changed);
      told(t("answer.switched", { answer: t(key, { status, delay }) }));
    },
    onClear: async () => {
      await clearInbox(inbox.id);
      await close();
      await client.invalidateQueries({ queryKey: ["inboxes"] });
      told(t("one.cleared"));
    },
    onDelete: async () => {
      await deleteInbox(inbox.id);
      // First away from the page, or it would ask for what is gone.
      await navigate({ to: "/inboxes", search: (before) => ({ ...before, request: undefined }) });
      client.removeQueries({ queryKey: inboxQuery(inbox.id).queryKey, type: "inactive" });
      client.removeQueries({ queryKey: inboxRequestsQuery(inbox.id).queryKey, type: "inactive" });
      await client.invalidateQueries({ queryKey: inboxesQuery.queryKey });
      told(t("one.deleted"));
    },
  };
}

function Requests({ inbox }: { inbox: Inbox }) {
  const { t } = useTranslation(["inboxes", "common"]);
  const navigate = useNavigate();
  const { request = null } = Route.useSearch();
  const pace = useInboxPace();
  const { data, hasNextPage, isFetchingNextPage, fetchNextPage } = useSuspenseInfiniteQuery({ ...inboxRequestsQuery(inbox.id), refetchInterval: pace });
  const requests = data.pages.flatMap((page) => page.data);
  const news = useArrivals(inbox, requests[0]);
  const open = (id: string | undefined): void => void navigate({ to: ".", search: (before) => ({ ...before, request: id }), replace: request !== null, resetScroll: false });
  return (
    <Stack gap="sm">
      <Title order={2}>{t("requests.title")}</Title>
      <div role="status" className="hf-ear">{news}</div>
      <Beside
        open={request === null ? null : { id: request, pane: <OpenRequest inbox={inbox} id={request} /> }}
        title={t("request.title")}
        onClose={() => open(undefined)}
      >
        {requests.length === 0 ? <NothingYet live={pace !== false} /> : <RequestList inbox={inbox.id} requests={requests} open={request} onOpen={(row) => open(row.id)} />}
        {hasNextPage && <Group justify="center" mt="sm"><Button variant="default" size="xs" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>{t("common:loadMore")}</Button></Group>}
      </Beside>
    </Stack>
  );
}

function NothingYet({ live }: { live: boolean }) {
  const { t } = useTranslation("inboxes");
  return (
    <Stack className="hf-panel" align="center" gap="xs" p="xl" ta="center">
      {live && <Loader size="sm" type="dots" aria-hidden />}
      <Text fw={600}>{t("requests.waiting")}</Text>
      <Text size="sm" c="dimmed">{live ? t("requests.waitingHint") : t("requests.paused")}</Text>
    </Stack>
  );
}

/** Tells the ear what came, and has the inbox's own numbers fetched again. */
function useArrivals(inbox: Inbox, newest: InboxRequestSummary | undefined): string {
  const { t } = useTranslation("inboxes");
  const client = useQueryClient();
  const last = useRef(newest?.id);
  const [news, setNews] = useState("");
  // What comes in from outside while the page is there.
  useEffect(() => {
    if (newest === undefined || newest.id === last.current) return;
    last.current = newest.id;
    setNews(t("requests.arrived", { what: newest.event_type ?? `${newest.method} ${newest.path}` }));
    void client.invalidateQueries({ queryKey: inboxQuery(inbox.id).queryKey });
  }, [newest, inbox.id, client, t]);
  return news;
}
