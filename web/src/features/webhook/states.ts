import type { DeliveryState } from "./queries";

/** Every state of a delivery, in the order in which people look for them. */
export const STATES: readonly DeliveryState[] = ["pending", "held", "delivered", "exhausted", "expired", "canceled"];
