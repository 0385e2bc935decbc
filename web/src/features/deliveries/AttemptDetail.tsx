import { Stack, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { decoded } from "@/lib/bytes";
import { bytes } from "@/lib/numbers";
import { CodeBlock } from "@/ui/CodeBlock";
import { useSectionLevel } from "@/ui/level";
import { Failure } from "@/ui/Failure";

import type { Attempt } from "./queries";

/** Exactly what was said: the request, and what came back. Why it failed may stand above already. */
export function AttemptDetail({ attempt, explained }: { attempt: Attempt; explained: boolean }) {
  const { t } = useTranslation("deliveries");
  const under = useSectionLevel() === 2 ? 3 : 4;
  const { request, error } = attempt;
  return (
    <Stack gap="xs" py="xs">
      {error && !explained && <Failure kind={error.kind} message={error.message} statusCode={attempt.status_code} url={request.url} />}
      <Title order={under} size="sm" mt={4}>{t("request")}</Title>
      <Text className="hf-mono" style={{ overflowWrap: "anywhere" }}>{request.method} {request.url}</Text>
      <Headers headers={request.headers} />
      {request.body === null || request.body === undefined ? <Text size="sm" c="dimmed">{t("bodyGone")}</Text> : <Body text={request.body} />}
      <Title order={under} size="sm" mt="xs">{t("response")}</Title>
      <Answer attempt={attempt} />
    </Stack>
  );
}

function Answer({ attempt }: { attempt: Attempt }) {
  const { t } = useTranslation("deliveries");
  const { response, status_code } = attempt;
  if (status_code === null || status_code === undefined) return <Text size="sm" c="dimmed">{t("noAnswer")}</Text>;
  const plain = response.encoding === "base64" ? decoded(response.body) : null;
  const how = plain && t(plain.how === "hex" ? "bytesAsHex" : "bytesAsText", { size: bytes(plain.size) });
  const notes = [how, response.truncated && t("truncated")].filter(Boolean).join("; ");
  return (
    <>
      <Headers headers={response.headers} />
      <Body text={plain?.text ?? response.body} notes={notes} layOut={plain === null && !response.truncated} />
    </>
  );
}

function Headers({ headers }: { headers: Record<string, string> }) {
  const { t } = useTranslation("deliveries");
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  if (lines.length === 0) return <Text size="sm" c="dimmed">{t("noHeaders")}</Text>;
  return <CodeBlock label={t("headers")} text={lines.join("\n")} layOut={false} maxHeight={200} />;
}

function Body({ text, notes = "", layOut = true }: { text: string; notes?: string; layOut?: boolean }) {
  const { t } = useTranslation("deliveries");
  if (text === "") return <Text size="sm" c="dimmed">{t("noBody")}{notes && ` (${notes})`}</Text>;
  return <CodeBlock label={notes ? `${t("body")} (${notes})` : t("body")} text={text} layOut={layOut} maxHeight={320} />;
}
