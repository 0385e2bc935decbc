import { Box, Group, ScrollArea, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { pretty } from "@/lib/json";

import { CopyAction } from "./Copy";

/** Code, a payload or headers as they are; JSON is laid out, and copied as it was. */
export function CodeBlock({ text, label, maxHeight = 420, layOut = true }: { text: string; label: string; maxHeight?: number; layOut?: boolean }) {
  const { t } = useTranslation();
  return (
    <Box className="hf-panel">
      <Group justify="space-between" px="sm" py={4} style={{ borderBottom: "1px solid var(--hf-line)" }}>
        <Text size="xs" c="dimmed">{label}</Text>
        <CopyAction value={text}>{t("copy")}</CopyAction>
      </Group>
      <ScrollArea.Autosize mah={maxHeight} type="auto" viewportProps={{ tabIndex: 0, role: "group", "aria-label": label }}>
        <pre className="hf-mono" style={{ margin: 0, padding: 12, whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>{layOut ? pretty(text) : text}</pre>
      </ScrollArea.Autosize>
    </Box>
  );
}
