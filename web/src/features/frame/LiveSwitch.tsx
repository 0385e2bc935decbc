import { Button, Tooltip } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { live, useLiveState } from "@/api/live";

import classes from "./LiveSwitch.module.css";

/** Says whether the pages follow what happens; a click pauses that, and another one goes on. */
export function LiveSwitch() {
  const { t } = useTranslation("frame");
  const state = useLiveState();
  const paused = state === "paused";
  const label = paused ? t("live.resume") : t("live.pause");
  return (
    <Tooltip label={label}>
      <Button variant="subtle" color="gray" size="compact-sm" fw={500} className={classes.button} aria-pressed={paused} aria-label={`${t(`live.${state}`)}. ${label}`} onClick={paused ? live.resume : live.pause}>
        <span className={classes.dot} data-state={state} aria-hidden />
        <span className={classes.word}>{t(`live.${state}`)}</span>
      </Button>
    </Tooltip>
  );
}
