import { Button, Group, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { ActionButton } from "@/ui/ActionButton";
import { Confirm } from "@/ui/Confirm";
import { DataTable } from "@/ui/DataTable";
import { Time } from "@/ui/Time";
import { failed, told } from "@/ui/toast";

import { browserOf } from "./browser";
import type { Login } from "./queries";

/** Where the person is logged in, and how to end that. */
export function LoginTable({ logins, onEnd }: { logins: readonly Login[]; onEnd: (ids: readonly string[]) => Promise<void> }) {
  const { t } = useTranslation("account");
  const [asking, setAsking] = useState(false);
  const others = logins.filter((login) => !login.current).map((login) => login.id);
  const [count, setCount] = useState(0);
  const one = useMutation({ mutationFn: (id: string) => onEnd([id]), onSuccess: () => told(t("logins.ended")), onError: failed });
  const all = useMutation({ mutationFn: () => onEnd(others), onSuccess: () => { setAsking(false); told(t("logins.othersEnded")); } });
  const browser = useBrowser();
  return (
    <Stack gap="sm">
      <DataTable
        label={t("logins.title")}
        rows={logins}
        rowKey={(login) => login.id}
        columns={[
          { key: "browser", header: t("logins.browser"), width: "30%", phone: "title", cell: (login) => <Browser login={login} name={browser(login)} /> },
          { key: "address", header: t("logins.address"), width: "20%", cell: (login) => <span className="hf-mono" title={login.address}>{login.address}</span> },
          { key: "seen", header: t("logins.seen"), cell: (login) => <Time at={login.seen_at} /> },
          { key: "made", header: t("logins.made"), cell: (login) => <Time at={login.created_at} /> },
          { key: "ends", header: t("logins.ends"), cell: (login) => <Time at={login.expires_at} /> },
          {
            key: "actions",
            header: t("logins.actions"),
            width: "96px",
            align: "right",
            phone: "bare",
            cell: (login) => login.current ? null : (
              <Button variant="default" size="compact-sm" loading={one.isPending && one.variables === login.id} aria-label={t("logins.endOf", { browser: browser(login), address: login.address })} onClick={() => one.mutate(login.id)}>
                {t("logins.end")}
              </Button>
            ),
          },
        ]}
      />
      <Group gap="sm">
        <ActionButton variant="default" reason={others.length === 0 && t("logins.noOthers")} onClick={() => { setCount(others.length); setAsking(true); }}>{t("logins.others")}</ActionButton>
        <Text size="sm" c="dimmed">{t("logins.hint")}</Text>
      </Group>
      <Confirm opened={asking} title={t("logins.othersTitle", { count })} action={t("logins.othersAction")} error={all.error?.message} busy={all.isPending} onConfirm={() => all.mutate()} onClose={() => { all.reset(); setAsking(false); }}>
        {t("logins.othersText")}
      </Confirm>
    </Stack>
  );
}

function useBrowser(): (login: Login) => string {
  const { t } = useTranslation("account");
  return ({ user_agent }) => {
    const found = browserOf(user_agent);
    if (found === null) return user_agent.slice(0, 60) || t("logins.unknown");
    return found.system === null ? found.browser : t("logins.browserOn", { browser: found.browser, system: found.system });
  };
}

function Browser({ login, name }: { login: Login; name: string }) {
  const { t } = useTranslation("account");
  return (
    <span title={login.user_agent}>
      {name}
      {login.current && <Text span inherit c="dimmed" fw={400}> ({t("logins.current")})</Text>}
    </span>
  );
}
