import { Group, Stack, Text, Title } from "@mantine/core";
import { type ReactNode, useEffect } from "react";
import { useTranslation } from "react-i18next";

/** A page: its name, the answer to its one question in the first line, and what can be done. */
export function Page({ title, lead, actions, before, children }: { title: string; lead?: ReactNode; actions?: ReactNode; before?: ReactNode; children: ReactNode }) {
  const { t } = useTranslation();
  // The tab's title is outside React.
  useEffect(() => {
    document.title = `${title} · ${t("product")}`;
  }, [title, t]);
  return (
    <Stack gap="md" p={{ base: "md", sm: "lg" }} maw={1440} w="100%">
      <Stack gap={4}>
        {before}
        <Group justify="space-between" align="flex-start" gap="sm">
          <Title order={1} style={{ overflowWrap: "anywhere" }}>{title}</Title>
          {actions !== undefined && <Group gap="xs">{actions}</Group>}
        </Group>
        {lead !== undefined && <Text component="div" c="dimmed" size="sm">{lead}</Text>}
      </Stack>
      {children}
    </Stack>
  );
}
