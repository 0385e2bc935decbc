import { ActionIcon, Menu, Text } from "@mantine/core";
import { IconDots } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

import { DataTable } from "@/ui/DataTable";
import { Time } from "@/ui/Time";

import { type Viewer, whyNoOtherRole, whyNotHandedOver, whyNotRemoved, type Why } from "./capabilities";
import type { Member } from "./queries";
import { useRoleName } from "./RoleWords";

export type MemberAction = "changeRole" | "makeOwner" | "remove";

/** What somebody is called in sentences. */
export function nameOf(member: Pick<Member, "name" | "email">): string {
  return member.name || member.email;
}

export function MemberTable({ members, viewer, onAct }: { members: readonly Member[]; viewer: Viewer; onAct: (action: MemberAction, member: Member) => void }) {
  const { t } = useTranslation("team");
  const roleName = useRoleName();
  return (
    <DataTable
      label={t("members.title")}
      rows={members}
      rowKey={(member) => member.id}
      columns={[
        { key: "name", header: t("members.name"), width: "26%", phone: "title", cell: (member) => <Name member={member} you={member.id === viewer.id} /> },
        { key: "email", header: t("members.address"), width: "30%", cell: (member) => <Address member={member} /> },
        { key: "role", header: t("members.role"), width: "14%", cell: (member) => roleName(member.role) },
        { key: "since", header: t("members.since"), cell: (member) => <Time at={member.since} /> },
        { key: "actions", header: t("members.actions"), width: "84px", align: "right", phone: "bare", cell: (member) => <Actions member={member} members={members} viewer={viewer} onAct={onAct} /> },
      ]}
    />
  );
}

function Name({ member, you }: { member: Member; you: boolean }) {
  const { t } = useTranslation("team");
  return (
    <span title={nameOf(member)}>
      <bdi>{nameOf(member)}</bdi>
      {you && <Text span inherit c="dimmed" fw={400}> ({t("members.you")})</Text>}
    </span>
  );
}

function Address({ member }: { member: Member }) {
  const { t } = useTranslation("team");
  return (
    <span title={member.email}>
      {member.email}
      {!member.verified && <Text span inherit c="dimmed"> ({t("members.unverified")})</Text>}
    </span>
  );
}

function Actions({ member, members, viewer, onAct }: { member: Member; members: readonly Member[]; viewer: Viewer; onAct: (action: MemberAction, member: Member) => void }) {
  const { t } = useTranslation("team");
  const actions: readonly { action: MemberAction; why: Why | null; danger?: boolean }[] = [
    { action: "changeRole", why: whyNoOtherRole(viewer, member, members) },
    { action: "makeOwner", why: whyNotHandedOver(viewer, member) },
    { action: "remove", why: whyNotRemoved(viewer, member, members), danger: true },
  ];
  return (
    <Menu position="bottom-end" width={280} portalProps={{ target: "#page" }}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={t("members.actionsOf", { name: nameOf(member) })}><IconDots size={18} /></ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {actions.map(({ action, why, danger }) => (
          <MenuAction key={action} label={t(`members.${action}`)} why={why && t(`why.${why}`, { name: nameOf(member) })} danger={danger} onClick={() => onAct(action, member)} />
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

/** An entry of a menu; where it cannot be used it stays reachable and says why. */
export function MenuAction({ label, why, danger, onClick }: { label: string; why: string | null; danger?: boolean; onClick: () => void }) {
  if (why !== null) {
    return (
      <Menu.Item aria-disabled closeMenuOnClick={false} c="dimmed" style={{ cursor: "default" }}>
        {label}
        <Text size="xs" c="dimmed">{why}</Text>
      </Menu.Item>
    );
  }
  return <Menu.Item c={danger ? "var(--hf-bad)" : undefined} onClick={onClick}>{label}</Menu.Item>;
}
