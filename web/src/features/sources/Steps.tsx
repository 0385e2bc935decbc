import { Accordion, Anchor, Group, Loader, Stack, Text, Title } from "@mantine/core";
import { IconCheck, IconExternalLink } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { ActionButton } from "@/ui/ActionButton";
import { CodeBlock } from "@/ui/CodeBlock";
import { CopyField } from "@/ui/CopyField";
import { Note } from "@/ui/Note";
import { Time } from "@/ui/Time";

import { META_FIELDS } from "./meta-fields";
import type { Source } from "./queries";
import { unreachableForMeta } from "./state";
import classes from "./Steps.module.css";

type Stage = "done" | "next" | "later";

/** What to do in Meta's App Dashboard, one after the other, and how far it has come. */
export function Steps({ source, onSetSecret, reason }: { source: Source; onSetSecret: () => void; reason: string | null }) {
  const { t } = useTranslation("sources");
  const stages = stagesOf(source);
  return (
    <ol className={classes.steps}>
      <Step number={1} stage={stages[0]} title={t("steps.secretTitle")}>
        {source.app_secret_set ? (
          <Text size="sm" c="dimmed">{t("steps.secretSet")}</Text>
        ) : (
          <>
            <Text size="sm">{t("steps.secretText")}</Text>
            <ActionButton style={{ alignSelf: "flex-start" }} onClick={onSetSecret} reason={reason}>{t("steps.secretButton")}</ActionButton>
          </>
        )}
      </Step>
      <Step number={2} stage={stages[1]} title={t("steps.pasteTitle")}>
        <Paste source={source} />
      </Step>
      <Step number={3} stage={stages[2]} title={t("steps.fieldsTitle")}>
        <Text size="sm">{t("steps.fieldsText")}</Text>
        <Fields />
      </Step>
      <Step number={4} stage={stages[3]} title={t("steps.messageTitle")}>
        <Text size="sm">{t("steps.messageText")}</Text>
        <Sign at={source.last_notification_at} came={t("steps.first")} waiting={t("steps.firstWaiting")} />
      </Step>
    </ol>
  );
}

/** Meta does not tell what was subscribed to: that step counts as done with the first notification. */
function stagesOf(source: Source): [Stage, Stage, Stage, Stage] {
  const shook = Boolean(source.handshake_at);
  const received = Boolean(source.last_notification_at);
  const secret: Stage = source.app_secret_set ? "done" : "next";
  const paste: Stage = shook ? "done" : source.app_secret_set ? "next" : "later";
  const rest: Stage = received ? "done" : shook && source.app_secret_set ? "next" : "later";
  return [secret, paste, rest, rest];
}

function Step({ number, stage, title, children }: { number: number; stage: Stage; title: string; children: ReactNode }) {
  const { t } = useTranslation("sources");
  return (
    <li className={classes.step} data-stage={stage}>
      <span className={classes.number} aria-hidden>{stage === "done" ? <IconCheck size={16} /> : number}</span>
      <Stack gap="xs" style={{ minWidth: 0 }}>
        <Title order={3}>
          {number}. {title}
          {stage !== "later" && <span className="hf-ear"> ({stage === "done" ? t("steps.done") : t("steps.next")})</span>}
        </Title>
        {children}
      </Stack>
    </li>
  );
}

function Paste({ source }: { source: Source }) {
  const { t } = useTranslation("sources");
  const problem = unreachableForMeta(source.callback_url);
  return (
    <>
      <Text size="sm">{t("steps.pasteText")}</Text>
      <Anchor className="hf-link" size="sm" style={{ alignSelf: "flex-start" }} href="https://developers.facebook.com/apps/" target="_blank" rel="noreferrer">
        {t("steps.dashboard")} <IconExternalLink size={12} aria-hidden />
      </Anchor>
      <CopyField label={t("steps.callbackUrl")} value={source.callback_url} action={t("steps.copyUrl")} />
      <CopyField label={t("steps.verifyToken")} value={source.verify_token} action={t("steps.copyToken")} />
      {problem !== null && !source.handshake_at && <Note tone="wait">{t(`steps.${problem}`)}</Note>}
      <Sign at={source.handshake_at} came={t("steps.handshake")} waiting={t("steps.waiting")} />
    </>
  );
}

/** The sign that something came, or that the page waits for it. */
function Sign({ at, came, waiting }: { at: string | null | undefined; came: string; waiting: string }) {
  return (
    <Group gap="xs" role="status">
      {at ? (
        <Text size="sm" c="var(--hf-good)" fw={600}>✓ {came} <Time at={at} /></Text>
      ) : (
        <>
          <Loader size={14} type="dots" aria-hidden />
          <Text size="sm" c="dimmed">{waiting}</Text>
        </>
      )}
    </Group>
  );
}

function Fields() {
  const { t } = useTranslation("sources");
  return (
    <table className={classes.fields}>
      <thead>
        <tr>
          <th scope="col">{t("steps.fieldColumn")}</th>
          <th scope="col">{t("steps.typesColumn")}</th>
        </tr>
      </thead>
      <tbody>
        {META_FIELDS.map(({ field, types, needed }) => (
          <tr key={field}>
            <td><span className="hf-mono">{field}</span>{needed && <Text span size="xs" c="dimmed"> {t("steps.fieldsNeeded")}</Text>}</td>
            <td className="hf-mono">{types.join(", ")}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** For who cannot take the app's callback URL, and for who has no app at hand. */
export function OtherWays({ source }: { source: Source }) {
  const { t } = useTranslation("sources");
  return (
    <Accordion variant="contained" multiple>
      <Accordion.Item value="override">
        <Accordion.Control>{t("steps.overrideTitle")}</Accordion.Control>
        <Accordion.Panel>
          <Stack gap="xs">
            <Text size="sm">{t("steps.overrideText")}</Text>
            <CodeBlock label={t("steps.overrideLabel")} layOut={false} text={overrideLine(source)} />
          </Stack>
        </Accordion.Panel>
      </Accordion.Item>
      <Accordion.Item value="try">
        <Accordion.Control>{t("steps.tryTitle")}</Accordion.Control>
        <Accordion.Panel>
          <Stack gap="xs">
            <Text size="sm">{t("steps.tryText")}</Text>
            <CodeBlock label={t("steps.overrideLabel")} layOut={false} text={`hookferry send --fixture message_text --to '${source.callback_url}' --secret "$APP_SECRET"`} />
          </Stack>
        </Accordion.Panel>
      </Accordion.Item>
    </Accordion>
  );
}

function overrideLine(source: Source): string {
  return [
    'curl -sS -X POST "https://graph.facebook.com/v23.0/$WABA_ID/subscribed_apps" \\',
    '  -H "Authorization: Bearer $ACCESS_TOKEN" -H "Content-Type: application/json" \\',
    `  -d '${JSON.stringify({ override_callback_uri: source.callback_url, verify_token: source.verify_token }).replaceAll("'", "'\\''")}'`,
  ].join("\n");
}
