import { Alert, Group, Skeleton, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { type Inbox, type InboxRequest, inboxRequestQuery } from "@/api/inboxes";
import { ApiProblem } from "@/api/problem";
import { bytes, milliseconds } from "@/lib/numbers";
import { CodeBlock } from "@/ui/CodeBlock";
import { CopyAction, Mono } from "@/ui/Copy";
import { Facts } from "@/ui/Facts";
import { Time } from "@/ui/Time";

import { headerLines, requestCurl } from "./request";
import { SignaturePanel } from "./Signature";

/** One request of an inbox, fetched when it is opened. */
export function OpenRequest({ inbox, id }: { inbox: Inbox; id: string }) {
  const { t } = useTranslation("inboxes");
  const { data, error } = useQuery(inboxRequestQuery(inbox.id, id));
  if (error !== null) {
    const gone = error instanceof ApiProblem && error.status === 404;
    return <Alert color={gone ? "gray" : "red"} role="alert">{gone ? t("request.gone") : error.message}</Alert>;
  }
  if (data === undefined) return <Skeleton h={320} />;
  return <RequestView inbox={inbox} request={data} />;
}

/** A request with all that is kept of it: the verdict, method, path, headers, body. */
export function RequestView({ inbox, request }: { inbox: Inbox; request: InboxRequest }) {
  const { t } = useTranslation("inboxes");
  const { status, duration } = { status: request.answered_status, duration: milliseconds(request.duration_ms) };
  return (
    <Stack gap="sm">
      <SignaturePanel signature={request.signature} />
      {request.truncated && <Alert color="yellow">{t("request.truncated")}</Alert>}
      <Facts
        facts={[
          { name: t("requests.received"), value: <Time at={request.received_at} /> },
          { name: t("request.method"), value: <span className="hf-mono">{request.method}</span> },
          { name: t("request.path"), value: request.path === "" ? t("request.pathNone") : <span className="hf-mono">{request.path}</span> },
          ...(request.event_type ? [{ name: t("request.type"), value: request.event_type }] : []),
          ...(request.event_id ? [{ name: t("request.event"), value: <Mono value={request.event_id} /> }] : []),
          ...(request.attempt ? [{ name: t("request.attempt"), value: request.attempt }] : []),
          { name: t("request.answered"), value: t("request.answeredAfter", { status, duration }) },
          { name: t("request.size"), value: bytes(request.body_bytes) },
        ]}
      />
      <RequestBody request={request} />
      <CodeBlock label={t("request.headers")} text={headerLines(request)} layOut={false} maxHeight={280} />
      <Group><CopyAction value={requestCurl(inbox, request)}>{t("request.copyCurl")}</CopyAction></Group>
    </Stack>
  );
}

/** The body, laid out where it is JSON. */
export function RequestBody({ request }: { request: InboxRequest }) {
  const { t } = useTranslation("inboxes");
  if (request.body === "") return <Text size="sm" c="dimmed">{t("request.bodyEmpty")}</Text>;
  const isText = request.body_encoding === "utf-8";
  return <CodeBlock label={isText ? t("request.body") : t("request.bodyBase64")} text={request.body} layOut={isText} />;
}
