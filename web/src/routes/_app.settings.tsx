import { SimpleGrid, Stack } from "@mantine/core";
import { useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { createFileRoute } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { limitsQuery } from "@/api/limits";
import { meQuery, useMe } from "@/api/me";
import { CompanyForm } from "@/features/settings/CompanyForm";
import { DefaultsForm } from "@/features/settings/DefaultsForm";
import { LimitBars } from "@/features/settings/LimitBars";
import { type Settings, settingsQuery } from "@/features/settings/queries";
import { Page } from "@/ui/Page";
import { told } from "@/ui/toast";

export const Route = createFileRoute("/_app/settings")({
  loader: ({ context }) => Promise.all([context.queryClient.ensureQueryData(settingsQuery), context.queryClient.ensureQueryData(limitsQuery)]),
  component: SettingsPage,
});

function SettingsPage() {
  const { t } = useTranslation("settings");
  const { data: settings } = useSuspenseQuery(settingsQuery);
  const { data: limits } = useSuspenseQuery(limitsQuery);
  const { can } = useMe();
  const client = useQueryClient();
  const reason = can("admin") ? null : t("noWrite");
  const saved = (answer: Settings): void => {
    client.setQueryData(settingsQuery.queryKey, answer);
    // The name stands in the frame as well.
    void client.invalidateQueries({ queryKey: meQuery.queryKey });
    told(t("saved"));
  };
  return (
    <Page title={t("title")} lead={t("lead", { company: settings.company.name })}>
      <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="md" style={{ alignItems: "start" }}>
        <Stack gap="md">
          <CompanyForm settings={settings} reason={reason} onSaved={saved} />
          <DefaultsForm settings={settings} reason={reason} onSaved={saved} />
        </Stack>
        <LimitBars limits={limits.limits} />
      </SimpleGrid>
    </Page>
  );
}
