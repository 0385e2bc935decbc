import { useTranslation } from "react-i18next";

import type { FilterChip } from "@/ui/FilterChips";
import { useSpanText } from "@/ui/TimeFilter";

import { type EventFilter, TEXT_FILTERS } from "./filter";

/** A filter in words, each to be taken away. */
export function useChips(filter: EventFilter, onChange: (change: EventFilter) => void): FilterChip[] {
  const { t } = useTranslation("events");
  const time = useSpanText()(filter);
  const chips = TEXT_FILTERS.flatMap((name): FilterChip[] => {
    const value = filter[name];
    return value === undefined ? [] : [{ key: name, name: t(`filter.${name}`), value, onRemove: () => onChange({ [name]: undefined }) }];
  });
  if (time !== null) chips.push({ key: "time", name: t("filter.time"), value: time, onRemove: () => onChange({ since: undefined, until: undefined }) });
  return chips;
}
