import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { ActionButton } from "@/ui/ActionButton";
import { Confirm } from "@/ui/Confirm";
import { failed, told } from "@/ui/toast";

import { changeEventType, type EventType, eventTypeChanged } from "./queries";

/** Archives a type after asking, or brings it back at once. */
export function Archive({ type, reason }: { type: EventType; reason: string | null }) {
  const { t } = useTranslation("eventTypes");
  const client = useQueryClient();
  const [asking, setAsking] = useState(false);
  const change = useMutation({
    mutationFn: (archived: boolean) => changeEventType(type.name, { archived }, {}),
    onSuccess: (changed) => {
      eventTypeChanged(client, changed);
      setAsking(false);
      told(changed.type.archived_at ? t("archive.done") : t("archive.backDone"));
    },
    onError: (error, archived) => {
      // Where a dialog is open it says so itself.
      if (!archived) failed(error);
    },
  });
  if (type.archived_at) {
    return <ActionButton variant="default" loading={change.isPending} reason={reason} onClick={() => change.mutate(false)}>{t("archive.back")}</ActionButton>;
  }
  return (
    <>
      <ActionButton variant="default" reason={reason} onClick={() => setAsking(true)}>{t("archive.action")}</ActionButton>
      <Confirm opened={asking} title={t("archive.title", { name: type.name })} action={t("archive.confirm")} error={change.error?.message} busy={change.isPending} onConfirm={() => change.mutate(true)} onClose={() => setAsking(false)}>
        {t("archive.text")}
      </Confirm>
    </>
  );
}
