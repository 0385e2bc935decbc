import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useLast } from "@/lib/useLast";
import { Confirm } from "@/ui/Confirm";
import { Refused } from "@/ui/Refused";
import { told } from "@/ui/toast";

import { invitationsThatEnd, rolesToGive, type Viewer } from "./capabilities";
import { type MemberAction, nameOf } from "./MemberTable";
import { type Invitation, isRole, type Member, rank, type Role } from "./queries";
import { RoleRadios } from "./RoleRadios";

export type Chosen = { action: MemberAction; member: Member };
type Props = {
  chosen: Chosen | null;
  company: string;
  viewer: Viewer;
  invitations: readonly Invitation[];
  onChangeRole: (id: string, role: Role) => Promise<unknown>;
  onMakeOwner: (id: string) => Promise<unknown>;
  onRemove: (id: string) => Promise<unknown>;
  onClose: () => void;
};

/** What is asked before somebody becomes something else, or goes. */
export function MemberDialogs(props: Props) {
  const { t } = useTranslation("team");
  const { company, invitations, onClose } = props;
  const action = props.chosen?.action;
  const chosen = useLast(props.chosen);
  const name = chosen ? nameOf(chosen.member) : "";
  const owner = useMutation({ mutationFn: props.onMakeOwner, onSuccess: () => { told(t("makeOwner.done", { name, company })); onClose(); } });
  const removing = useMutation({ mutationFn: props.onRemove, onSuccess: () => { told(t("removing.done", { name, company })); onClose(); } });
  const close = (): void => {
    owner.reset();
    removing.reset();
    onClose();
  };
  const ends = chosen ? invitationsThatEnd(chosen.member, invitations, null) : 0;
  return (
    <>
      <Modal opened={action === "changeRole"} onClose={close} title={t("changeRole.title", { name })}>
        {chosen && <RoleForm key={chosen.member.id} {...props} member={chosen.member} />}
      </Modal>
      <Confirm
        opened={action === "makeOwner"}
        title={t("makeOwner.title", { name, company })}
        action={t("makeOwner.action")}
        error={owner.error?.message}
        busy={owner.isPending}
        onConfirm={() => chosen && owner.mutate(chosen.member.id)}
        onClose={close}
      >
        {t("makeOwner.text", { name })}
      </Confirm>
      <Confirm
        opened={action === "remove"}
        title={t("removing.title", { name })}
        action={t("removing.action")}
        error={removing.error?.message}
        busy={removing.isPending}
        onConfirm={() => chosen && removing.mutate(chosen.member.id)}
        onClose={close}
      >
        {t("removing.text", { name, email: chosen?.member.email ?? "", company })}
        {ends > 0 && ` ${t("removing.invitations", { count: ends })}`}
      </Confirm>
    </>
  );
}

function RoleForm({ member, viewer, invitations, onChangeRole, onClose }: Props & { member: Member }) {
  const { t } = useTranslation(["team", "common"]);
  const [role, setRole] = useState<Role>(isRole(member.role) ? member.role : "viewer");
  const name = nameOf(member);
  const words = t(`roles.${role}.name`);
  const change = useMutation({
    mutationFn: () => onChangeRole(member.id, role),
    onSuccess: () => {
      told(t("changeRole.done", { name, role: words }));
      onClose();
    },
  });
  const ends = invitationsThatEnd(member, invitations, role);
  return (
    <form onSubmit={(event) => { event.preventDefault(); if (role === member.role) onClose(); else change.mutate(); }}>
      <Stack>
        <RoleRadios roles={rolesToGive(viewer)} value={role} onChange={setRole} />
        {member.id === viewer.id && rank(role) < rank(viewer.role) && <Text size="sm" c="var(--hf-wait)">{t("changeRole.self", { role: words })}</Text>}
        {role !== member.role && ends > 0 && <Text size="sm" c="var(--hf-wait)">{t("changeRole.invitations", { count: ends, name })}</Text>}
        <Refused message={change.error?.message ?? null} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>{t("common:cancel")}</Button>
          <Button type="submit" loading={change.isPending}>{t("changeRole.action")}</Button>
        </Group>
      </Stack>
    </form>
  );
}
