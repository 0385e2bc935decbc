import { Accordion, Button, Menu, Stack, Title } from "@mantine/core";
import { useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { createFileRoute, Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useMe } from "@/api/me";
import { type SourceDialog, SourceDialogs } from "@/features/sources/dialogs";
import { refusedQuery, sourceQuery, sourcesQuery } from "@/features/sources/queries";
import { RefusedTable } from "@/features/sources/RefusedTable";
import { SourceFacts } from "@/features/sources/SourceFacts";
import { SourceFigures } from "@/features/sources/SourceFigures";
import { TONES } from "@/features/sources/state";
import { OtherWays, Steps } from "@/features/sources/Steps";
import { ActionButton } from "@/ui/ActionButton";
import { Page } from "@/ui/Page";
import { Chip } from "@/ui/StatusChip";

export const Route = createFileRoute("/_app/sources/$id")({
  loader: ({ context, params: { id } }) =>
    Promise.all([context.queryClient.ensureQueryData(sourceQuery(id)), context.queryClient.ensureQueryData(refusedQuery(id))]),
  component: SourcePage,
});

function SourcePage() {
  const { t } = useTranslation("sources");
  const { id } = Route.useParams();
  const { data: source } = useSuspenseQuery(sourceQuery(id));
  const { data: refused } = useSuspenseQuery(refusedQuery(id));
  const { can } = useMe();
  const client = useQueryClient();
  const navigate = useNavigate();
  const [dialog, setDialog] = useState<SourceDialog | null>(null);
  const reason = can("endpoints:write") ? null : t("noWrite");
  const steps = <Steps source={source} onSetSecret={() => setDialog("secret")} reason={reason} />;
  return (
    <Page
      title={source.name}
      before={<Link className="hf-link" to="/sources">{t("title")}</Link>}
      lead={<Stack gap={6} align="flex-start"><Chip tone={TONES[source.state]}>{t(`state.${source.state}`)}</Chip>{t(`answer.${source.state}`)}</Stack>}
      actions={<Actions reason={reason} onChoose={setDialog} />}
    >
      {source.state !== "needs_app_secret" && source.state !== "needs_handshake" && <SourceFigures source={source} />}
      {source.state === "receiving" ? (
        <Accordion variant="contained">
          <Accordion.Item value="steps">
            <Accordion.Control>{t("steps.again")}</Accordion.Control>
            <Accordion.Panel>{steps}</Accordion.Panel>
          </Accordion.Item>
        </Accordion>
      ) : (
        <section aria-labelledby="steps">
          <Title order={2} id="steps" mb="xs">{t("steps.title")}</Title>
          <div className="hf-panel">{steps}</div>
        </section>
      )}
      <OtherWays source={source} />
      <Stack component="section" gap="xs">
        <Title order={2}>{t("refused.title")}</Title>
        <RefusedTable refused={refused} />
      </Stack>
      <Stack component="section" gap="xs">
        <Title order={2}>{t("facts.title")}</Title>
        <SourceFacts source={source} />
      </Stack>
      <SourceDialogs
        source={source}
        open={dialog}
        onClose={() => setDialog(null)}
        onDeleted={() => {
          void navigate({ to: "/sources" }).then(() => {
            client.removeQueries({ queryKey: sourceQuery(id).queryKey });
            void client.invalidateQueries({ queryKey: sourcesQuery.queryKey });
          });
        }}
      />
    </Page>
  );
}

function Actions({ reason, onChoose }: { reason: string | null; onChoose: (dialog: SourceDialog) => void }) {
  const { t } = useTranslation("sources");
  if (reason !== null) return <ActionButton variant="default" reason={reason}>{t("more")}</ActionButton>;
  return (
    <Menu position="bottom-end">
      <Menu.Target><Button variant="default">{t("more")}</Button></Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => onChoose("rename")}>{t("rename.action")}</Menu.Item>
        <Menu.Item onClick={() => onChoose("secret")}>{t("secret.action")}</Menu.Item>
        <Menu.Item onClick={() => onChoose("verify")}>{t("verify.action")}</Menu.Item>
        <Menu.Divider />
        <Menu.Item color="red" onClick={() => onChoose("delete")}>{t("remove.action")}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
