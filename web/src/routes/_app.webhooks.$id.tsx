import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { createFileRoute, Link, Outlet } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import * as z from "zod/mini";

import { endpointName } from "@/api/endpoints";
import { installationQuery } from "@/api/installation";
import { useMe } from "@/api/me";
import { capabilities } from "@/features/webhook/capabilities";
import { Doings } from "@/features/webhook/Doings";
import { standing } from "@/features/webhook/facts";
import { PanelActions } from "@/features/webhook/PanelActions";
import { endpointQuery, goneAtQuery, statsQuery } from "@/features/webhook/queries";
import { StatePanel } from "@/features/webhook/StatePanel";
import { useDoings } from "@/features/webhook/useDoings";
import { WebhookDialogs } from "@/features/webhook/WebhookDialogs";
import { WebhookLead } from "@/features/webhook/WebhookLead";
import { Page } from "@/ui/Page";
import { LinkTabs } from "@/ui/Tabs";

/** `?sample=1` opens the dialog that sends a sample. */
const search = z.object({ sample: z.optional(z.catch(z.literal(1), 1)) });

export const Route = createFileRoute("/_app/webhooks/$id")({
  validateSearch: search,
  loader: ({ context: { queryClient }, params: { id } }) =>
    Promise.all([
      queryClient.ensureQueryData(endpointQuery(id)),
      queryClient.ensureQueryData(statsQuery(id, "24h")),
      queryClient.ensureQueryData(installationQuery),
    ]),
  component: WebhookPage,
});

function WebhookPage() {
  const { id } = Route.useParams();
  const { sample } = Route.useSearch();
  const navigate = Route.useNavigate();
  const { t } = useTranslation("webhook");
  const { can } = useMe();
  const { data: endpoint } = useSuspenseQuery(endpointQuery(id));
  const { data: stats } = useSuspenseQuery(statsQuery(id, "24h"));
  const { data: rules } = useSuspenseQuery(installationQuery);
  const { data: goneAt = null } = useQuery({ ...goneAtQuery(id), enabled: standing(endpoint) === "gone" && can("deliveries:read") });
  const sampleOpen = (open: boolean) => void navigate({ to: ".", search: (before) => ({ ...before, sample: open ? 1 : undefined }), replace: true });
  const doings = useDoings({
    endpoint,
    onSample: () => sampleOpen(true),
    onRemoved: () => void navigate({ to: "/webhooks", search: ({ company }) => ({ company }), ignoreBlocker: true }),
  });
  const may = capabilities(endpoint, can);
  const tab = (label: string, to: "/webhooks/$id" | "/webhooks/$id/deliveries" | "/webhooks/$id/filter" | "/webhooks/$id/settings" | "/webhooks/$id/secret") => ({
    label,
    link: { to, params: { id }, search: ({ company }: { company?: string }) => ({ company }) },
  });
  return (
    <Page
      title={endpointName(endpoint)}
      before={<Link className="hf-link" to="/webhooks" search={({ company }) => ({ company })} style={{ fontSize: "0.8125rem" }}>← {t("up")}</Link>}
      lead={<WebhookLead endpoint={endpoint} goneAt={goneAt} />}
      actions={<Doings endpoint={endpoint} may={may} busy={doings.busy} onDo={doings.begin} />}
    >
      <StatePanel endpoint={endpoint} stats={stats} rules={rules} actions={<PanelActions endpoint={endpoint} may={may} onDo={doings.begin} />} />
      <LinkTabs
        label={t("parts")}
        tabs={[
          tab(t("tabs.health"), "/webhooks/$id"),
          tab(t("tabs.deliveries"), "/webhooks/$id/deliveries"),
          tab(t("tabs.filter"), "/webhooks/$id/filter"),
          tab(t("tabs.settings"), "/webhooks/$id/settings"),
          tab(t("tabs.secret"), "/webhooks/$id/secret"),
        ]}
      />
      <Outlet />
      <WebhookDialogs endpoint={endpoint} stats={stats} doings={doings} sampleOpened={sample === 1} onSampleClose={() => sampleOpen(false)} />
    </Page>
  );
}
