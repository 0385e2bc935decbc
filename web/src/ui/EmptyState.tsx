import { Group, Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";

/** What an empty page says: one sentence, and what to do next. `isPage` where it is all that there is. */
export function EmptyState({ title, children, actions, isPage = false }: { title: string; children?: ReactNode; actions?: ReactNode; isPage?: boolean }) {
  return (
    <Stack className="hf-panel" align="center" gap="sm" p="xl" ta="center">
      <Title order={isPage ? 1 : 2} size="h2">{title}</Title>
      {children !== undefined && <Text component="div" c="dimmed" maw={560}>{children}</Text>}
      {actions !== undefined && <Group justify="center" gap="xs">{actions}</Group>}
    </Stack>
  );
}
