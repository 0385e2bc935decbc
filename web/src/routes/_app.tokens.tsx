import { Switch } from "@mantine/core";
import { useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { createFileRoute } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import * as z from "zod/mini";

import { useMe } from "@/api/me";
import { CreateToken } from "@/features/tokens/CreateToken";
import { type Token, tokensQuery } from "@/features/tokens/queries";
import { RevokeToken } from "@/features/tokens/RevokeToken";
import { ShownToken } from "@/features/tokens/ShownToken";
import { stateOf } from "@/features/tokens/token";
import { TokenTable } from "@/features/tokens/TokenTable";
import { useNow } from "@/lib/useNow";
import { ActionButton } from "@/ui/ActionButton";
import { EmptyState } from "@/ui/EmptyState";
import { Page } from "@/ui/Page";

export const Route = createFileRoute("/_app/tokens")({
  validateSearch: z.object({ ended: z.catch(z.optional(z.boolean()), undefined) }),
  loader: ({ context }) => context.queryClient.ensureQueryData(tokensQuery),
  component: TokensPage,
});

function TokensPage() {
  const { t } = useTranslation("tokens");
  const { ended } = Route.useSearch();
  const navigate = Route.useNavigate();
  const { data: tokens } = useSuspenseQuery(tokensQuery);
  const { can } = useMe();
  const client = useQueryClient();
  const now = useNow("ten-seconds");
  const [creating, setCreating] = useState(false);
  const [shown, setShown] = useState<Token | null>(null);
  const [revoking, setRevoking] = useState<Token | null>(null);
  const working = tokens.filter((token) => stateOf(token, now) === "active");
  const unused = working.filter((token) => !token.last_used_at).length;
  const rows = ended ? tokens : working;
  const add = <ActionButton onClick={() => setCreating(true)} reason={can("admin") ? null : t("noWrite")}>{t("add")}</ActionButton>;
  return (
    <Page
      title={t("title")}
      lead={tokens.length > 0 ? [t("lead", { count: working.length }), unused > 0 && t("unused", { count: unused })].filter(Boolean).join(" ") : undefined}
      actions={tokens.length > 0 ? add : undefined}
    >
      {tokens.length === 0 ? (
        <EmptyState title={t("noneTitle")} actions={add}>{t("noneHint")}</EmptyState>
      ) : (
        <>
          {(ended || working.length < tokens.length) && (
            <Switch
              label={t("showEnded")}
              checked={ended ?? false}
              onChange={(event) => void navigate({ search: (before) => ({ ...before, ended: event.currentTarget.checked || undefined }), replace: true })}
            />
          )}
          {rows.length === 0 ? <EmptyState title={t("noneLeft")} /> : <TokenTable tokens={rows} onRevoke={setRevoking} />}
        </>
      )}
      <CreateToken
        opened={creating}
        onClose={() => setCreating(false)}
        onMade={(token) => {
          setCreating(false);
          setShown(token);
          void client.invalidateQueries({ queryKey: ["tokens"] });
        }}
      />
      <ShownToken token={shown} onClose={() => setShown(null)} />
      <RevokeToken token={revoking} onClose={() => setRevoking(null)} />
    </Page>
  );
}
