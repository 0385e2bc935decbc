import { useMutation, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { endpointsQuery, useEndpointOrGone } from "@/api/endpoints";
import { useLiveAbout } from "@/api/live-about";
import { useMe } from "@/api/me";
import { told } from "@/ui/toast";

import { cancelDelivery, deliveryQuery, retryDelivery } from "./queries";

/** A delivery that is followed, with what can be done to it; `onChange` is told when something was. */
export function useDelivery(id: string, onChange?: () => void) {
  const { t } = useTranslation("deliveries");
  const client = useQueryClient();
  const { data: delivery } = useSuspenseQuery(deliveryQuery(id));
  const { data: webhooks } = useSuspenseQuery(endpointsQuery);
  const { can } = useMe();
  useLiveAbout(id, deliveryQuery(id).queryKey);
  // Refused or done: either way it may stand otherwise than it is shown.
  const onSettled = (): Promise<void> => {
    onChange?.();
    return client.invalidateQueries({ queryKey: deliveryQuery(id).queryKey });
  };
  const retry = useMutation({
    mutationFn: () => retryDelivery(id),
    onSuccess: () => told(t(delivery.state === "pending" ? "retried" : "retriedAfresh")),
    onSettled,
  });
  const cancel = useMutation({
    mutationFn: () => cancelDelivery(id),
    onSuccess: (answer) => told(t(answer.state === "canceled" ? "canceled" : "cancelingInFlight")),
    onSettled,
  });
  const webhook = useEndpointOrGone(delivery.endpoint_id, webhooks);
  return {
    delivery,
    webhook,
    mayWrite: can("deliveries:write"),
    busy: busyWith(retry.isPending, cancel.isPending),
    error: retry.error?.message ?? cancel.error?.message ?? null,
    onRetry: () => {
      cancel.reset();
      retry.mutate();
    },
    onCancel: () => {
      retry.reset();
      cancel.mutate();
    },
  };
}

function busyWith(retrying: boolean, canceling: boolean): "retry" | "cancel" | null {
  if (retrying) return "retry";
  return canceling ? "cancel" : null;
}
