import { ActionIcon, TextInput, type TextInputProps } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";

/** A text field whose value counts with Enter, when one leaves it, and when it is emptied: not while one types. */
export function CommitField({ value, onCommit, ...rest }: Omit<TextInputProps, "value" | "onChange"> & { value: string | undefined; onCommit: (value: string | undefined) => void }) {
  const { t } = useTranslation();
  const committed = value ?? "";
  const [typed, setTyped] = useState(committed);
  const [known, setKnown] = useState(committed);
  // A chip that was removed, or the browser's way back, changes it from outside.
  if (known !== committed) {
    setKnown(committed);
    setTyped(committed);
  }
  const commit = (text: string): void => {
    const trimmed = text.trim();
    if (trimmed !== committed) onCommit(trimmed === "" ? undefined : trimmed);
  };
  const clear = (): void => {
    setTyped("");
    commit("");
  };
  return (
    <TextInput
      {...rest}
      value={typed}
      maxLength={255}
      onChange={(event) => setTyped(event.currentTarget.value)}
      onBlur={() => commit(typed)}
      onKeyDown={(event) => event.key === "Enter" && commit(typed)}
      rightSection={typed === "" ? undefined : <ActionIcon variant="subtle" color="gray" size="sm" aria-label={t("clear")} onMouseDown={(event) => event.preventDefault()} onClick={clear}><IconX size={14} /></ActionIcon>}
    />
  );
}
