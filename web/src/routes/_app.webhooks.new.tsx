import { useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { createFileRoute, Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import * as z from "zod/mini";

import { type Endpoint, endpointName } from "@/api/endpoints";
import { installationQuery } from "@/api/installation";
import { useMe } from "@/api/me";
import { Created } from "@/features/webhooks/Created";
import { createWebhook, endpointDefaultsQuery, pickableTypesQuery } from "@/features/webhooks/queries";
import { newValues } from "@/features/webhooks/values";
import { WebhookForm } from "@/features/webhooks/WebhookForm";
import { Page } from "@/ui/Page";

/** `url`: what the form begins with, for links from elsewhere, such as an inbox. */
const search = z.object({ url: z.optional(z.catch(z.optional(z.string()), undefined)) });

export const Route = createFileRoute("/_app/webhooks/new")({
  validateSearch: search,
  loader: ({ context }) =>
    Promise.all([
      context.queryClient.ensureQueryData(pickableTypesQuery),
      context.queryClient.ensureQueryData(endpointDefaultsQuery),
      context.queryClient.ensureQueryData(installationQuery),
    ]),
  component: NewWebhookPage,
});

function NewWebhookPage() {
  const { t } = useTranslation(["webhooks", "common"]);
  const { can } = useMe();
  const { url } = Route.useSearch();
  const { data: types } = useSuspenseQuery(pickableTypesQuery);
  const { data: defaults } = useSuspenseQuery(endpointDefaultsQuery);
  const [created, setCreated] = useState<Endpoint | null>(null);
  const [initial] = useState(() => newValues(defaults, url));
  const client = useQueryClient();
  const navigate = useNavigate();
  const back = <Link to="/webhooks" className="hf-link" style={{ fontSize: "0.8125rem" }}>{`← ${t("new.back")}`}</Link>;
  if (created !== null) {
    return <Page title={endpointName(created)} before={back}><Created endpoint={created} /></Page>;
  }
  return (
    <Page title={t("new.title")} lead={t("new.lead")} before={back}>
      <WebhookForm
        initial={initial} types={types.data} send={createWebhook} reason={can("endpoints:write") ? null : t("common:noPermission")}
        onDone={(endpoint) => {
          setCreated(endpoint);
          window.scrollTo({ top: 0 });
          void client.invalidateQueries({ queryKey: ["endpoints"] });
        }}
        onCancel={() => void navigate({ to: "/webhooks" })}
      />
    </Page>
  );
}
