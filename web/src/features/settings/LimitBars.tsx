import { Group, Progress, Stack, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";

import type { Limits } from "@/api/limits";
import { bytes, count } from "@/lib/numbers";

const USED = ["endpoints", "tokens", "members", "invitations_per_day"] as const;
const RATES = ["events_per_second", "samples_per_minute"] as const;
/** From which share on it is time to ask for more. */
const NEARLY = 0.8;

/** What the company may, and how much of it is used. */
export function LimitBars({ limits }: { limits: Limits["limits"] }) {
  const { t } = useTranslation("settings");
  return (
    <Stack component="section" gap="md" p="md" style={{ border: "1px solid var(--hf-line)", borderRadius: "var(--mantine-radius-sm)" }}>
      <div>
        <Title order={2}>{t("limits.title")}</Title>
        <Text size="sm" c="dimmed">{t("limits.hint")}</Text>
      </div>
      {USED.map((name) => <Bar key={name} label={t(`limits.${name}`)} used={limits[name].used ?? 0} max={limits[name].max} />)}
      {RATES.map((name) => <Line key={name} label={`${t(`limits.${name}`)}, ${t("limits.node")}`} value={count(limits[name].max)} />)}
      <Line label={t("limits.event_bytes")} value={bytes(limits.event_bytes.max)} />
    </Stack>
  );
}

function Bar({ label, used, max }: { label: string; used: number; max: number }) {
  const { t } = useTranslation("settings");
  const share = max === 0 ? 1 : used / max;
  const color = share >= 1 ? "var(--hf-chart-bad)" : share >= NEARLY ? "var(--hf-chart-wait)" : "var(--hf-chart-good)";
  const told = t("limits.of", { used: count(used), max: count(max) });
  return (
    <div>
      <Line label={label} value={told} />
      <Progress.Root size="sm" mt={4}>
        <Progress.Section value={Math.min(100, share * 100)} color={color} aria-label={label} aria-valuetext={told} />
      </Progress.Root>
    </div>
  );
}

function Line({ label, value }: { label: string; value: string }) {
  return (
    <Group justify="space-between" gap="xs" wrap="nowrap" align="baseline">
      <Text size="sm">{label}</Text>
      <Text size="sm" fw={600} style={{ whiteSpace: "nowrap" }}>{value}</Text>
    </Group>
  );
}
