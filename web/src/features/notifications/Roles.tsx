import { Checkbox, Group, Text } from "@mantine/core";
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
  // What was clicked shows at once; where the server refuses, it goes back.
  const shown = (kind: Kind): readonly string[] => (change.isPending && change.variables.kind === kind ? change.variables.to : roles[kind]);
  const toggle = (kind: Kind, role: Role, on: boolean): void =>
    change.mutate({ kind, to: ROLES.filter((each) => (each === role ? on : roles[kind].includes(each))) });
  return (
    <Part title={t("roles.title")} hint={<>{t("roles.hint")} {t("you.fallback")} {reason}</>}>
      {KINDS.map((kind) => (
        <Group key={kind} justify="space-between" gap="xs" role="group" aria-label={t(`kind.${kind}.label`)}>
          <div style={{ flex: "1 1 200px", minWidth: 0 }}>
            <Text size="sm" fw={600}>{t(`kind.${kind}.label`)}</Text>
            <Text size="sm" c="dimmed">{t(`kind.${kind}.hint`)}</Text>
          </div>
          <Group gap="md">
            {ROLES.map((role) => (
              <Checkbox
                key={role}
                size="xs"
                label={t(`role.${role}`)}
                checked={shown(kind).includes(role)}
                disabled={reason !== null || change.isPending}
                onChange={(event) => toggle(kind, role, event.currentTarget.checked)}
              />
            ))}
          </Group>
        </Group>
      ))}
    </Part>
  );
}
