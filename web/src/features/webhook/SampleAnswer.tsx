import { Group, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { decoded } from "@/lib/bytes";
import { curl } from "@/lib/curl";
import { statusName } from "@/lib/http";
import { milliseconds } from "@/lib/numbers";
import { CodeBlock } from "@/ui/CodeBlock";
import { CopyAction } from "@/ui/Copy";
import { Failure } from "@/ui/Failure";
import { Chip } from "@/ui/StatusChip";

import type { Sample } from "./queries";
import classes from "./SampleAnswer.module.css";

/** What came back of a sample, or why nothing did; and the request that was sent. */
export function SampleAnswer({ answer, healed }: { answer: Sample; healed: boolean }) {
  const { t } = useTranslation("webhook");
  const time = milliseconds(answer.duration_ms);
  return (
    // On a small screen it would come beneath what is in sight.
    <section ref={intoSight} className={classes.answer} data-ok={answer.ok} aria-label={t("sample.title")}>
      <Stack gap="sm">
        <Group gap="xs" wrap="wrap">
          <Chip tone={answer.ok ? "good" : "bad"} shape={answer.ok ? "✓" : "✕"}>
            {answer.status_code ? statusName(answer.status_code) : t("sample.noAnswer")}
          </Chip>
          <Text size="sm" fw={600}>{t("sample.after", { time })}</Text>
        </Group>
        {answer.error && <Failure kind={answer.error.kind} message={answer.error.message} statusCode={answer.status_code} url={answer.request.url} />}
        <Text size="sm" c="dimmed">{answer.ok ? (healed ? t("sample.healed") : t("sample.countedNothing")) : t("sample.uncounted")}</Text>
        {typeof answer.status_code === "number" && <Received answer={answer} />}
        <Sent request={answer.request} />
      </Stack>
    </section>
  );
}

function intoSight(section: HTMLElement | null): void {
  section?.scrollIntoView({ block: "nearest" });
}

function Received({ answer }: { answer: Sample }) {
  const { t } = useTranslation("webhook");
  const bytes = answer.encoding === "base64" ? decoded(answer.body) : null;
  const body = bytes?.text ?? answer.body;
  const notes = [bytes?.how === "hex" && t("sample.notText"), answer.truncated && t("sample.truncated")].filter(Boolean).join(", ");
  return (
    <>
      <Fold title={t("sample.responseHeaders")}><CodeBlock label={t("sample.responseHeaders")} text={headerLines(answer.headers)} layOut={false} /></Fold>
      {body === "" ? (
        <Text size="sm" c="dimmed">{t("sample.noBody")}</Text>
      ) : (
        <Fold title={t("sample.responseBody")} opened>
          <CodeBlock label={notes === "" ? t("sample.responseBody") : `${t("sample.responseBody")} (${notes})`} text={body} maxHeight={240} layOut={bytes?.how !== "hex"} />
        </Fold>
      )}
    </>
  );
}

function Sent({ request }: { request: Sample["request"] }) {
  const { t } = useTranslation("webhook");
  return (
    <Fold title={t("sample.request")}>
      <Stack gap="xs">
        <Group gap="xs">
          <CopyAction value={curl(request)}>{t("sample.curl")}</CopyAction>
          <Text size="xs" c="dimmed">{t("sample.curlHint")}</Text>
        </Group>
        <CodeBlock label={t("sample.requestHeaders")} text={`${request.method} ${request.url}\n${headerLines(request.headers)}`} layOut={false} />
        {request.body && <CodeBlock label={t("sample.requestBody")} text={request.body} maxHeight={240} />}
      </Stack>
    </Fold>
  );
}

function Fold({ title, opened = false, children }: { title: string; opened?: boolean; children: ReactNode }) {
  return (
    <details open={opened}>
      <summary className={classes.summary}>{title}</summary>
      <div style={{ marginTop: 6 }}>{children}</div>
    </details>
  );
}

function headerLines(headers: Record<string, string>): string {
  return Object.entries(headers).map(([name, value]) => `${name}: ${value}`).join("\n");
}
