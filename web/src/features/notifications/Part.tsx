import { Stack, Text, Title } from "@mantine/core";
import { type ReactNode, useId } from "react";

/** A part of the page, with its name. */
export function Part({ title, hint, children }: { title: string; hint?: ReactNode; children: ReactNode }) {
  const id = useId();
  return (
    <Stack component="section" aria-labelledby={id} gap="sm" p="md" style={{ border: "1px solid var(--hf-line)", borderRadius: "var(--mantine-radius-sm)" }}>
      <div>
        <Title order={2} id={id}>{title}</Title>
        {hint !== undefined && <Text size="sm" c="dimmed" component="div">{hint}</Text>}
      </div>
      {children}
    </Stack>
  );
}
