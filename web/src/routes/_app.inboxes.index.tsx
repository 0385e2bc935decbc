import { useMutation, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { createFileRoute, useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { createInbox, type Inbox, inboxesQuery, useInboxPace } from "@/api/inboxes";
import { useMe } from "@/api/me";
import { InboxList } from "@/features/inboxes/InboxList";
import { ActionButton } from "@/ui/ActionButton";
import { EmptyState } from "@/ui/EmptyState";
import { LinkButton } from "@/ui/LinkButton";
import { Page } from "@/ui/Page";
import { failed } from "@/ui/toast";

export const Route = createFileRoute("/_app/inboxes/")({
  loader: ({ context }) => context.queryClient.ensureQueryData(inboxesQuery),
  component: InboxesPage,
});

function InboxesPage() {
  const { t } = useTranslation(["inboxes", "common"]);
  const navigate = useNavigate();
  const client = useQueryClient();
  const { can } = useMe();
  const { data: inboxes } = useSuspenseQuery({ ...inboxesQuery, refetchInterval: useInboxPace() });
  const open = (inbox: Inbox): void => void navigate({ to: "/inboxes/$id", params: { id: inbox.id } });
  const make = useMutation({
    mutationFn: createInbox,
    onSuccess: (inbox) => {
      void client.invalidateQueries({ queryKey: inboxesQuery.queryKey });
      open(inbox);
    },
    onError: failed,
  });
  const reason = can("endpoints:write") ? null : t("common:noPermission");
  const button = <ActionButton reason={reason} loading={make.isPending} onClick={() => make.mutate()}>{t("list.make")}</ActionButton>;
  if (inboxes.length === 0) {
    return (
      <Page title={t("list.title")}>
        <EmptyState title={t("list.emptyTitle")} actions={<>{button}<LinkButton variant="default" to="/start">{t("list.firstDelivery")}</LinkButton></>}>
          {t("list.empty")}
        </EmptyState>
      </Page>
    );
  }
  return (
    <Page title={t("list.title")} lead={t("list.lead", { count: inboxes.length })} actions={button}>
      <InboxList inboxes={inboxes} onOpen={open} />
    </Page>
  );
}
