import { Autocomplete, type AutocompleteProps } from "@mantine/core";
import { useState } from "react";

/** The list of a combobox scrolls itself: the keyboard reaches it from the field. */
const OPTIONS = { options: { maxHeight: 220, overflowY: "auto" } } as const;

type Props = Omit<AutocompleteProps, "value" | "onChange" | "data"> & {
  types: readonly string[];
  value: string | undefined;
  /** What is not one does not count: `wrong` is said at the field, and what was typed stays. */
  isOne: (typed: string) => boolean;
  wrong: string;
  onCommit: (value: string | undefined) => void;
};

/** A text with suggestions that counts when one is chosen, with Enter, and when one leaves it. */
export function TypeField({ types, value, isOne, wrong, onCommit, ...rest }: Props) {
  const committed = value ?? "";
  const [typed, setTyped] = useState(committed);
  const [known, setKnown] = useState(committed);
  const [isWrong, setWrong] = useState(false);
  if (known !== committed) {
    setKnown(committed);
    setTyped(committed);
    setWrong(false);
  }
  const commit = (text: string): void => {
    const trimmed = text.trim();
    const refused = trimmed !== "" && !isOne(trimmed);
    setWrong(refused);
    if (trimmed !== committed && !refused) onCommit(trimmed === "" ? undefined : trimmed);
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
      error={isWrong ? wrong : undefined}
      // The list would lie over what is wrong.
      dropdownOpened={isWrong ? false : undefined}
      onChange={(text) => {
        setTyped(text);
        setWrong(false);
      }}
      onOptionSubmit={commit}
      onBlur={() => commit(typed)}
      onKeyDown={(event) => event.key === "Enter" && commit(typed)}
    />
  );
}
