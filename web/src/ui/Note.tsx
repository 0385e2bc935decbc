import { Paper } from "@mantine/core";
import type { ReactNode } from "react";

import type { Tone } from "./StatusChip";

/** A remark that matters, on the ground of its tone; `alert` says it to the ear at once. */
export function Note({ tone, alert = false, children }: { tone: Tone; alert?: boolean; children: ReactNode }) {
  return (
    <Paper p="sm" role={alert ? "alert" : "note"} fz="sm" style={{ color: `var(--hf-${tone})`, background: `var(--hf-${tone}-ground)`, overflowWrap: "anywhere" }}>
      {children}
    </Paper>
  );
}
