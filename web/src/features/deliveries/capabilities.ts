import type { Delivery } from "./queries";

/** What is known of a delivery's webhook: its status, or that it is deleted. */
export type WebhookState = { status: string } | "deleted";

export type RetryReason = "held" | "deleted" | "expired" | "gone" | "waits";

/**
 * Why a delivery cannot be retried now; `null`: it can. Mirrors `store::Store::retry_delivery`. What only the server
 * knows, such as an expiry that passed a moment ago, it answers with 409.
 */
export function retryReason(delivery: Delivery, webhook: WebhookState): RetryReason | null {
  if (webhook === "deleted") return "deleted";
  if (delivery.state === "held" || webhook.status === "paused" || webhook.status === "disabled") return "held";
  if (delivery.state === "expired") return "expired";
  if (delivery.state === "pending") return delivery.waiting_for ? "waits" : null;
  return isGone(delivery) ? "gone" : null;
}

/** Whether a delivery can be canceled; mirrors `store::Store::cancel_delivery`. */
export function canCancel(delivery: Delivery): boolean {
  return delivery.state === "pending" || delivery.state === "held";
}

/** Whether retention has removed the event: its attempts have no body any more. */
export function isGone(delivery: Delivery): boolean {
  const attempt = delivery.attempts?.[0];
  return attempt !== undefined && (attempt.request.body === null || attempt.request.body === undefined);
}
