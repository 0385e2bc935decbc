import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { type Endpoint, endpointName } from "@/api/endpoints";
import { failed, told } from "@/ui/toast";

import type { Doing } from "./Doings";
import { deleteEndpoint, endpointChanged, switchTo } from "./queries";

export type Dialog = "disable" | "remove" | "recover";
export type Doings = ReturnType<typeof useDoings>;

/** Does what the buttons say: what can be undone at once, the rest after a question. */
export function useDoings({ endpoint, onSample, onRemoved }: { endpoint: Endpoint; onSample: () => void; onRemoved: () => void }) {
  const { t } = useTranslation("webhook");
  const client = useQueryClient();
  const [dialog, setDialog] = useState<Dialog | null>(null);
  const turn = useMutation({
    mutationFn: (to: "enabled" | "paused" | "disabled") => switchTo(endpoint.id, to),
    onSuccess: (changed, to) => {
      endpointChanged(client, changed);
      setDialog(null);
      told(t(`done.${to}`));
    },
    onError: (error, to) => {
      if (to !== "disabled") failed(error);
    },
  });
  const remove = useMutation({
    mutationFn: () => deleteEndpoint(endpoint.id),
    onSuccess: () => {
      told(t("done.removed", { name: endpointName(endpoint) }));
      onRemoved();
      client.removeQueries({ queryKey: ["endpoints", "one", endpoint.id] });
      for (const key of ["endpoints", "stats", "deliveries"]) void client.invalidateQueries({ queryKey: [key] });
    },
  });
  const begin = (doing: Doing): void => {
    if (doing === "sample") return onSample();
    if (doing === "pause") return turn.mutate("paused");
    if (doing === "enable") return turn.mutate("enabled");
    turn.reset();
    remove.reset();
    setDialog(doing);
  };
  return {
    begin,
    dialog,
    close: () => setDialog(null),
    disable: () => turn.mutate("disabled"),
    remove: () => remove.mutate(),
    busy: turn.isPending || remove.isPending,
    error: (turn.error ?? remove.error)?.message ?? null,
  };
}
