import type { Endpoint } from "@/api/endpoints";
import type { Scope } from "@/api/me";

/** Keys of `webhook:cannot`; `null` where it can be done. */
export type Refusal = "role" | "enabled" | "paused" | "disabled" | "held";
export type Capabilities = Record<"sample" | "enable" | "pause" | "disable" | "remove" | "edit" | "reveal" | "recover", Refusal | null>;

/**
 * What may be done with a webhook. Mirrors the scopes of the routes (`endpoints:write`, `deliveries:write`) and
 * `domain::endpoint`: a sample goes whatever the status, a recovery is refused (409 `endpoint_held`) where it is paused or disabled.
 */
export function capabilities(endpoint: Pick<Endpoint, "status">, can: (scope: Scope) => boolean): Capabilities {
  const write: Refusal | null = can("endpoints:write") ? null : "role";
  const isOn = endpoint.status === "enabled" || endpoint.status === "defective";
  return {
    sample: write,
    edit: write,
    reveal: write,
    remove: write,
    enable: write ?? (endpoint.status === "enabled" ? "enabled" : null),
    pause: write ?? (isOn ? null : endpoint.status === "paused" ? "paused" : "disabled"),
    disable: write ?? (endpoint.status === "disabled" ? "disabled" : null),
    recover: !can("deliveries:write") ? "role" : isOn ? null : "held",
  };
}
