import type { ListRow } from "./list";

/**
 * Whether a person has something to mend: it is Defective or failing, or its receiver said 410 Gone, which disabled it
 * (product.md, delivery rules 3 and 6).
 */
export function wantsFixing({ standing, endpoint }: Pick<ListRow, "standing" | "endpoint">): boolean {
  return standing === "defective" || standing === "failing" || endpoint.status_reason === "gone";
}

/** Whether the engine sends to it by itself: a paused or disabled one has no next try. */
export function isSent({ standing }: Pick<ListRow, "standing">): boolean {
  return standing !== "paused" && standing !== "disabled";
}
