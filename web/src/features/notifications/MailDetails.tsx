import { Stack, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { useNow } from "@/lib/useNow";
import { CodeBlock } from "@/ui/CodeBlock";
import { Mono } from "@/ui/Copy";
import { Facts } from "@/ui/Facts";
import { Time } from "@/ui/Time";

import { isKind, stageOf } from "./mail";
import { StageChip } from "./MailTable";
import type { Mail } from "./queries";

/** A mail as it was or will be sent, and what became of it. */
export function MailDetails({ mail, mailsAreSent }: { mail: Mail; mailsAreSent: boolean }) {
  const { t } = useTranslation("notifications");
  const stage = stageOf(mail, mailsAreSent, useNow("ten-seconds"));
  const waits = stage === "held" || stage === "retrying";
  const facts = [
    { name: t("mails.facts.state"), value: <><StageChip mail={mail} mailsAreSent={mailsAreSent} /><Text size="sm" mt={4}>{t(`mails.why.${stage}`)}</Text></> },
    { name: t("mails.facts.to"), value: mail.recipient },
    { name: t("mails.facts.kind"), value: isKind(mail.kind) ? t(`kind.${mail.kind}.label`) : t("kind.test.label") },
    { name: t("mails.facts.made"), value: <Time at={mail.created_at} /> },
    waits && { name: t("mails.facts.due"), value: <Time at={mail.due_at} /> },
    mail.sent_at && { name: t("mails.facts.sent"), value: <Time at={mail.sent_at} /> },
    mail.tries > 0 && { name: t("mails.facts.tries"), value: mail.tries },
    mail.last_error && { name: t("mails.facts.error"), value: mail.last_error },
    mail.endpoint_id && { name: t("mails.facts.webhook"), value: <Mono value={mail.endpoint_id}><Link className="hf-link" to="/webhooks/$id" params={{ id: mail.endpoint_id }}>{mail.endpoint_id}</Link></Mono> },
    { name: t("mails.facts.id"), value: <Mono value={mail.id} /> },
  ];
  return (
    <Stack gap="md">
      <Facts facts={facts.flatMap((fact) => (fact ? [fact] : []))} />
      <CodeBlock label={t("mails.text")} text={mail.text} layOut={false} />
    </Stack>
  );
}
