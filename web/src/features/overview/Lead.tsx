import { Group, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { TONES, type Verdict } from "./verdict";
import classes from "./Overview.module.css";

/** The answer to "is it working?", in words. */
export function Lead({ verdict }: { verdict: Exclude<Verdict, { kind: "none" }> }) {
  const { t } = useTranslation("overview");
  const { tone, shape } = TONES[verdict.kind];
  return (
    <Group gap={8} wrap="nowrap" align="baseline" className={classes.verdict} data-tone={tone}>
      <span aria-hidden>{shape}</span>
      <Text component="span" size="md" fw={600}>{verdict.kind === "suspended" ? t("verdict.suspended") : t(`verdict.${verdict.kind}`, { count: verdict.count, all: "all" in verdict ? verdict.all : verdict.count })}</Text>
    </Group>
  );
}
