import { Alert, Group, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import type { Schemas } from "@/api/client";
import type { Endpoint } from "@/api/endpoints";
import { count, milliseconds } from "@/lib/numbers";
import { ActionButton } from "@/ui/ActionButton";
import { Failure } from "@/ui/Failure";

import type { Sent } from "./queries";
import { SendEvent } from "./SendEvent";

type Props = {
  url: string;
  /** The webhooks beside the inbox's that may take a real event. */
  others: readonly Endpoint[];
  /** Whether something arrived before: then the buttons are calmer. */
  again: boolean;
  /** Why a sample, or an event, may not be sent. */
  reasons: { sample: string | null; event: string | null };
  /** What is on its way. */
  sending: "sample" | "event" | null;
  sent: Sent | null;
  refused: string | null;
  onSend: (way: "sample" | "event") => void;
};

/** Something to send, by one click each, and what the server said to it. */
export function SendStep({ url, others, again, reasons, sending, sent, refused, onSend }: Props) {
  const { t } = useTranslation("start");
  return (
    <>
      <Text size="sm" c="dimmed">{t("two.text")}</Text>
      <Group gap="xs">
        <ActionButton variant={again ? "default" : "filled"} reason={reasons.sample} loading={sending === "sample"} onClick={() => onSend("sample")}>{t("two.sample")}</ActionButton>
        <SendEvent others={others} reason={reasons.event} busy={sending === "event"} onSend={() => onSend("event")} />
      </Group>
      {others.length > 0 && <Text size="sm" c="dimmed">{t("two.goesTo", { count: others.length, webhooks: count(others.length) })}</Text>}
      <div role="status">
        {sent?.sample && <Sampled sample={sent.sample} url={url} />}
        {sent?.event && <Accepted accepted={sent.event} />}
      </div>
      {refused !== null && <Alert color="red" role="alert">{refused}</Alert>}
    </>
  );
}

function Sampled({ sample, url }: { sample: Schemas["SampleView"]; url: string }) {
  const { t } = useTranslation("start");
  if (sample.error) return <Failure kind={sample.error.kind} message={sample.error.message} statusCode={sample.status_code} url={url} />;
  return <Text size="sm">{t("two.sampleAnswered", { status: sample.status_code ?? "", duration: milliseconds(sample.duration_ms) })}</Text>;
}

function Accepted({ accepted }: { accepted: Schemas["AcceptedView"] }) {
  const { t } = useTranslation("start");
  return (
    <Text size="sm">
      {accepted.deliveries === 0 ? t("two.acceptedNone") : t("two.accepted", { count: accepted.deliveries })}{" "}
      <Link to="/events/$id" params={{ id: accepted.id }} className="hf-link" style={{ textDecoration: "underline" }}>{t("two.openEvent")}</Link>
    </Text>
  );
}
