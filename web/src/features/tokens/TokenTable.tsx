import { useMemo } from "react";
import { useTranslation } from "react-i18next";

import { useNow } from "@/lib/useNow";
import { ActionButton } from "@/ui/ActionButton";
import { type DataColumn, DataTable } from "@/ui/DataTable";
import { Chip } from "@/ui/StatusChip";
import { Time } from "@/ui/Time";

import type { Token } from "./queries";
import { stateOf, TONES } from "./token";

export function TokenTable({ tokens, onRevoke }: { tokens: readonly Token[]; onRevoke: (token: Token) => void }) {
  const { t } = useTranslation(["tokens", "common"]);
  const now = useNow("ten-seconds");
  const columns = useMemo<DataColumn<Token>[]>(
    () => [
      { key: "name", header: t("column.name"), phone: "title", cell: (token) => token.name },
      { key: "token", header: t("column.token"), width: "130px", cell: (token) => <span className="hf-mono">{token.hint}</span> },
      { key: "state", header: t("column.state"), width: "110px", cell: (token) => <StateChip token={token} now={now} /> },
      { key: "scopes", header: t("column.scopes"), width: "28%", cell: (token) => <span className="hf-mono" style={{ whiteSpace: "normal" }}>{token.scopes.join(", ")}</span> },
      { key: "lastUsed", header: t("column.lastUsed"), width: "120px", cell: (token) => (token.last_used_at ? <Time at={token.last_used_at} /> : t("common:never")) },
      { key: "expires", header: t("column.expires"), width: "120px", cell: (token) => (token.expires_at ? <Time at={token.expires_at} /> : t("common:never")) },
      { key: "created", header: t("column.created"), width: "120px", phone: "hide", cell: (token) => <Time at={token.created_at} /> },
      {
        key: "action",
        header: t("column.action"),
        width: "110px",
        phone: "bare",
        cell: (token) => (
          <ActionButton size="compact-xs" variant="default" reason={stateOf(token, now) === "active" ? null : t("revoke.ended")} onClick={() => onRevoke(token)}>
            {t("revoke.action")}<span className="hf-ear"> {token.name}</span>
          </ActionButton>
        ),
      },
    ],
    [t, now, onRevoke],
  );
  return <DataTable label={t("title")} rows={tokens} columns={columns} rowKey={(token) => token.id} />;
}

function StateChip({ token, now }: { token: Token; now: number }) {
  const { t } = useTranslation("tokens");
  const state = stateOf(token, now);
  return <Chip tone={TONES[state]}>{t(`state.${state}`)}</Chip>;
}
