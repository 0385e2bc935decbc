import { Group, TextInput } from "@mantine/core";

import { CopyAction } from "./Copy";

/** Something to be pasted elsewhere: all of it can be seen and marked, and a button copies it. */
export function CopyField({ label, description, value, action }: { label: string; description?: string; value: string; action: string }) {
  return (
    <Group gap="xs" align="flex-end">
      <TextInput
        label={label}
        description={description}
        value={value}
        readOnly
        style={{ flex: "1 1 240px", minWidth: 0 }}
        styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)", fontSize: "0.8125rem" } }}
        onFocus={(event) => event.currentTarget.select()}
      />
      <CopyAction value={value} size="sm">{action}</CopyAction>
    </Group>
  );
}
