import { Group, SimpleGrid, Stack, Table, Text, Title } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import type { Endpoint } from "@/api/endpoints";
import { count, milliseconds, percent } from "@/lib/numbers";
import type { Range } from "@/lib/ranges";
import { seriesBars } from "@/lib/series";
import { statusName } from "@/lib/http";
import { BarChart } from "@/ui/BarChart";
import { EmptyState } from "@/ui/EmptyState";
import { Figure } from "@/ui/Facts";
import { useFailureWords } from "@/ui/Failure";
import { RangeSwitch } from "@/ui/RangeSwitch";
import { Time } from "@/ui/Time";

import { answersByCount, errorKind, rateBefore } from "./facts";
import type { Stats } from "./queries";
import { waitingText } from "./StatePanel";

type Props = { endpoint: Endpoint; stats: Stats; both: Stats; range: Range; onRange: (range: Range) => void };

/** How the attempts went over a time: figures, a chart, and what came back. */
export function Health({ endpoint, stats, both, range, onRange }: Props) {
  const { t } = useTranslation(["webhook", "common"]);
  const rangeName = t(`common:range.${range}`);
  return (
    <Stack gap="md">
      <Group justify="space-between">
        <Title order={2}>{t("health.title")}</Title>
        <RangeSwitch range={range} onChange={onRange} />
      </Group>
      <Figures endpoint={endpoint} stats={stats} both={both} rangeName={rangeName} />
      {stats.attempts === 0 ? (
        <EmptyState title={t("health.empty")}>{t("health.emptyHint")}</EmptyState>
      ) : (
        <>
          <Stack gap="xs" className="hf-panel" p="md">
            <Text component="h3" size="sm" fw={600} m={0}>{t("health.over")}</Text>
            <BarChart bars={seriesBars(stats)} caption={t("health.over")} names={{ good: t("health.good"), bad: t("health.bad"), when: t("health.when") }} />
          </Stack>
          <Answers endpoint={endpoint} stats={stats} />
        </>
      )}
    </Stack>
  );
}

function Figures({ endpoint, stats, both, rangeName }: { endpoint: Endpoint; stats: Stats; both: Stats; rangeName: string }) {
  const { t } = useTranslation("webhook");
  const past = rateBefore(both, stats);
  const rate = stats.success_rate;
  const none = t("health.noRate");
  return (
    <SimpleGrid cols={{ base: 2, lg: 5 }} spacing="sm">
      <Figure
        name={t("health.rate")}
        value={typeof rate === "number" ? percent(rate) : none}
        tone={typeof rate !== "number" ? undefined : rate >= 0.99 ? "good" : rate >= 0.9 ? "wait" : "bad"}
        note={past === null ? t("health.rateNoBefore", { range: rangeName }) : t("health.rateBefore", { rate: percent(past.rate), range: rangeName })}
      />
      <Figure
        name={t("health.attempts")}
        value={count(stats.attempts)}
        note={stats.failed === 0 ? t("health.noneFailed") : t("health.failedOf", { count: stats.failed, failed: count(stats.failed) })}
      />
      <Figure name={t("health.p50")} value={typeof stats.p50_ms === "number" ? milliseconds(stats.p50_ms) : none} />
      <Figure
        name={t("health.p95")}
        value={typeof stats.p95_ms === "number" ? milliseconds(stats.p95_ms) : none}
        note={t("health.limit", { limit: milliseconds(endpoint.timeout_ms) })}
      />
      <Figure
        name={t("health.waiting")}
        value={stats.waiting.count === 0 ? t("health.nothing") : waitingText(stats, t)}
        tone={stats.waiting.count === 0 ? undefined : "wait"}
        note={stats.waiting.count === 0 ? undefined : stats.waiting.oldest_created_at ? <>{t("health.oldest")} <Time at={stats.waiting.oldest_created_at} /></> : t("health.oldestUnknown")}
      />
    </SimpleGrid>
  );
}

/** A 2xx that was no success: what came after it did not come in time, or broke off, or another was wanted. */
function isYes(status: number | null | undefined): boolean {
  return typeof status === "number" && status >= 200 && status < 300;
}

function Answers({ endpoint, stats }: { endpoint: Endpoint; stats: Stats }) {
  const { t } = useTranslation("webhook");
  const words = useFailureWords();
  return (
    <Stack gap="xs">
      <Text component="h3" size="sm" fw={600} m={0}>{t("health.answers")}</Text>
      <Table.ScrollContainer minWidth={0} type="native">
        <Table verticalSpacing={6} aria-label={t("health.answers")} withTableBorder>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t("health.answer")}</Table.Th>
              <Table.Th visibleFrom="sm">{t("health.meaning")}</Table.Th>
              <Table.Th ta="right">{t("health.number")}</Table.Th>
              <Table.Th ta="right">{t("health.share")}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {answersByCount(stats).map((answer) => {
              const told = words({ kind: answer.status_code ? null : answer.error_kind, statusCode: answer.status_code, url: endpoint.url });
              return (
                <Table.Tr key={`${answer.status_code}-${answer.error_kind}-${answer.success}`}>
                  <Table.Td>
                    <Link className="hf-link" to="/deliveries" search={({ company }) => ({ company, endpoint_id: endpoint.id, status_code: answer.status_code ? String(answer.status_code) : undefined, error: errorKind(answer.error_kind) })}>
                      {answer.status_code ? statusName(answer.status_code) : told.short}
                    </Link>
                  </Table.Td>
                  <Table.Td visibleFrom="sm">{answer.success ? t("health.success") : isYes(answer.status_code) ? t("health.spoiled") : <>{told.sentence} <Text span size="sm" c="dimmed">{told.hint}</Text></>}</Table.Td>
                  <Table.Td ta="right">{count(answer.attempts)}</Table.Td>
                  <Table.Td ta="right">{percent(answer.attempts / stats.attempts)}</Table.Td>
                </Table.Tr>
              );
            })}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Stack>
  );
}
