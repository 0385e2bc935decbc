import { useSuspenseQuery } from "@tanstack/react-query";
import { createFileRoute, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { useMe } from "@/api/me";
import { CreateSource } from "@/features/sources/CreateSource";
import { sourcesQuery } from "@/features/sources/queries";
import { SourceTable } from "@/features/sources/SourceTable";
import { ActionButton } from "@/ui/ActionButton";
import { EmptyState } from "@/ui/EmptyState";
import { Page } from "@/ui/Page";
import { told } from "@/ui/toast";

export const Route = createFileRoute("/_app/sources/")({
  loader: ({ context }) => context.queryClient.ensureQueryData(sourcesQuery),
  component: SourcesPage,
});

function SourcesPage() {
  const { t } = useTranslation("sources");
  const { data: sources } = useSuspenseQuery(sourcesQuery);
  const { can } = useMe();
  const navigate = useNavigate();
  const [adding, setAdding] = useState(false);
  const receiving = sources.filter((source) => source.state === "receiving").length;
  const missing = sources.length - receiving;
  const lead = [
    receiving > 0 && t("leadReceiving", { count: receiving }),
    missing > 0 && t("leadMissing", { count: missing }),
  ].filter(Boolean).join(" ");
  const open = (source: { id: string }) => void navigate({ to: "/sources/$id", params: { id: source.id } });
  const add = <ActionButton onClick={() => setAdding(true)} reason={can("endpoints:write") ? null : t("noWrite")}>{t("add")}</ActionButton>;
  return (
    <Page title={t("title")} lead={lead || undefined} actions={sources.length > 0 ? add : undefined}>
      {sources.length > 0 ? <SourceTable sources={sources} onOpen={open} /> : <EmptyState title={t("noneTitle")} actions={add}>{t("noneHint")}</EmptyState>}
      <CreateSource
        opened={adding}
        onClose={() => setAdding(false)}
        onMade={(source) => {
          told(t("form.created"));
          open(source);
        }}
      />
    </Page>
  );
}
