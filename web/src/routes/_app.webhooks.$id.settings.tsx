import { useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { createFileRoute } from "@tanstack/react-router";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";

import { endpointName } from "@/api/endpoints";
import { installationQuery } from "@/api/installation";
import { useMe } from "@/api/me";
import { changeWebhook, pickableTypesQuery, webhookQuery } from "@/features/webhooks/queries";
import { valuesOf } from "@/features/webhooks/values";
import { WebhookForm } from "@/features/webhooks/WebhookForm";
import { told } from "@/ui/toast";

export const Route = createFileRoute("/_app/webhooks/$id/settings")({
  loader: ({ context, params }) =>
    Promise.all([
      context.queryClient.ensureQueryData(pickableTypesQuery),
      context.queryClient.ensureQueryData(webhookQuery(params.id)),
      context.queryClient.ensureQueryData(installationQuery),
    ]),
  component: WebhookSettingsPage,
});

/** The settings of a webhook; what stands around them is the layout's. */
function WebhookSettingsPage() {
  const { t } = useTranslation(["webhooks", "common"]);
  const { can } = useMe();
  const { id } = Route.useParams();
  const { data: types } = useSuspenseQuery(pickableTypesQuery);
  const { data: endpoint } = useSuspenseQuery(webhookQuery(id));
  const client = useQueryClient();
  const current = useMemo(() => valuesOf(endpoint), [endpoint]);
  return (
    <WebhookForm
      key={id} initial={current} current={current} types={types.data} reason={can("endpoints:write") ? null : t("common:noPermission")}
      send={(values, before) => changeWebhook(id, values, before)}
      onDone={(saved) => {
        client.setQueryData(webhookQuery(id).queryKey, saved);
        void client.invalidateQueries({ queryKey: ["endpoints"] });
        told(t("form.saved", { name: endpointName(saved) }));
      }}
    />
  );
}
