import { Group, NativeSelect, Text } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { ActionButton } from "@/ui/ActionButton";
import { Note } from "@/ui/Note";

import { Part } from "./Part";
import { mailQuery, provedMembersQuery, sendTestMail, type Settings } from "./queries";

type Props = { settings: Settings; me: { email: string }; reason: string | null };

/** Asks for a test mail and tells what became of it. */
export function TestMail({ settings, me, reason }: Props) {
  const { t } = useTranslation("notifications");
  const [to, setTo] = useState(me.email);
  const members = useQuery({ ...provedMembersQuery, enabled: reason === null });
  const { addresses, mails_are_sent: sends } = settings.notifications;
  const proved = addresses.filter(({ state }) => state === "proved").map(({ email }) => email);
  const others = [...new Set([...(members.data ?? []), ...proved])].filter((email) => email !== me.email);
  const send = useMutation({ mutationFn: () => sendTestMail(to === me.email ? null : to) });
  return (
    <Part title={t("test.title")} hint={t("test.hint")}>
      <Group align="flex-end">
        <NativeSelect
          label={t("test.to")}
          value={to}
          disabled={reason !== null}
          data={[{ value: me.email, label: t("test.own", { email: me.email }) }, ...others]}
          onChange={(event) => setTo(event.currentTarget.value)}
          style={{ flex: "0 1 320px" }}
        />
        <ActionButton variant="default" loading={send.isPending} reason={reason ?? (sends ? null : t("test.noServer"))} onClick={() => send.mutate()}>{t("test.send")}</ActionButton>
      </Group>
      {send.error !== null && <Note tone="bad" alert>{send.error.message}</Note>}
      {send.data !== undefined && <Outcome id={send.data.id} />}
    </Part>
  );
}

function Outcome({ id }: { id: string }) {
  const { t } = useTranslation("notifications");
  const { data: mail } = useQuery(mailQuery(id));
  return (
    <div role="status">
      {mail?.state === "sent" ? (
        <Note tone="good">{t("test.sent")}</Note>
      ) : mail?.state === "failed" ? (
        <Note tone="bad">{t("test.failed", { error: mail.last_error ?? "" })}</Note>
      ) : (
        <Text size="sm" c="dimmed">{t("test.waiting")}</Text>
      )}
    </div>
  );
}
