import { Anchor } from "@mantine/core";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";

import { useNow } from "@/lib/useNow";
import { type DataColumn, DataTable } from "@/ui/DataTable";
import { Chip } from "@/ui/StatusChip";
import { Time } from "@/ui/Time";

import { stageOf, TONES } from "./mail";
import type { Mail } from "./queries";

export function MailTable({ mails, mailsAreSent, open, onOpen }: { mails: readonly Mail[]; mailsAreSent: boolean; open: string | null; onOpen: (mail: Mail) => void }) {
  const { t } = useTranslation("notifications");
  const columns = useMemo<DataColumn<Mail>[]>(
    () => [
      { key: "state", header: t("mails.column.state"), width: open === null ? "190px" : "130px", phone: "bare", cell: (mail) => <StageChip mail={mail} mailsAreSent={mailsAreSent} /> },
      { key: "subject", header: t("mails.column.subject"), phone: "title", cell: (mail) => <Anchor component="button" type="button" className="hf-link" fz="inherit" ta="left" onClick={() => onOpen(mail)}>{mail.subject}</Anchor> },
      // Beside an open mail there is no room for what it says itself.
      ...(open === null ? [{ key: "to", header: t("mails.column.to"), width: "26%", cell: (mail: Mail) => mail.recipient }] : []),
      { key: "made", header: t("mails.column.made"), width: "120px", cell: (mail) => <Time at={mail.created_at} /> },
    ],
    [t, mailsAreSent, onOpen, open],
  );
  return <DataTable label={t("part.mails")} rows={mails} columns={columns} rowKey={(mail) => mail.id} onOpen={onOpen} openKey={open} />;
}

/** What became of a mail, in a word. */
export function StageChip({ mail, mailsAreSent }: { mail: Mail; mailsAreSent: boolean }) {
  const { t } = useTranslation("notifications");
  const stage = stageOf(mail, mailsAreSent, useNow("ten-seconds"));
  return <Chip tone={TONES[stage]}>{t(`mails.state.${stage}`)}</Chip>;
}
