import { SimpleGrid, Stack, Text } from "@mantine/core";
import { useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { createFileRoute, Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import * as z from "zod/mini";

import { useMe } from "@/api/me";
import { Archive } from "@/features/event-types/Archive";
import { EventTypeFacts } from "@/features/event-types/EventTypeFacts";
import { EventTypeForm } from "@/features/event-types/EventTypeForm";
import { eventTypeChanged, eventTypeQuery } from "@/features/event-types/queries";
import { oneOf } from "@/lib/list-search";
import { ActionButton } from "@/ui/ActionButton";
import { CodeBlock } from "@/ui/CodeBlock";
import { LinkButton } from "@/ui/LinkButton";
import { Note } from "@/ui/Note";
import { Page } from "@/ui/Page";
import { Time } from "@/ui/Time";
import { told } from "@/ui/toast";
import { LANGUAGES, SCHEMES } from "@/ui/verify";
import { VerifyCode } from "@/ui/VerifyCode";

export const Route = createFileRoute("/_app/event-types/$name")({
  validateSearch: z.object({ scheme: oneOf(SCHEMES), language: oneOf(LANGUAGES) }),
  loader: ({ context, params: { name } }) => context.queryClient.ensureQueryData(eventTypeQuery(name)),
  component: EventTypePage,
});

function EventTypePage() {
  const { t } = useTranslation("eventTypes");
  const { name } = Route.useParams();
  const { scheme = "standard", language = "node" } = Route.useSearch();
  const navigate = Route.useNavigate();
  const { data: written } = useSuspenseQuery(eventTypeQuery(name));
  const { type } = written;
  const { can } = useMe();
  const client = useQueryClient();
  const [editing, setEditing] = useState(false);
  const reason = can("endpoints:write") ? null : t("noWrite");
  return (
    <Page
      title={type.name}
      before={<Link className="hf-link" to="/event-types">{t("title")}</Link>}
      lead={type.description || undefined}
      actions={
        <>
          <LinkButton variant="default" to="/events" search={{ q: type.name }}>{t("page.events")}</LinkButton>
          {!type.built_in && <ActionButton variant="default" reason={reason} onClick={() => setEditing(true)}>{t("page.edit")}</ActionButton>}
          {!type.built_in && <Archive type={type} reason={reason} />}
        </>
      }
    >
      {type.archived_at && <Note tone="wait">{t("archive.note")} <Time at={type.archived_at} />.</Note>}
      <EventTypeFacts type={type} />
      <SimpleGrid cols={{ base: 1, lg: 2 }} style={{ alignItems: "start" }}>
        <CodeBlock label={t("page.sample")} text={written.sample} />
        <Stack gap="xs">
          {written.schema ? <CodeBlock label={t("page.schema")} text={written.schema} /> : <Text size="sm" c="dimmed">{t("page.noSchema")}</Text>}
          {type.built_in && <Text size="sm" c="dimmed">{t("page.schemaHelp")}</Text>}
        </Stack>
      </SimpleGrid>
      <VerifyCode scheme={scheme} language={language} onChange={(choice) => void navigate({ search: (before) => ({ ...before, ...choice }), replace: true, resetScroll: false })} />
      <EventTypeForm
        opened={editing}
        type={written}
        onClose={() => setEditing(false)}
        onSaved={(changed) => {
          eventTypeChanged(client, changed);
          setEditing(false);
          told(t("form.saved"));
        }}
      />
    </Page>
  );
}
