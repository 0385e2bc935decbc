import { Group, NativeSelect, Stack, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import type { Schemas } from "@/api/client";
import { failed, told } from "@/ui/toast";

import { KINDS } from "./mail";
import { Part } from "./Part";
import { changeChoices, choicesQuery, type Kind, type Settings } from "./queries";

type Props = { choices: Schemas["MailChoicesView"]; roles: Settings["notifications"]["roles"]; role: string; company: string };

/** Which mails oneself gets: as the company has it for one's role, or otherwise. Takes effect at once. */
export function YourMails({ choices, roles, role, company }: Props) {
  const { t } = useTranslation("notifications");
  const client = useQueryClient();
  const change = useMutation({
    mutationFn: changeChoices,
    onSuccess: (answer) => {
      client.setQueryData(choicesQuery.queryKey, answer);
      told(t("you.saved"));
    },
    onError: failed,
  });
  const asCompany = (kind: Kind): boolean => roles[kind].some((each) => each === role);
  return (
    <Part title={t("you.title", { company })} hint={<>{t("numbers")} {t("you.fallback")}</>}>
      <Stack gap="md">
        {KINDS.map((kind) => {
          // What was chosen shows at once; where the server refuses, it goes back.
          const chosen = change.isPending && kind in change.variables ? change.variables[kind] : choices.chosen[kind];
          return (
            <Group key={kind} justify="space-between" align="center" gap="xs">
              <div style={{ flex: "1 1 240px", minWidth: 0 }}>
                <Text size="sm" fw={600}>{t(`kind.${kind}.label`)}</Text>
                <Text size="sm" c="dimmed">{t(`kind.${kind}.hint`)}</Text>
              </div>
              <NativeSelect
                aria-label={`${t("you.column")}: ${t(`kind.${kind}.label`)}`}
                w={260}
                disabled={change.isPending}
                value={chosen === null || chosen === undefined ? "" : String(chosen)}
                data={[
                  { value: "", label: asCompany(kind) ? t("you.company.yes") : t("you.company.no") },
                  { value: "true", label: t("you.yes") },
                  { value: "false", label: t("you.no") },
                ]}
                onChange={({ currentTarget: { value } }) => change.mutate({ [kind]: value === "" ? null : value === "true" })}
              />
            </Group>
          );
        })}
      </Stack>
    </Part>
  );
}
