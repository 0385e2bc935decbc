import { Checkbox, Group } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { isKind, KINDS } from "./mail";
import type { Kind } from "./queries";

type Props = { label: string; showLabel?: boolean; kinds: Kind[]; disabled?: boolean; error?: React.ReactNode; onChange: (kinds: Kind[]) => void };

/** Which kinds of mail are wanted. */
export function KindBoxes({ label, showLabel = false, kinds, disabled = false, error, onChange }: Props) {
  const { t } = useTranslation("notifications");
  return (
    <Checkbox.Group label={showLabel ? label : undefined} aria-label={showLabel ? undefined : label} error={error} value={kinds} onChange={(chosen) => onChange(chosen.filter(isKind))}>
      <Group gap="md" mt={showLabel ? "xs" : 0}>
        {KINDS.map((kind) => <Checkbox key={kind} size="xs" value={kind} disabled={disabled} label={t(`kind.${kind}.label`)} />)}
      </Group>
    </Checkbox.Group>
  );
}
