import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import classes from "./StatusChip.module.css";

export type ChipStatus =
  | "enabled" | "disabled" | "paused" | "defective"
  | "pending" | "held" | "delivered" | "exhausted" | "expired" | "canceled" | "failed"
  | "running" | "finished";

const LOOKS: Record<ChipStatus, { tone: "good" | "wait" | "bad" | "off"; shape: string }> = {
  enabled: { tone: "good", shape: "●" },
  delivered: { tone: "good", shape: "✓" },
  finished: { tone: "good", shape: "✓" },
  pending: { tone: "wait", shape: "◐" },
  running: { tone: "wait", shape: "◐" },
  held: { tone: "wait", shape: "‖" },
  defective: { tone: "bad", shape: "■" },
  exhausted: { tone: "bad", shape: "✕" },
  expired: { tone: "bad", shape: "✕" },
  failed: { tone: "bad", shape: "✕" },
  disabled: { tone: "off", shape: "○" },
  paused: { tone: "off", shape: "‖" },
  canceled: { tone: "off", shape: "–" },
};

export type Tone = "good" | "wait" | "bad" | "off";
const SHAPES: Record<Tone, string> = { good: "●", wait: "◐", bad: "■", off: "○" };

/** A state of another thing than webhooks and deliveries; its words come from the page. */
export function Chip({ tone, shape = SHAPES[tone], children }: { tone: Tone; shape?: string; children: ReactNode }) {
  return (
    <span className={classes.chip} data-tone={tone}>
      <span aria-hidden>{shape}</span>
      {children}
    </span>
  );
}

/** A state in a word, with a shape and a colour: never by colour alone. */
export function StatusChip({ status }: { status: string }) {
  const { t } = useTranslation();
  const known = isKnown(status);
  const look = known ? LOOKS[status] : LOOKS.disabled;
  return <Chip tone={look.tone} shape={look.shape}>{known ? t(`status.${status}`) : status}</Chip>;
}

function isKnown(status: string): status is ChipStatus {
  return status in LOOKS;
}
