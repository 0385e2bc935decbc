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

/** A state in a word, with a shape and a colour: never by colour alone. */
export function StatusChip({ status }: { status: string }) {
  const { t } = useTranslation();
  const known = isKnown(status);
  const look = known ? LOOKS[status] : LOOKS.disabled;
  return (
    <span className={classes.chip} data-tone={look.tone}>
      <span aria-hidden>{look.shape}</span>
      {known ? t(`status.${status}`) : status}
    </span>
  );
}

function isKnown(status: string): status is ChipStatus {
  return status in LOOKS;
}
