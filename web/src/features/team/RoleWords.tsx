import { useTranslation } from "react-i18next";

import { Facts } from "@/ui/Facts";

import { isRole, ROLES } from "./queries";

/** A role in words; one that this dashboard does not know stands as the server calls it. */
export function useRoleName(): (role: string) => string {
  const { t } = useTranslation("team");
  return (role) => (isRole(role) ? t(`roles.${role}.name`) : role);
}

/** What each role may do. */
export function RoleWords() {
  const { t } = useTranslation("team");
  return <Facts facts={ROLES.map((role) => ({ name: t(`roles.${role}.name`), value: t(`roles.${role}.may`) }))} />;
}
