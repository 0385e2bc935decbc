import { ActionIcon, Button, Menu, Stack, Text } from "@mantine/core";
import { IconDots } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { DataTable } from "@/ui/DataTable";
import { Chip, type Tone } from "@/ui/StatusChip";
import { Time } from "@/ui/Time";

import { type Viewer, whyNotTakenBack } from "./capabilities";
import { MenuAction, nameOf } from "./MemberTable";
import type { Invitation, Member } from "./queries";
import { useRoleName } from "./RoleWords";

type Props = {
  invitations: readonly Invitation[];
  members: readonly Member[];
  viewer: Viewer;
  mailsAreSent: boolean;
  onAgain: (invitation: Invitation) => void;
  onTakeBack: (invitation: Invitation) => void;
};

/** Who is asked into the company and has not come; what became of earlier ones is a click away. */
export function InvitationTable(props: Props) {
  const { t } = useTranslation("team");
  const [past, setPast] = useState(false);
  const open = props.invitations.filter((each) => each.state === "open");
  const rows = past ? [...open, ...props.invitations.filter((each) => each.state !== "open")] : open;
  const hidden = props.invitations.length - open.length;
  return (
    <Stack gap="sm">
      {rows.length === 0 ? <Text size="sm" c="dimmed">{t("invitations.none")}</Text> : <Rows {...props} rows={rows} />}
      {!props.mailsAreSent && <Text size="sm" c="dimmed">{t("invitations.noMail")}</Text>}
      {hidden > 0 && (
        <Button variant="subtle" size="compact-sm" style={{ alignSelf: "flex-start" }} aria-expanded={past} onClick={() => setPast(!past)}>
          {past ? t("invitations.hidePast") : t("invitations.showPast", { count: hidden })}
        </Button>
      )}
    </Stack>
  );
}

function Rows({ rows, members, viewer, onAgain, onTakeBack }: Props & { rows: readonly Invitation[] }) {
  const { t } = useTranslation("team");
  const roleName = useRoleName();
  const inviter = useInviter(members);
  return (
    <DataTable
      label={t("invitations.title")}
      rows={rows}
      rowKey={(each) => each.id}
      columns={[
        { key: "email", header: t("invitations.email"), width: "30%", phone: "title", cell: (each) => <span title={each.email}>{each.email}</span> },
        { key: "role", header: t("invitations.role"), width: "12%", cell: (each) => roleName(each.role) },
        { key: "state", header: t("invitations.state"), width: "14%", cell: (each) => <State state={each.state} /> },
        { key: "by", header: t("invitations.by"), width: "18%", cell: (each) => <bdi>{inviter(each.invited_by)}</bdi> },
        { key: "expires", header: t("invitations.expires"), cell: (each) => <Time at={each.state === "open" || each.state === "expired" ? each.expires_at : null} /> },
        { key: "actions", header: t("invitations.actions"), width: "84px", align: "right", phone: "bare", cell: (each) => <Actions invitation={each} viewer={viewer} onAgain={onAgain} onTakeBack={onTakeBack} /> },
      ]}
    />
  );
}

const TONES = { open: "wait", accepted: "good", revoked: "off", expired: "off" } as const satisfies Record<string, Tone>;

function State({ state }: { state: string }) {
  const { t } = useTranslation("team");
  if (state === "open" || state === "accepted" || state === "revoked" || state === "expired") {
    return <Chip tone={TONES[state]} shape={state === "accepted" ? "✓" : undefined}>{t(`invitations.${state}`)}</Chip>;
  }
  return <Chip tone="off">{state}</Chip>;
}

/** Who invited: a person by name, a token, or the operator's command. */
function useInviter(members: readonly Member[]): (by: string) => string {
  const { t } = useTranslation("team");
  return (by) => {
    const member = members.find((each) => each.id === by);
    if (member) return nameOf(member);
    if (by.startsWith("usr_")) return t("invitations.byGone");
    return by.startsWith("tok_") ? t("invitations.byToken") : t("invitations.byOperator");
  };
}

function Actions({ invitation, viewer, onAgain, onTakeBack }: Pick<Props, "viewer" | "onAgain" | "onTakeBack"> & { invitation: Invitation }) {
  const { t } = useTranslation("team");
  if (invitation.state === "accepted") return null;
  const why = whyNotTakenBack(viewer, invitation);
  return (
    <Menu position="bottom-end" width={240} portalProps={{ target: "#page" }}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={t("invitations.actionsOf", { email: invitation.email })}><IconDots size={18} /></ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <MenuAction label={t("invitations.again")} why={why && t(`why.${why}`)} onClick={() => onAgain(invitation)} />
        {invitation.state === "open" && <MenuAction label={t("invitations.takeBack")} why={why && t(`why.${why}`)} danger onClick={() => onTakeBack(invitation)} />}
      </Menu.Dropdown>
    </Menu>
  );
}
