import { Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useTranslation } from "react-i18next";

import { useSubmit } from "@/api/useSubmit";
import { useLast } from "@/lib/useLast";
import { CopyField } from "@/ui/CopyField";
import { Refused } from "@/ui/Refused";
import { SubmitButton } from "@/ui/SubmitButton";
import { Time } from "@/ui/Time";

import type { Invitation, Role } from "./queries";
import { RoleRadios } from "./RoleRadios";

type Values = { email: string; role: Role };

/** Asks somebody into the company. `first` is whom an earlier invitation was for. */
export function InviteDialog({ opened, first, roles, mailsAreSent, onInvite, onInvited, onClose }: {
  opened: boolean;
  first: Values | null;
  roles: readonly Role[];
  mailsAreSent: boolean;
  onInvite: (values: Values) => Promise<Invitation>;
  onInvited: (invitation: Invitation) => void;
  onClose: () => void;
}) {
  const { t } = useTranslation("team");
  return (
    <Modal opened={opened} onClose={onClose} closeOnClickOutside={false} title={t("invite.title")}>
      <Form first={first ?? { email: "", role: "developer" }} roles={roles} mailsAreSent={mailsAreSent} onInvite={onInvite} onInvited={onInvited} onClose={onClose} />
    </Modal>
  );
}

function Form({ first, roles, mailsAreSent, onInvite, onInvited, onClose }: {
  first: Values;
  roles: readonly Role[];
  mailsAreSent: boolean;
  onInvite: (values: Values) => Promise<Invitation>;
  onInvited: (invitation: Invitation) => void;
  onClose: () => void;
}) {
  const { t } = useTranslation(["team", "common"]);
  const form = useForm<Values>({ initialValues: first });
  const { submit, rest, busy, waitUntil } = useSubmit({ form, fields: ["email", "role"], send: onInvite, onDone: onInvited });
  return (
    <form noValidate onSubmit={form.onSubmit(submit)}>
      <Stack>
        <TextInput type="email" label={t("invite.email")} autoComplete="off" data-autofocus {...form.getInputProps("email")} />
        <RoleRadios roles={roles} value={form.values.role} error={form.errors.role} onChange={(role) => form.setFieldValue("role", role)} />
        <Text size="sm" c="dimmed">{mailsAreSent ? t("invite.lasts") : t("invite.lastsNoMail")}</Text>
        <Refused message={rest} waitUntil={waitUntil} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>{t("common:cancel")}</Button>
          <SubmitButton busy={busy} waitUntil={waitUntil}>{t("invite.action")}</SubmitButton>
        </Group>
      </Stack>
    </form>
  );
}

/** Where no mail server is: the link, shown this once, for a person to hand over. */
export function LinkDialog({ invitation: shown, onClose }: { invitation: Invitation | null; onClose: () => void }) {
  const { t } = useTranslation("team");
  const invitation = useLast(shown);
  return (
    <Modal opened={shown !== null} onClose={onClose} title={t("invite.linkTitle", { email: invitation?.email ?? "" })} size="lg" closeOnClickOutside={false}>
      {invitation && (
        <Stack>
          <Text size="sm">{t("invite.linkText", { email: invitation.email })}</Text>
          <CopyField label={t("invite.link")} value={`${window.location.origin}/invitation#token=${invitation.token ?? ""}`} action={t("invite.copy")} />
          <Text size="sm" c="dimmed">{t("invite.expires")} <Time at={invitation.expires_at} />.</Text>
          <Group justify="flex-end"><Button onClick={onClose}>{t("invite.doneAction")}</Button></Group>
        </Stack>
      )}
    </Modal>
  );
}
