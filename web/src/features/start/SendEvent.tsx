import { List, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { type Endpoint, endpointName } from "@/api/endpoints";
import { count } from "@/lib/numbers";
import { ActionButton } from "@/ui/ActionButton";
import { Confirm } from "@/ui/Confirm";

const NAMED = 5;

type Props = {
  /** The webhooks beside the inbox's that may take the event. */
  others: readonly Endpoint[];
  reason: string | null;
  busy: boolean;
  onSend: () => void;
};

/** Sends a real event; asks first where it would go to others than the inbox. */
export function SendEvent({ others, reason, busy, onSend }: Props) {
  const { t } = useTranslation("start");
  const [asking, setAsking] = useState(false);
  const send = (): void => {
    setAsking(false);
    onSend();
  };
  return (
    <>
      <ActionButton variant="default" reason={reason} loading={busy} onClick={() => (others.length > 0 ? setAsking(true) : send())}>{t("two.event")}</ActionButton>
      <Confirm
        opened={asking}
        title={t("ask.title")}
        action={t("ask.action", { count: others.length + 1, webhooks: count(others.length + 1) })}
        danger={false}
        onConfirm={send}
        onClose={() => setAsking(false)}
      >
        <Text size="sm">{t("ask.text", { count: others.length, webhooks: count(others.length) })}</Text>
        <List size="sm" my="xs" style={{ overflowWrap: "anywhere" }}>
          {others.slice(0, NAMED).map((webhook) => <List.Item key={webhook.id}><bdi>{endpointName(webhook)}</bdi></List.Item>)}
          {others.length > NAMED && <List.Item>{t("ask.more", { count: others.length - NAMED, webhooks: count(others.length - NAMED) })}</List.Item>}
        </List>
        <Text size="sm">{t("ask.instead")}</Text>
      </Confirm>
    </>
  );
}
