import { useTranslation } from "react-i18next";

import { type Endpoint, endpointName } from "@/api/endpoints";
import type { FilterChip } from "@/ui/FilterChips";
import { useSpanText } from "@/ui/TimeFilter";

import { type DeliveryFilter, FILTER_NAMES } from "./filter";

/** A filter in words, each to be taken away. */
export function useChips(filter: DeliveryFilter, webhooks: readonly Endpoint[], onChange: (change: DeliveryFilter) => void): FilterChip[] {
  const { t } = useTranslation(["deliveries", "common"]);
  const time = useSpanText()(filter);
  const shown = (name: (typeof FILTER_NAMES)[number], value: string): string => {
    if (name === "state" && filter.state) return t(`common:status.${filter.state}`);
    if (name === "error" && filter.error) return t(`error.${filter.error}`);
    const webhook = name === "endpoint_id" && webhooks.find((each) => each.id === value || each.external_key === value);
    return webhook ? endpointName(webhook) : value;
  };
  const chips = FILTER_NAMES.flatMap((name): FilterChip[] => {
    const value = filter[name];
    if (value === undefined || name === "since" || name === "until") return [];
    return [{ key: name, name: t(`filter.${name}`), value: shown(name, value), onRemove: () => onChange({ [name]: undefined }) }];
  });
  if (time !== null) chips.push({ key: "time", name: t("filter.time"), value: time, onRemove: () => onChange({ since: undefined, until: undefined }) });
  return chips;
}
