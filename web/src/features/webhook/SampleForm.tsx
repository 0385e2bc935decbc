import { Group, Select, Stack, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import type { Endpoint } from "@/api/endpoints";
import { useMe } from "@/api/me";
import { ActionButton } from "@/ui/ActionButton";
import { JsonEditor } from "@/ui/JsonEditor";

import { capabilities } from "./capabilities";
import { useRefusal } from "./Doings";
import { Faults } from "./Faults";
import { faultsWithin, restOf } from "./json-faults";
import { eventTypesQuery, sampleTextQuery, sendSample } from "./queries";
import { SampleAnswer } from "./SampleAnswer";
import { firstSampleType } from "./sample-type";

/** Sends one request of a chosen type now, and shows what came back at once. */
export default function SampleForm({ endpoint }: { endpoint: Endpoint }) {
  const { t } = useTranslation("webhook");
  const why = useRefusal();
  const { can } = useMe();
  const { data: types } = useQuery(eventTypesQuery);
  const names = (types?.data ?? []).filter((type) => !type.archived_at).map((type) => type.name);
  const [chosen, setChosen] = useState<string | null>(null);
  const type = chosen ?? firstSampleType(endpoint, names);
  const sample = useQuery({ ...sampleTextQuery(type ?? ""), enabled: type !== null });
  // What was typed belongs to its type: another type begins with its own sample.
  const [typed, setTyped] = useState<{ type: string; text: string } | null>(null);
  const text = typed !== null && typed.type === type ? typed.text : (sample.data ?? "");
  const client = useQueryClient();
  const send = useMutation({
    mutationFn: () => sendSample(endpoint.id, type ?? "", text),
    onSuccess: (answer) => {
      // A success heals: the page behind the dialog says so at once.
      if (answer.ok) for (const key of ["endpoints", "stats"]) void client.invalidateQueries({ queryKey: [key] });
    },
  });
  const [failingBefore, setFailingBefore] = useState(false);
  // Before the sample is there, nothing can be sent.
  const waits = types === undefined || (typed === null && sample.isLoading);
  const notObject = isObjectText(text) ? null : t("sample.notObject");
  const held = endpoint.status === "paused" || endpoint.status === "disabled";
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (notObject !== null || type === null) return;
        setFailingBefore(endpoint.streak > 0);
        send.mutate();
      }}
    >
      <Stack>
        <Select
          label={t("sample.type")}
          searchable
          openOnFocus={false}
          allowDeselect={false}
          data={names}
          value={type}
          onChange={setChosen}
          nothingFoundMessage={t("sample.nothingFound")}
          maxDropdownHeight={280}
          error={faultsWithin(send.error, "event_type")[0]?.detail}
          autoFocus
          data-autofocus
        />
        <JsonEditor label={t("sample.payload")} description={t("sample.payloadHint")} value={text} minHeight={120} maxHeight={260} onChange={(next) => type !== null && setTyped({ type, text: next })} error={text === "" || send.isPending ? null : notObject} />
        <Faults faults={faultsWithin(send.error, "data")} rest={restOf(send.error, ["event_type", "data"])} />
        {held && <Text size="sm" c="dimmed">{t("sample.held")}</Text>}
        <Group>
          <ActionButton type="submit" loading={send.isPending || waits} reason={why(capabilities(endpoint, can).sample) ?? (sample.isSuccess && notObject)}>
            {t(send.data === undefined ? "sample.send" : "sample.again")}
          </ActionButton>
          {typed !== null && typed.type === type && sample.data !== undefined && typed.text !== sample.data && (
            <ActionButton variant="subtle" onClick={() => setTyped(null)}>{t("sample.reset")}</ActionButton>
          )}
        </Group>
        <div aria-live="polite">
          {send.data !== undefined && !send.isPending && <SampleAnswer answer={send.data} healed={failingBefore && send.data.ok} />}
        </div>
      </Stack>
    </form>
  );
}

function isObjectText(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
