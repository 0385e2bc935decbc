import { Stack } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { CodeBlock } from "@/ui/CodeBlock";
import { Mono } from "@/ui/Copy";
import { Facts } from "@/ui/Facts";
import { Section } from "@/ui/Section";
import { Time } from "@/ui/Time";

import type { Delivery, EndpointWhy, Event } from "./queries";
import { WhereItWent } from "./WhereItWent";
import { WhyNot } from "./WhyNot";

type Props = {
  event: Event;
  data: string;
  session: string | null;
  deliveries: readonly Delivery[];
  /** There are more than these. */
  more: boolean;
  why: readonly EndpointWhy[];
  actions: ReactNode;
};

/** One event: where it went, where it did not and why, and what it says. */
export function EventDetail({ event, data, session, deliveries, more, why, actions }: Props) {
  const { t } = useTranslation("events");
  return (
    <Stack gap="md">
      {actions}
      <WhereItWent event={event} deliveries={deliveries} more={more} why={why} />
      <WhyNot type={event.type} why={why} />
      <Section title={t("facts")}><EventFacts event={event} /></Section>
      <CodeBlock label={t("data")} text={data} />
      {session !== null && session !== "null" && <CodeBlock label={t("session")} text={session} />}
    </Stack>
  );
}

function EventFacts({ event }: { event: Event }) {
  const { t } = useTranslation("events");
  const { subject, external_id, source_id, phone_number_id, expires_at } = event;
  const facts: { name: string; value: ReactNode }[] = [
    { name: t("fact.id"), value: <Mono value={event.id} /> },
    { name: t("fact.type"), value: <Link className="hf-link" to="/event-types/$name" params={{ name: event.type }}>{event.type}</Link> },
    { name: t("fact.occurred"), value: <Time at={event.occurred_at} /> },
    { name: t("fact.accepted"), value: <Time at={event.accepted_at} /> },
    { name: t("fact.source"), value: source_id ? <Mono value={source_id}><Link className="hf-link" to="/sources/$id" params={{ id: source_id }}>{source_id}</Link></Mono> : t("fact.rest") },
  ];
  if (subject) facts.push({ name: t("fact.contact"), value: <><Mono value={subject} /> <Link className="hf-link" to="/events" search={({ company }) => ({ company, subject })}>{t("sameContact")}</Link></> });
  if (external_id) facts.push({ name: t("fact.externalId"), value: <Mono value={external_id} /> });
  if (phone_number_id) facts.push({ name: t("fact.phoneNumberId"), value: <Mono value={phone_number_id} /> });
  if (expires_at) facts.push({ name: new Date(expires_at) < new Date() ? t("fact.expired") : t("fact.expires"), value: <Time at={expires_at} /> });
  return <Facts facts={facts} />;
}
