import { Group, Stack, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { endpointName, useEndpointOfRow } from "@/api/endpoints";
import { useFailureWords } from "@/ui/Failure";
import { Section } from "@/ui/Section";
import { StatusChip } from "@/ui/StatusChip";
import { Countdown, Time } from "@/ui/Time";

import type { Delivery, EndpointWhy, Event } from "./queries";

/** The event's deliveries, each with how it stands. */
export function WhereItWent({ event, deliveries, more, why }: { event: Event; deliveries: readonly Delivery[]; more: boolean; why: readonly EndpointWhy[] }) {
  const { t } = useTranslation("events");
  return (
    <Section title={t("deliveries")}>
      {deliveries.length === 0 && <Text size="sm" c="dimmed">{t("noDeliveries")}</Text>}
      <Stack component="ul" gap={0} m={0} p={0} style={{ listStyle: "none" }}>
        {deliveries.map((delivery) => <Row key={delivery.id} delivery={delivery} webhook={why.find((each) => each.endpoint_id === delivery.endpoint_id)} />)}
      </Stack>
      {more && <Link className="hf-link" to="/deliveries" search={({ company }) => ({ company, event_id: event.id })}>{t("moreDeliveries")}</Link>}
    </Section>
  );
}

function Row({ delivery, webhook }: { delivery: Delivery; webhook: EndpointWhy | undefined }) {
  const { t } = useTranslation("events");
  const words = useFailureWords();
  const { state, tries, max_tries, last_error, next_attempt_at, finished_at } = delivery;
  return (
    <Group component="li" gap="4px 12px" py={6} fz="sm" style={{ borderBottom: "1px solid var(--hf-line)" }}>
      <span style={{ minWidth: 104 }}><StatusChip status={state} /></span>
      <Link className="hf-link" to="/deliveries/$id" params={{ id: delivery.id }} style={{ overflowWrap: "anywhere", minWidth: 0 }}><bdi>{webhook ? endpointName(webhook) : <Unknown id={delivery.endpoint_id} />}</bdi></Link>
      <Text span inherit c="dimmed">{tries === 0 ? t("notTried") : t("triesOf", { tries, max: max_tries })}</Text>
      {last_error && state !== "delivered" && <Text span inherit c="dimmed">{words({ kind: last_error.kind, message: last_error.message, statusCode: delivery.last_status_code, url: webhook?.url }).short}</Text>}
      {next_attempt_at && <Text span inherit c="dimmed">{t("nextIn")} <Countdown until={next_attempt_at} /></Text>}
      {finished_at && <Text span inherit c="dimmed"><Time at={finished_at} /></Text>}
    </Group>
  );
}

/** One that was not among the webhooks a moment ago is deleted only where the server says so. */
function Unknown({ id }: { id: string }) {
  const { t } = useTranslation("events");
  const endpoint = useEndpointOfRow(id);
  if (endpoint === undefined) return <>{id}</>;
  return <>{endpoint === null ? t("deletedWebhook") : endpointName(endpoint)}</>;
}
