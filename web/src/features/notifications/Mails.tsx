import { Button, Group } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { Beside } from "@/ui/Beside";
import { EmptyState } from "@/ui/EmptyState";

import { MailDetails } from "./MailDetails";
import { MailTable } from "./MailTable";
import type { Mail } from "./queries";

type Props = { mails: readonly Mail[]; mailsAreSent: boolean; open: string | undefined; onOpen: (id: string | undefined) => void; more: (() => void) | null; loadingMore: boolean };

/** The mails, with the one that is open beside them. */
export function Mails({ mails, mailsAreSent, open, onOpen, more, loadingMore }: Props) {
  const { t } = useTranslation(["notifications", "common"]);
  const mail = mails.find(({ id }) => id === open);
  if (mails.length === 0) return <EmptyState title={t("mails.none")}>{t("mails.noneHint")}</EmptyState>;
  return (
    <Beside
      open={mail ? { id: mail.id, pane: <MailDetails mail={mail} mailsAreSent={mailsAreSent} /> } : null}
      title={mail?.subject ?? t("mails.open")}
      onClose={() => onOpen(undefined)}
    >
      <MailTable mails={mails} mailsAreSent={mailsAreSent} open={mail?.id ?? null} onOpen={({ id }) => onOpen(id)} />
      {more !== null && <Group justify="center" mt="md"><Button variant="default" loading={loadingMore} onClick={more}>{t("common:loadMore")}</Button></Group>}
    </Beside>
  );
}
