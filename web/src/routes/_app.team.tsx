import { Stack, Title } from "@mantine/core";
import { useMutation, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { createFileRoute } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { currentCompany } from "@/api/client";
import { meQuery, useMe } from "@/api/me";
import { rolesToGive } from "@/features/team/capabilities";
import { InvitationTable } from "@/features/team/InvitationTable";
import { InviteDialog, LinkDialog } from "@/features/team/InviteDialog";
import { type Chosen, MemberDialogs } from "@/features/team/MemberDialogs";
import { MemberTable } from "@/features/team/MemberTable";
import {
  changeRole, type Invitation, invitationsQuery, invite, isRole, mailsAreSentQuery, makeOwner, membersQuery, rank, removeMember, type Role, takeBack,
} from "@/features/team/queries";
import { RoleWords, useRoleName } from "@/features/team/RoleWords";
import { useLast } from "@/lib/useLast";
import { ActionButton } from "@/ui/ActionButton";
import { Confirm } from "@/ui/Confirm";
import { EmptyState } from "@/ui/EmptyState";
import { Page } from "@/ui/Page";
import { told } from "@/ui/toast";

export const Route = createFileRoute("/_app/team")({
  loader: async ({ context: { queryClient } }) => {
    const me = await queryClient.ensureQueryData(meQuery);
    const role = me.companies.find((each) => each.id === currentCompany())?.role;
    if (role === undefined || rank(role) < rank("admin")) return;
    await Promise.all([queryClient.ensureQueryData(membersQuery), queryClient.ensureQueryData(invitationsQuery), queryClient.ensureQueryData(mailsAreSentQuery)]);
  },
  component: TeamPage,
});

function TeamPage() {
  const { isAtLeast } = useMe();
  return isAtLeast("admin") ? <Team /> : <NotForYou />;
}

function NotForYou() {
  const { t } = useTranslation("team");
  const { company } = useMe();
  const roleName = useRoleName();
  return (
    <Page title={t("title")}>
      <EmptyState title={t("noAdmin.title")}>{t("noAdmin.text", { role: roleName(company?.role ?? ""), company: company?.name ?? "" })}</EmptyState>
      <Roles />
    </Page>
  );
}

function Roles() {
  const { t } = useTranslation("team");
  return (
    <Stack gap="sm" mt="sm" maw={880}>
      <Title order={2}>{t("rolesTitle")}</Title>
      <RoleWords />
    </Stack>
  );
}

function Team() {
  const { t } = useTranslation("team");
  const { me, company } = useMe();
  const client = useQueryClient();
  const { data: members } = useSuspenseQuery(membersQuery);
  const { data: invitations } = useSuspenseQuery(invitationsQuery);
  const { data: mailsAreSent } = useSuspenseQuery(mailsAreSentQuery);
  const [chosen, setChosen] = useState<Chosen | null>(null);
  const [inviting, setInviting] = useState<{ first: { email: string; role: Role } | null } | null>(null);
  const [link, setLink] = useState<Invitation | null>(null);
  const [unwanted, setUnwanted] = useState<Invitation | null>(null);
  const viewer = { id: me.user.id, role: company?.role ?? "" };
  const name = company?.name ?? "";
  const open = invitations.filter((each) => each.state === "open").length;
  const invited = (invitation: Invitation): void => {
    setInviting(null);
    // A link is in the answer only where nobody is mailed.
    if (invitation.token) setLink(invitation);
    else told(t("invite.mailed", { email: invitation.email }));
  };
  return (
    <Page
      title={t("title")}
      lead={`${t("lead", { count: members.length, company: name })}${open > 0 ? ` ${t("leadOpen", { count: open })}` : ""}`}
      actions={<ActionButton onClick={() => setInviting({ first: null })}>{t("invite.button")}</ActionButton>}
    >
      <MemberTable members={members} viewer={viewer} onAct={(action, member) => setChosen({ action, member })} />
      <Stack gap="sm" mt="sm">
        <Title order={2}>{t("invitations.title")}</Title>
        <InvitationTable
          invitations={invitations}
          members={members}
          viewer={viewer}
          mailsAreSent={mailsAreSent}
          onAgain={({ email, role }) => setInviting({ first: { email, role: isRole(role) ? role : "viewer" } })}
          onTakeBack={setUnwanted}
        />
      </Stack>
      <Roles />
      <MemberDialogs
        chosen={chosen}
        company={name}
        viewer={viewer}
        invitations={invitations}
        onChangeRole={(id, role) => changeRole(client, id, role)}
        onMakeOwner={(id) => makeOwner(client, id)}
        onRemove={(id) => removeMember(client, id)}
        onClose={() => setChosen(null)}
      />
      <InviteDialog opened={inviting !== null} first={inviting?.first ?? null} roles={rolesToGive(viewer)} mailsAreSent={mailsAreSent} onInvite={(values) => invite(client, values)} onInvited={invited} onClose={() => setInviting(null)} />
      <LinkDialog invitation={link} onClose={() => setLink(null)} />
      <TakeBack invitation={unwanted} onTakeBack={(id) => takeBack(client, id)} onClose={() => setUnwanted(null)} />
    </Page>
  );
}

function TakeBack({ invitation, onTakeBack, onClose }: { invitation: Invitation | null; onTakeBack: (id: string) => Promise<void>; onClose: () => void }) {
  const { t } = useTranslation("team");
  const email = useLast(invitation)?.email ?? "";
  const taking = useMutation({
    mutationFn: onTakeBack,
    onSuccess: () => {
      told(t("invitations.tookBack", { email }));
      onClose();
    },
  });
  return (
    <Confirm
      opened={invitation !== null}
      title={t("takeBack.title", { email })}
      action={t("takeBack.action")}
      error={taking.error?.message}
      busy={taking.isPending}
      onConfirm={() => invitation && taking.mutate(invitation.id)}
      onClose={() => { taking.reset(); onClose(); }}
    >
      {t("takeBack.text")}
    </Confirm>
  );
}
