import { Alert, Button, Stack, Text } from "@mantine/core";
import { useQueryClient, useQueryErrorResetBoundary } from "@tanstack/react-query";
import { useCallback, useEffect } from "react";
import { useTranslation } from "react-i18next";

import { refusalOf } from "@/lib/refusal";

/** What a panel shows instead of what it was opened for: what is wrong, and another try where one may help. */
export function PanelError({ error, reset }: { error: unknown; reset: () => void }) {
  const { t } = useTranslation(["errors", "common"]);
  const boundary = useQueryErrorResetBoundary();
  const forget = useForgetFailed();
  // Whoever closes the panel and opens it again has tried again.
  useEffect(() => forget, [forget]);
  const again = (): void => {
    boundary.reset();
    forget();
    reset();
  };
  const refusal = refusalOf(error);
  const text = {
    unreachable: () => t("noAnswer"),
    missing: () => `${t("notFound")} ${t("notFoundHint")}`,
    forbidden: () => `${t("forbidden")} ${t("forbiddenHint")}`,
    busy: () => `${t("busy")} ${refusal.kind === "busy" && refusal.seconds !== null ? t("busyHint", { seconds: refusal.seconds }) : t("busySoon")}`,
    other: () => t("unknown", { detail: error instanceof Error ? error.message : String(error) }),
  }[refusal.kind]();
  return (
    <Alert color={refusal.kind === "missing" ? "gray" : "red"} variant="light" role="alert">
      <Stack gap="xs" align="flex-start">
        <Text size="sm">{text}</Text>
        {refusal.kind !== "missing" && refusal.kind !== "forbidden" && <Button size="xs" variant="default" onClick={again}>{t("common:retry")}</Button>}
      </Stack>
    </Alert>
  );
}

/** Drops queries that failed and have nothing to show: else they go on failing without being asked again. */
function useForgetFailed(): () => void {
  const client = useQueryClient();
  return useCallback(() => client.removeQueries({ predicate: ({ state }) => state.status === "error" && state.data === undefined, type: "inactive" }), [client]);
}
