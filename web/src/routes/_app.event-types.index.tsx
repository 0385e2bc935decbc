import { Group, Switch, TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { createFileRoute, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import * as z from "zod/mini";

import { useMe } from "@/api/me";
import { EventTypeForm } from "@/features/event-types/EventTypeForm";
import { EventTypeList } from "@/features/event-types/EventTypeList";
import { groupsOf } from "@/features/event-types/groups";
import { eventTypeChanged, eventTypesQuery } from "@/features/event-types/queries";
import { text } from "@/lib/list-search";
import { ActionButton } from "@/ui/ActionButton";
import { EmptyState } from "@/ui/EmptyState";
import { Page } from "@/ui/Page";
import { told } from "@/ui/toast";

export const Route = createFileRoute("/_app/event-types/")({
  validateSearch: z.object({ q: text(), archived: z.catch(z.optional(z.boolean()), undefined) }),
  loader: ({ context }) => context.queryClient.ensureQueryData(eventTypesQuery),
  component: EventTypesPage,
});

function EventTypesPage() {
  const { t } = useTranslation(["eventTypes", "common"]);
  const { q, archived } = Route.useSearch();
  const go = Route.useNavigate();
  const navigate = useNavigate();
  const client = useQueryClient();
  const { data: types } = useSuspenseQuery(eventTypesQuery);
  const { can } = useMe();
  const [adding, setAdding] = useState(false);
  const [typed, setTyped] = useState(q ?? "");
  const groups = groupsOf(types, { q: typed, archived });
  const taken = types.filter((type) => !type.archived_at);
  return (
    <Page
      title={t("title")}
      lead={t("lead", { count: taken.length, own: taken.filter((type) => !type.built_in).length })}
      actions={<ActionButton onClick={() => setAdding(true)} reason={can("endpoints:write") ? null : t("noWrite")}>{t("add")}</ActionButton>}
    >
      <Group>
        <TextInput
          type="search"
          aria-label={t("search")}
          placeholder={t("search")}
          leftSection={<IconSearch size={16} aria-hidden />}
          style={{ flex: "1 1 240px", maxWidth: 420 }}
          value={typed}
          onChange={({ currentTarget: { value } }) => {
            setTyped(value);
            void go({ search: (before) => ({ ...before, q: value.trim() || undefined }), replace: true });
          }}
        />
        {(archived || types.some((type) => type.archived_at)) && (
          <Switch label={t("archived")} checked={archived ?? false} onChange={(event) => void go({ search: (before) => ({ ...before, archived: event.currentTarget.checked || undefined }), replace: true })} />
        )}
      </Group>
      {groups.length === 0 ? <EmptyState title={t("common:empty.nothingMatches")}>{t("common:empty.nothingMatchesHint")}</EmptyState> : <EventTypeList groups={groups} />}
      <EventTypeForm
        opened={adding}
        type={null}
        onClose={() => setAdding(false)}
        onSaved={(written) => {
          eventTypeChanged(client, written);
          told(t("form.added"));
          void navigate({ to: "/event-types/$name", params: { name: written.type.name } });
        }}
      />
    </Page>
  );
}
