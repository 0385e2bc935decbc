import { SimpleGrid, Stack, Title } from "@mantine/core";
import { useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { createFileRoute } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Trans, useTranslation } from "react-i18next";

import { type Membership, useMe } from "@/api/me";
import { CompanyTable } from "@/features/account/CompanyTable";
import { EmailForm, NameForm, PasswordForm } from "@/features/account/Forms";
import { LoginTable } from "@/features/account/LoginTable";
import { changeEmail, changePassword, endLogins, leave, loginsQuery, rename } from "@/features/account/queries";
import { useRoleName } from "@/features/team/RoleWords";
import { Page } from "@/ui/Page";
import { Time } from "@/ui/Time";
import { told } from "@/ui/toast";

export const Route = createFileRoute("/_app/account")({
  loader: ({ context }) => context.queryClient.ensureQueryData(loginsQuery),
  component: AccountPage,
});

function AccountPage() {
  const { t } = useTranslation("account");
  const { me, company } = useMe();
  const client = useQueryClient();
  const navigate = Route.useNavigate();
  const roleName = useRoleName();
  const { data: logins } = useSuspenseQuery(loginsQuery);
  const { email, name, created_at } = me.user;
  const left = async (gone: Membership): Promise<void> => {
    await leave(client, gone.id);
    told(t("companies.left", { company: gone.name }));
    // What this tab showed is no longer this person's to see.
    if (gone.id === company?.id) await navigate({ to: "/", search: { company: undefined }, replace: true });
  };
  return (
    <Page title={t("title")} lead={<span style={{ overflowWrap: "anywhere" }}><Trans t={t} i18nKey="lead" values={{ email }} components={{ since: <Time at={created_at} /> }} /></span>}>
      <SimpleGrid cols={{ base: 1, md: 2, xl: 3 }}>
        <Part title={t("name.title")}>
          <NameForm name={name} onSave={(next) => rename(client, next)} onSaved={(next) => told(t("name.saved", { name: next }))} />
        </Part>
        <Part title={t("password.title")}>
          <PasswordForm email={email} onSave={(body) => changePassword(client, body)} onSaved={() => told(t("password.saved"))} />
        </Part>
        <Part title={t("email.title")}>
          <EmailForm present={email} onSave={(body) => changeEmail(client, body)} onChanged={(next) => told(t("email.changed", { email: next }))} />
        </Part>
      </SimpleGrid>
      <Stack gap="sm" mt="sm">
        <Title order={2}>{t("logins.title")}</Title>
        <LoginTable logins={logins} onEnd={(ids) => endLogins(client, ids)} />
      </Stack>
      <Stack gap="sm" mt="sm">
        <Title order={2}>{t("companies.title")}</Title>
        <CompanyTable companies={me.companies} shown={company?.id ?? null} roleName={roleName} onLeave={left} />
      </Stack>
    </Page>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Stack className="hf-panel" component="section" gap="sm" p="md">
      <Title order={2}>{title}</Title>
      {children}
    </Stack>
  );
}
