import { Alert, Button, Group, Stack, Text, Title } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import type { Endpoint } from "@/api/endpoints";
import { useMe } from "@/api/me";
import { ActionButton } from "@/ui/ActionButton";
import { JsonEditor } from "@/ui/JsonEditor";
import { LeaveGuard } from "@/ui/LeaveGuard";
import { told } from "@/ui/toast";

import { capabilities } from "./capabilities";
import { useRefusal } from "./Doings";
import { Faults } from "./Faults";
import { FilterExamples } from "./FilterExamples";
import { FilterTester } from "./FilterTester";
import { faultsWithin, restOf } from "./json-faults";
import { endpointChanged, filterTextQuery, setFilter } from "./queries";

/** The filter of a webhook: an editor, what is wrong with it where it is wrong, and what it does with the last events. */
export function FilterTab({ endpoint, saved }: { endpoint: Endpoint; saved: string }) {
  const { t } = useTranslation("webhook");
  const why = useRefusal();
  const { can } = useMe();
  const client = useQueryClient();
  // What was typed, until it is saved; a filter that changes elsewhere does not overwrite it.
  const [typed, setTyped] = useState<string | null>(null);
  const text = typed ?? saved;
  const changed = typed !== null && typed !== saved;
  const save = useMutation({
    mutationFn: ({ filter }: { filter: string | null; typed: string | null }) => setFilter(endpoint.id, filter),
    onSuccess: async (answer, sent) => {
      endpointChanged(client, answer);
      await client.invalidateQueries({ queryKey: filterTextQuery(endpoint.id).queryKey });
      // What was typed while it was being saved stays.
      setTyped((now) => (now === sent.typed ? null : now));
      told(t(sent.filter === null ? "filter.removed" : "filter.saved"));
    },
  });
  const type = (next: string | null): void => {
    // A save that is under way is not forgotten: its answer comes yet.
    if (!save.isPending) save.reset();
    setTyped(next);
  };
  const fault = jsonFault(text);
  const edit = why(capabilities(endpoint, can).edit);
  const faults = faultsWithin(save.error, "filter");
  return (
    <Stack gap="md">
      <LeaveGuard when={changed && !save.isPending} />
      <Stack gap={4}>
        <Title order={2}>{t("filter.title")}</Title>
        <Text size="sm" c="dimmed">{changed ? t("filter.leadChanged") : saved === "" ? t("filter.leadNone") : t("filter.leadSome")}</Text>
      </Stack>
      <JsonEditor label={t("filter.label")} description={t("filter.hint")} value={text} minHeight={140} readOnly={edit !== null} onChange={type} />
      {save.error !== null && <Faults title={t("filter.faults")} faults={faults} rest={restOf(save.error, ["filter"])} />}
      {fault !== null && changed && <Alert color="yellow" variant="light">{t("filter.notJson", { detail: fault })}</Alert>}
      <Group>
        <ActionButton loading={save.isPending} reason={edit ?? fault ?? (!changed && t("filter.nothingChanged"))} onClick={() => save.mutate({ filter: text.trim() === "" ? null : text, typed })}>{t("filter.save")}</ActionButton>
        {changed && <Button variant="default" onClick={() => type(null)}>{t("filter.revert")}</Button>}
        {saved !== "" && <ActionButton variant="subtle" c="var(--hf-bad)" loading={save.isPending} reason={edit} onClick={() => save.mutate({ filter: null, typed })}>{t("filter.remove")}</ActionButton>}
      </Group>
      <FilterTester endpoint={endpoint} filter={text.trim() === "" ? null : text} fault={fault !== null} />
      <FilterExamples disabled={edit !== null} onUse={type} />
    </Stack>
  );
}

/** What the browser finds wrong with a text that should be JSON; nothing of an empty one. */
function jsonFault(text: string): string | null {
  if (text.trim() === "") return null;
  try {
    JSON.parse(text);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
