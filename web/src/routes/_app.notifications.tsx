import { SimpleGrid, Stack, Tabs } from "@mantine/core";
import { useQueryClient, useSuspenseInfiniteQuery, useSuspenseQuery } from "@tanstack/react-query";
import { createFileRoute } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import * as z from "zod/mini";

import { useMe } from "@/api/me";
import { Addresses } from "@/features/notifications/Addresses";
import { Mails } from "@/features/notifications/Mails";
import { choicesQuery, mailsQuery, type Settings, settingsQuery } from "@/features/notifications/queries";
import { QuietHours } from "@/features/notifications/QuietHours";
import { Roles } from "@/features/notifications/Roles";
import { TestMail } from "@/features/notifications/TestMail";
import { YourMails } from "@/features/notifications/YourMails";
import { oneOf, text } from "@/lib/list-search";
import { Note } from "@/ui/Note";
import { Page } from "@/ui/Page";

const PARTS = ["mails", "you", "company"] as const;

export const Route = createFileRoute("/_app/notifications")({
  validateSearch: z.object({ part: oneOf(PARTS), mail: text() }),
  loader: ({ context: { queryClient } }) =>
    Promise.all([queryClient.ensureQueryData(settingsQuery), queryClient.ensureQueryData(choicesQuery), queryClient.ensureInfiniteQueryData(mailsQuery)]),
  component: NotificationsPage,
});

function NotificationsPage() {
  const { t } = useTranslation("notifications");
  const { part = "mails", mail } = Route.useSearch();
  const navigate = Route.useNavigate();
  const { data: settings } = useSuspenseQuery(settingsQuery);
  const { data: choices } = useSuspenseQuery(choicesQuery);
  const mails = useSuspenseInfiniteQuery(mailsQuery);
  const { me, company, can } = useMe();
  const client = useQueryClient();
  const reason = can("admin") ? null : t("noWrite");
  const saved = (answer: Settings): void => {
    client.setQueryData(settingsQuery.queryKey, answer);
    changed();
  };
  const changed = (): void => {
    void client.invalidateQueries({ queryKey: ["settings"] });
    void client.invalidateQueries({ queryKey: ["mails"] });
  };
  const { mails_are_sent: mailsAreSent, roles, addresses } = settings.notifications;
  return (
    <Page title={t("title")} lead={t("lead")}>
      {!mailsAreSent && <Note tone="wait">{t("kept")}</Note>}
      <Tabs value={part} onChange={(next) => void navigate({ search: (before) => ({ ...before, part: PARTS.find((each) => each === next), mail: undefined }) })} keepMounted={false}>
        <Tabs.List aria-label={t("part.label")}>
          {PARTS.map((each) => <Tabs.Tab key={each} value={each}>{t(`part.${each}`)}</Tabs.Tab>)}
        </Tabs.List>
        <Tabs.Panel value="mails" pt="md">
          <Mails
            mails={mails.data.pages.flatMap((page) => page.data)}
            mailsAreSent={mailsAreSent}
            open={mail}
            onOpen={(id) => void navigate({ search: (before) => ({ ...before, mail: id }), replace: true })}
            more={mails.hasNextPage ? () => void mails.fetchNextPage() : null}
            loadingMore={mails.isFetchingNextPage}
          />
        </Tabs.Panel>
        <Tabs.Panel value="you" pt="md" maw={860}>
          <YourMails choices={choices} roles={roles} role={company?.role ?? ""} company={settings.company.name} />
        </Tabs.Panel>
        <Tabs.Panel value="company" pt="md">
          <SimpleGrid cols={{ base: 1, lg: 2 }} style={{ alignItems: "start" }}>
            <Stack gap="md">
              <Roles roles={roles} reason={reason} onSaved={saved} />
              <QuietHours settings={settings} reason={reason} onSaved={saved} />
              <TestMail settings={settings} me={me.user} reason={reason} />
            </Stack>
            <Addresses addresses={addresses} reason={reason} onChanged={changed} />
          </SimpleGrid>
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}
