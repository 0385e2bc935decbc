import { Button, Group, Stack, Table, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { CodeBlock } from "@/ui/CodeBlock";

/** Filters to begin with; those of docs/filters.md. */
const EXAMPLES = {
  text: { and: [{ field: "message.type", eq: "text" }, { not: { field: "contact.wa_id", prefix: "49" } }] },
  undeliverable: { field: "status.errors.*.code", eq: 131026 },
  list: { and: [{ field: "message.interactive.type", eq: "list_reply" }, { field: "message.interactive.list_reply.id", prefix: "priority_" }] },
  template: { and: [{ field: "value.event", in: ["PAUSED", "DISABLED"] }, { field: "value.message_template_category", eq: "MARKETING" }] },
  stop: { field: "message.text.body", regex: "(?i)\\bstop\\b" },
} as const;
const NAMES = ["text", "undeliverable", "list", "template", "stop"] as const;

const OPERATORS = [
  ["eq", { field: "message.type", eq: "text" }],
  ["ne", { field: "message.type", ne: "reaction" }],
  ["gt", { field: "message.location.latitude", gt: 52.5 }],
  ["lt", { field: "message.location.latitude", lt: 52.5 }],
  ["in", { field: "message.type", in: ["image", "video"] }],
  ["exists", { field: "message.context", exists: true }],
  ["prefix", { field: "contact.wa_id", prefix: "91" }],
  ["contains", { field: "message.text.body", contains: "order" }],
  ["regex", { field: "message.text.body", regex: "(?i)\\bstop\\b" }],
] as const;

/** Filters to begin with, and the language in short. */
export function FilterExamples({ disabled, onUse }: { disabled: boolean; onUse: (filter: string) => void }) {
  const { t } = useTranslation("webhook");
  return (
    <Stack gap="xs">
      <Text component="h3" size="sm" fw={600} m={0}>{t("filter.examples")}</Text>
      {NAMES.map((name) => {
        const text = JSON.stringify(EXAMPLES[name], null, 2);
        return (
          <details key={name}>
            <summary className="hf-link" style={{ cursor: "pointer", fontSize: "0.875rem" }}>{t(`filter.example.${name}`)}</summary>
            <Stack gap="xs" mt="xs">
              <CodeBlock label={t(`filter.example.${name}`)} text={text} />
              {!disabled && <Group><Button size="xs" variant="default" onClick={() => onUse(text)}>{t("filter.useExample")}</Button></Group>}
            </Stack>
          </details>
        );
      })}
      <details>
        <summary className="hf-link" style={{ cursor: "pointer", fontSize: "0.875rem" }}>{t("filter.language")}</summary>
        <Stack gap="xs" mt="xs"><Language /></Stack>
      </details>
    </Stack>
  );
}

/** The short of docs/filters.md, which the binary does not serve. */
function Language() {
  const { t } = useTranslation("webhook");
  return (
    <>
      <Text size="sm">{t("filter.fields")}</Text>
      <Table verticalSpacing={4} aria-label={t("filter.language")}>
        <Table.Thead>
          <Table.Tr><Table.Th>{t("filter.operator")}</Table.Th><Table.Th>{t("filter.holds")}</Table.Th><Table.Th visibleFrom="sm">{t("filter.exampleHead")}</Table.Th></Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {OPERATORS.map(([name, example]) => (
            <Table.Tr key={name}>
              <Table.Td><code className="hf-mono">{name}</code></Table.Td>
              <Table.Td>{t(`filter.operators.${name}`)}</Table.Td>
              <Table.Td visibleFrom="sm"><code className="hf-mono">{JSON.stringify(example)}</code></Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </>
  );
}
