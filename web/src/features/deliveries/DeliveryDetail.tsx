import { Alert, Group, Stack, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { type Endpoint, endpointName } from "@/api/endpoints";
import { curl } from "@/lib/curl";
import { ActionButton } from "@/ui/ActionButton";
import { CopyAction, Mono } from "@/ui/Copy";
import { Facts } from "@/ui/Facts";
import { Failure } from "@/ui/Failure";
import { Section } from "@/ui/Section";
import { StatusChip } from "@/ui/StatusChip";
import { Countdown, Time } from "@/ui/Time";

import { canCancel, retryReason, type WebhookState } from "./capabilities";
import type { Delivery } from "./queries";
import { Timeline } from "./Timeline";

type Props = {
  delivery: Delivery;
  /** `null`: it is deleted. */
  webhook: Endpoint | null;
  mayWrite: boolean;
  busy: "retry" | "cancel" | null;
  error: string | null;
  onRetry: () => void;
  onCancel: () => void;
};

/** One delivery: how it stands, what can be done, and everything that was sent and came back. */
export function DeliveryDetail(props: Props) {
  const { t } = useTranslation("deliveries");
  const { delivery, webhook } = props;
  return (
    <Stack gap="md">
      <Standing delivery={delivery} />
      <Actions {...props} />
      {props.error !== null && <Alert color="red" role="alert">{props.error}</Alert>}
      <Why delivery={delivery} webhook={webhook} />
      <Section title={t("attempts")}><Timeline key={delivery.id} delivery={delivery} /></Section>
      <Section title={t("facts")}>
        <Facts
          facts={[
            { name: t("fact.id"), value: <Mono value={delivery.id} /> },
            { name: t("fact.event"), value: <Mono value={delivery.event_id}><Link className="hf-link" to="/events/$id" params={{ id: delivery.event_id }}>{delivery.event_id}</Link></Mono> },
            { name: t("fact.webhook"), value: webhook ? <Link className="hf-link" to="/webhooks/$id" params={{ id: webhook.id }}>{endpointName(webhook)}</Link> : <>{t("deletedWebhook")} <Mono value={delivery.endpoint_id} /></> },
            ...(webhook ? [{ name: t("fact.url"), value: <Mono value={webhook.url} /> }] : []),
            { name: t("fact.created"), value: <Time at={delivery.created_at} /> },
            ...(delivery.finished_at ? [{ name: t("fact.finished"), value: <Time at={delivery.finished_at} /> }] : []),
          ]}
        />
      </Section>
    </Stack>
  );
}

/** `◐ Waiting  try 37 of 145  next in 6:41` */
function Standing({ delivery }: { delivery: Delivery }) {
  const { t } = useTranslation("deliveries");
  const { state, tries, max_tries, next_attempt_at, finished_at } = delivery;
  const open = state === "pending" || state === "held";
  const tried = tries === 0 ? t("notTried") : open ? t("try", { tries, max: max_tries }) : state === "delivered" ? t("deliveredAt", { tries }) : t("over", { count: tries });
  return (
    <Group gap="md" fz="sm">
      <StatusChip status={state} />
      <span>{tried}</span>
      {next_attempt_at && <span>{t("next")} <Countdown until={next_attempt_at} /></span>}
      {finished_at && <Time at={finished_at} />}
    </Group>
  );
}

function Actions({ delivery, webhook, mayWrite, busy, onRetry, onCancel }: Props) {
  const { t } = useTranslation("deliveries");
  const state: WebhookState = webhook ?? "deleted";
  const retry = retryReason(delivery, state);
  const last = delivery.attempts?.at(-1)?.request;
  const noWrite = !mayWrite && t("noWrite");
  const noCopy = last === undefined ? t("reason.notSent") : last.body === null || last.body === undefined ? t("reason.gone") : null;
  return (
    <Group gap="xs">
      <ActionButton size="xs" loading={busy === "retry"} reason={noWrite || (retry && t(`reason.${retry}`))} onClick={onRetry}>{t("retryNow")}</ActionButton>
      <ActionButton size="xs" variant="default" loading={busy === "cancel"} reason={noWrite || (!canCancel(delivery) && t("reason.over"))} onClick={onCancel}>{t("cancel")}</ActionButton>
      {last && noCopy === null ? (
        <>
          <span title={t("curlHint")}><CopyAction value={curl(last)}>{t("copyCurl")}</CopyAction></span>
          <CopyAction value={last.body ?? ""}>{t("copyPayload")}</CopyAction>
        </>
      ) : (
        <>
          <ActionButton size="xs" variant="default" reason={noCopy}>{t("copyCurl")}</ActionButton>
          <ActionButton size="xs" variant="default" reason={noCopy}>{t("copyPayload")}</ActionButton>
        </>
      )}
    </Group>
  );
}

/** Why it is not delivered, and what to do. */
function Why({ delivery, webhook }: { delivery: Delivery; webhook: Endpoint | null }) {
  const { t } = useTranslation("deliveries");
  const { state, last_error, waiting_for } = delivery;
  if (state === "delivered") return null;
  const sentence = state === "held" || state === "expired" || state === "exhausted" || state === "canceled" ? t(`${state}Why`) : null;
  if (sentence === null && !last_error && !waiting_for) return null;
  return (
    <Stack className="hf-panel" p="sm" gap="xs">
      {sentence !== null && <Text size="sm">{sentence}</Text>}
      {waiting_for && (
        <Text size="sm" component="div">
          {t("waitsForBefore")} <Link className="hf-link hf-mono" to="/deliveries/$id" params={{ id: waiting_for }}>{waiting_for}</Link>
        </Text>
      )}
      {last_error && <Failure kind={last_error.kind} message={last_error.message} statusCode={delivery.last_status_code} url={delivery.attempts?.at(-1)?.request.url ?? webhook?.url} />}
    </Stack>
  );
}
