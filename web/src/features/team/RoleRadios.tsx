import { Radio, Stack } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { isRole, type Role } from "./queries";

/** A choice among roles, each with what it may do. */
export function RoleRadios({ roles, value, onChange, error }: { roles: readonly Role[]; value: Role; onChange: (role: Role) => void; error?: React.ReactNode }) {
  const { t } = useTranslation("team");
  return (
    <Radio.Group label={t("changeRole.label")} value={value} error={error} onChange={(next) => isRole(next) && onChange(next)}>
      <Stack gap="sm" mt={6}>
        {roles.map((role) => <Radio key={role} value={role} label={t(`roles.${role}.name`)} description={t(`roles.${role}.may`)} />)}
      </Stack>
    </Radio.Group>
  );
}
