import { Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import type { Inbox } from "@/api/inboxes";
import { ActionButton } from "@/ui/ActionButton";
import { Confirm } from "@/ui/Confirm";

type Props = {
  inbox: Inbox;
  /** How many webhooks send to it. */
  senders: number;
  /** Why nothing may be changed. */
  reason: string | null;
  onWebhook: () => Promise<unknown>;
  onClear: () => Promise<unknown>;
  onDelete: () => Promise<unknown>;
};

/** What can be done with an inbox. */
export function InboxActions({ inbox, senders, reason, onWebhook, onClear, onDelete }: Props) {
  const { t } = useTranslation("inboxes");
  const webhook = useMutation({ mutationFn: onWebhook });
  const clear = useAsked(onClear);
  const remove = useAsked(onDelete);
  return (
    <>
      <ActionButton variant={senders === 0 ? "filled" : "default"} reason={reason} loading={webhook.isPending} onClick={() => webhook.mutate()}>{t("one.makeWebhook")}</ActionButton>
      <ActionButton variant="default" reason={reason ?? (inbox.requests_kept === 0 ? t("one.nothingToClear") : null)} onClick={clear.ask}>{t("one.clear")}</ActionButton>
      <ActionButton variant="default" reason={reason} onClick={remove.ask}>{t("one.delete")}</ActionButton>
      <Confirm {...clear.dialog} title={t("one.clearTitle")} action={t("one.clear")}>{t("one.clearText", { count: inbox.requests_kept })}</Confirm>
      <Confirm {...remove.dialog} title={t("one.deleteTitle")} action={t("one.deleteAction")}>
        <Stack gap={4}>
          <Text>{t("one.deleteText")} {inbox.requests_kept > 0 && t("one.deleteKept", { count: inbox.requests_kept })}</Text>
          {senders > 0 && <Text>{t("one.deleteWebhooks", { count: senders })}</Text>}
        </Stack>
      </Confirm>
    </>
  );
}

function useAsked(act: () => Promise<unknown>) {
  const [opened, dialog] = useDisclosure(false);
  const action = useMutation({ mutationFn: act, onSuccess: dialog.close });
  const ask = (): void => {
    action.reset();
    dialog.open();
  };
  return { ask, dialog: { opened, busy: action.isPending, error: action.error?.message, onConfirm: () => action.mutate(), onClose: dialog.close } };
}
