import { createFileRoute, Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { EventDetail } from "@/features/events/EventDetail";
import { EventLead } from "@/features/events/EventLead";
import { EventActions } from "@/features/events/EventPanel";
import { eventDeliveriesQuery, eventQuery, whyQuery } from "@/features/events/queries";
import { useEvent } from "@/features/events/useEvent";
import { Page } from "@/ui/Page";

export const Route = createFileRoute("/_app/events/$id")({
  loader: ({ context: { queryClient }, params: { id } }) =>
    Promise.all([queryClient.ensureQueryData(eventQuery(id)), queryClient.ensureQueryData(eventDeliveriesQuery(id)), queryClient.ensureQueryData(whyQuery(id))]),
  component: EventPage,
});

function EventPage() {
  const { t } = useTranslation("events");
  const found = useEvent(Route.useParams().id);
  return (
    <Page
      title={found.event.type}
      before={<Link className="hf-link" to="/events">{t("title")}</Link>}
      lead={<EventLead type={found.event.type} deliveries={found.deliveries} why={found.why} />}
    >
      <EventDetail {...found} actions={<EventActions found={found} />} />
    </Page>
  );
}
