import { Alert, Loader, Text } from "@mantine/core";
import { useInfiniteQuery, useMutation, useQuery, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { createFileRoute, Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { type Endpoint, endpointName, endpointsQuery } from "@/api/endpoints";
import { type Inbox, inboxesQuery, inboxRequestsQuery, useInboxPace } from "@/api/inboxes";
import { useMe } from "@/api/me";
import { RequestView } from "@/features/inboxes/RequestView";
import { verdictOf } from "@/features/inboxes/signature";
import { Next } from "@/features/start/Next";
import { type Progress, progressOf } from "@/features/start/progress";
import { makeFirst, newestQuery, sendEvent, sendSample, TYPE } from "@/features/start/queries";
import { SendStep } from "@/features/start/SendStep";
import { Step, Steps } from "@/features/start/Steps";
import { takersOf } from "@/features/start/takers";
import { ActionButton } from "@/ui/ActionButton";
import { Page } from "@/ui/Page";

export const Route = createFileRoute("/_app/start")({
  loader: async ({ context: { queryClient } }) => {
    const [inboxes, endpoints] = await Promise.all([queryClient.ensureQueryData(inboxesQuery), queryClient.ensureQueryData(endpointsQuery)]);
    const progress = progressOf(inboxes, endpoints);
    if (progress.step === "inbox") return;
    const { pages } = await queryClient.ensureInfiniteQueryData(inboxRequestsQuery(progress.inbox.id));
    const newest = pages[0]?.data[0];
    if (newest !== undefined) await queryClient.prefetchQuery(newestQuery(progress.inbox.id, newest.id));
  },
  component: StartPage,
});

function StartPage() {
  const { t } = useTranslation("start");
  const { data: inboxes } = useSuspenseQuery(inboxesQuery);
  const { data: endpoints } = useSuspenseQuery(endpointsQuery);
  const progress = progressOf(inboxes, endpoints);
  if (progress.step === "sample") return <Ready key={progress.inbox.id} inbox={progress.inbox} webhook={progress.webhook} others={takersOf(endpoints, TYPE).filter(({ id }) => id !== progress.webhook.id)} />;
  return (
    <Page title={t("title")} lead={t("lead.inbox")}>
      <Steps>
        <Step number={1} state="now" title={t("one.title")}><MakeStep progress={progress} /></Step>
        <Step number={2} state="later" title={t("two.title")} />
        <Step number={3} state="later" title={t("three.title")} />
      </Steps>
      <Next ready={false} />
    </Page>
  );
}

function MakeStep({ progress }: { progress: Extract<Progress, { step: "inbox" }> }) {
  const { t } = useTranslation(["start", "common"]);
  const { can } = useMe();
  const client = useQueryClient();
  const make = useMutation({
    mutationFn: () => makeFirst(progress.inbox, t("one.webhookName")),
    // Also after a failure: the inbox may be there, and the next click goes on from it.
    onSettled: () => Promise.all([client.invalidateQueries({ queryKey: ["endpoints"] }), client.invalidateQueries({ queryKey: ["inboxes"] })]),
  });
  return (
    <>
      <Text size="sm" c="dimmed">{t("one.text")}</Text>
      <div>
        <ActionButton reason={can("endpoints:write") ? null : t("common:noPermission")} loading={make.isPending} onClick={() => make.mutate()}>
          {progress.inbox === null ? t("one.action") : t("one.finish")}
        </ActionButton>
      </div>
      {make.error && <Alert color="red" role="alert">{make.error.message}</Alert>}
    </>
  );
}

function Ready({ inbox, webhook, others }: { inbox: Inbox; webhook: Endpoint; others: readonly Endpoint[] }) {
  const { t } = useTranslation(["start", "common"]);
  const { can } = useMe();
  const client = useQueryClient();
  const pace = useInboxPace();
  const { data: newest } = useInfiniteQuery({ ...inboxRequestsQuery(inbox.id), select: ({ pages }) => pages[0]?.data[0], refetchInterval: pace });
  const { data: request } = useQuery(newestQuery(inbox.id, newest?.id));
  // What was sent has most often arrived when the answer is here: it is asked for at once.
  const onSuccess = (): Promise<void> => client.invalidateQueries({ queryKey: inboxRequestsQuery(inbox.id).queryKey });
  const send = useMutation({ mutationFn: (way: "sample" | "event") => (way === "sample" ? sendSample(webhook) : sendEvent()), onSuccess });
  const arrived = request !== undefined;
  const verified = arrived && verdictOf(request.signature) === "verified";
  const sent = send.data ?? null;
  const lead = verified ? "arrived" : arrived ? "arrivedOther" : sent !== null ? "waiting" : "sample";
  const forbidden = t("common:noPermission");
  return (
    <Page title={t("title")} lead={t(`lead.${lead}`)}>
      <Steps>
        <Step number={1} state="done" title={t("one.title")}>
          <Text size="sm">
            <Made webhook={webhook} inbox={inbox} />
          </Text>
        </Step>
        <Step number={2} state={arrived ? "done" : "now"} title={t("two.title")}>
          <SendStep
            url={inbox.url}
            others={others}
            again={arrived}
            reasons={{ sample: can("endpoints:write") ? null : forbidden, event: can("events:write") ? null : forbidden }}
            sending={send.isPending ? send.variables : null}
            sent={sent}
            refused={send.error?.message ?? null}
            onSend={send.mutate}
          />
        </Step>
        <Step number={3} state={arrived ? "done" : sent !== null ? "now" : "later"} title={t("three.title")}>
          <div role="status" className="hf-ear">{arrived && t(`lead.${lead}`)}</div>
          {arrived ? <RequestView inbox={inbox} request={request} /> : <Waiting sent={sent !== null} live={pace !== false} />}
          {arrived && <Link to="/inboxes/$id" params={{ id: inbox.id }} className="hf-link">{t("three.all")}</Link>}
        </Step>
      </Steps>
      <Next ready={verified} />
    </Page>
  );
}

function Made({ webhook, inbox }: { webhook: Endpoint; inbox: Inbox }) {
  const { t } = useTranslation("start");
  return (
    <>
      <Link to="/webhooks/$id" params={{ id: webhook.id }} className="hf-link">{t("one.done", { name: endpointName(webhook) })}</Link>{" "}
      <Link to="/inboxes/$id" params={{ id: inbox.id }} className="hf-link hf-mono" style={{ overflowWrap: "anywhere" }}>{inbox.url}</Link>
    </>
  );
}

function Waiting({ sent, live }: { sent: boolean; live: boolean }) {
  const { t } = useTranslation("start");
  if (!live) return <Text size="sm">{t("three.paused")}</Text>;
  if (!sent) return <Text size="sm" c="dimmed">{t("three.later")}</Text>;
  return <Text size="sm"><Loader size="xs" type="dots" aria-hidden /> {t("three.waiting")}</Text>;
}
