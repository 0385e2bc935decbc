import { Stack, Table, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { exact } from "@/lib/time";
import { CodeBlock } from "@/ui/CodeBlock";
import { Mono } from "@/ui/Copy";
import { Facts } from "@/ui/Facts";

import { changesOf, detailsOf } from "./facts";
import type { AuditLine } from "./queries";
import { Subject } from "./Subject";

/** All of a line: what has changed from what to what, and everything else that was written down. */
export function AuditDetails({ line, actor }: { line: AuditLine; actor: string }) {
  const { t } = useTranslation(["audit", "common"]);
  const facts = { ...line.facts };
  const changes = changesOf(facts);
  const details = detailsOf(facts);
  const at = new Date(line.created_at);
  return (
    <Stack gap="md">
      <Facts
        facts={[
          { name: t("facts.when"), value: <>{t("common:time.local", { time: exact(at, "local") })}<br />{t("common:time.utc", { time: exact(at, "utc") })}</> },
          { name: t("facts.actor"), value: <>{actor}{actor !== line.actor && <><br /><Mono value={line.actor} /></>}</> },
          { name: t("facts.action"), value: <span className="hf-mono">{line.action}</span> },
          { name: t("facts.subject"), value: <Subject line={line} /> },
          { name: t("facts.address"), value: line.address ? <Mono value={line.address} /> : t("facts.noAddress") },
          { name: t("facts.id"), value: <Mono value={line.id} /> },
        ]}
      />
      {changes.length > 0 && (
        <section>
          <Title order={3} mb="xs">{t("changes.title")}</Title>
          <Table fz="sm" withTableBorder layout="fixed" aria-label={t("changes.title")}>
            <Table.Thead><Table.Tr><Table.Th>{t("changes.field")}</Table.Th><Table.Th>{t("changes.before")}</Table.Th><Table.Th>{t("changes.after")}</Table.Th></Table.Tr></Table.Thead>
            <Table.Tbody>
              {changes.map(({ field, before, after }) => (
                <Table.Tr key={field}>
                  <Table.Td className="hf-mono" style={WRAP}>{field}</Table.Td>
                  <Table.Td style={WRAP}>{before ?? <Text span c="dimmed" size="sm">{t("changes.empty")}</Text>}</Table.Td>
                  <Table.Td style={WRAP}>{after ?? <Text span c="dimmed" size="sm">{t("changes.empty")}</Text>}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </section>
      )}
      {details.length > 0 && (
        <section>
          <Title order={3} mb="xs">{t("details")}</Title>
          <Facts facts={details} />
        </section>
      )}
      <CodeBlock label={t("asJson")} text={JSON.stringify(line)} />
    </Stack>
  );
}

const WRAP = { overflowWrap: "anywhere", verticalAlign: "top" } as const;
