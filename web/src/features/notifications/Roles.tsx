import { Checkbox, Table, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { failed, told } from "@/ui/toast";

import { KINDS, ROLES } from "./mail";
import { Part } from "./Part";
import { changeSettings, type Kind, type Settings } from "./queries";

type Role = (typeof ROLES)[number];

/** Which roles get which mail. Takes effect at once. */
export function Roles({ roles, reason, onSaved }: { roles: Settings["notifications"]["roles"]; reason: string | null; onSaved: (settings: Settings) => void }) {
  const { t } = useTranslation("notifications");
  const change = useMutation({
    mutationFn: ({ kind, to }: { kind: Kind; to: Role[] }) => changeSettings({ notifications: { roles: { [kind]: to } } }),
    onSuccess: (settings) => {
      onSaved(settings);
      told(t("roles.saved"));
    },
    onError: failed,
  });
  const toggle = (kind: Kind, role: Role, on: boolean): void =>
    change.mutate({ kind, to: ROLES.filter((each) => (each === role ? on : roles[kind].includes(each))) });
  return (
    <Part title={t("roles.title")} hint={<>{t("roles.hint")} {t("you.fallback")} {reason}</>}>
      <Table.ScrollContainer minWidth={300} scrollAreaProps={{ viewportProps: { tabIndex: 0, role: "group", "aria-label": t("roles.title") } }}>
        <Table fz="sm" aria-label={t("roles.title")}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t("roles.kind")}</Table.Th>
              {ROLES.map((role) => <Table.Th key={role}>{t(`role.${role}`)}</Table.Th>)}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {KINDS.map((kind) => (
              <Table.Tr key={kind}>
                <Table.Th scope="row"><Text size="sm" fw={600}>{t(`kind.${kind}.label`)}</Text></Table.Th>
                {ROLES.map((role) => (
                  <Table.Td key={role}>
                    <Checkbox
                      aria-label={t("roles.cell", { kind: t(`kind.${kind}.label`), role: t(`role.${role}`) })}
                      checked={roles[kind].includes(role)}
                      disabled={reason !== null || change.isPending}
                      onChange={(event) => toggle(kind, role, event.currentTarget.checked)}
                    />
                  </Table.Td>
                ))}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Part>
  );
}
