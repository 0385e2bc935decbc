import { Group, Stack, Text, Title } from "@mantine/core";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";

import type { Stats } from "@/api/stats";
import type { Range } from "@/lib/ranges";
import { seriesBars } from "@/lib/series";
import { BarChart } from "@/ui/BarChart";

import classes from "./Overview.module.css";

const OUTCOMES = ["good", "bad"] as const;

/** Attempts over time, by outcome. */
export function AttemptsChart({ stats, range }: { stats: Stats; range: Range }) {
  const { t } = useTranslation("overview");
  const bars = useMemo(() => seriesBars(stats), [stats]);
  return (
    <Stack component="section" gap="xs" aria-labelledby="attempts">
      <Group gap="md">
        <Title order={2} id="attempts">{t("chart.title")}</Title>
        {OUTCOMES.map((outcome) => (
          <span key={outcome} className={classes.legend}><span className={classes.swatch} data-of={outcome} aria-hidden />{t(`chart.${outcome}`)}</span>
        ))}
      </Group>
      {stats.attempts === 0 && <Text size="sm" c="dimmed">{t("chart.none", { range: t(`range.${range}`) })}</Text>}
      <BarChart bars={bars} caption={t("chart.caption", { range: t(`range.${range}`) })} names={{ good: t("chart.good"), bad: t("chart.bad"), when: t("chart.when") }} />
    </Stack>
  );
}
