import { SegmentedControl } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { type Range, RANGES } from "@/lib/ranges";

/** How far the figures of a page look back; the page keeps it in its URL. */
export function RangeSwitch({ range, onChange }: { range: Range; onChange: (range: Range) => void }) {
  const { t } = useTranslation();
  return (
    <SegmentedControl
      size="xs"
      aria-label={t("range.label")}
      value={range}
      data={RANGES.map((value) => ({ value, label: t(`range.${value}`) }))}
      onChange={(value) => {
        const chosen = RANGES.find((each) => each === value);
        if (chosen !== undefined) onChange(chosen);
      }}
    />
  );
}
