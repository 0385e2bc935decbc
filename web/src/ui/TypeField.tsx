import { Autocomplete, type AutocompleteProps } from "@mantine/core";
import { useState } from "react";

/** The list of a combobox scrolls itself: the keyboard reaches it from the field. */
const OPTIONS = { options: { maxHeight: 220, overflowY: "auto" } } as const;

/** A text with suggestions that counts when one is chosen, with Enter, and when one leaves it. */
export function TypeField({ types, value, onCommit, ...rest }: Omit<AutocompleteProps, "value" | "onChange" | "data"> & { types: readonly string[]; value: string | undefined; onCommit: (value: string | undefined) => void }) {
  const committed = value ?? "";
  const [typed, setTyped] = useState(committed);
  const [known, setKnown] = useState(committed);
  if (known !== committed) {
    setKnown(committed);
    setTyped(committed);
  }
  const commit = (text: string): void => {
    const trimmed = text.trim();
    if (trimmed !== committed) onCommit(trimmed === "" ? undefined : trimmed);
  };
  return (
    <Autocomplete
      size="xs"
      limit={60}
      openOnFocus={false}
      withScrollArea={false}
      styles={OPTIONS}
      comboboxProps={{ withinPortal: false }}
      {...rest}
      data={[...types]}
      value={typed}
      onChange={setTyped}
      onOptionSubmit={commit}
      onBlur={() => commit(typed)}
      onKeyDown={(event) => event.key === "Enter" && commit(typed)}
    />
  );
}
