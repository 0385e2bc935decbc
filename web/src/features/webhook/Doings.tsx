import { ActionIcon, Menu, Stack, Text } from "@mantine/core";
import { IconDots } from "@tabler/icons-react";
import { useRef } from "react";
import { useTranslation } from "react-i18next";

import { type Endpoint, endpointName } from "@/api/endpoints";
import { ActionButton } from "@/ui/ActionButton";
import { Confirm } from "@/ui/Confirm";

import type { Capabilities, Refusal } from "./capabilities";
import { waitingText } from "./StatePanel";
import type { Stats } from "./queries";

export type Doing = "pause" | "enable" | "disable" | "remove" | "recover" | "sample";

/** Why something cannot be done, in words. */
export function useRefusal(): (refusal: Refusal | null) => string | null {
  const { t } = useTranslation("webhook");
  return (refusal) => (refusal === null ? null : t(`cannot.${refusal}`));
}

/** What can be done with a webhook, at the head of its page. */
export function Doings({ endpoint, may, busy, onDo }: { endpoint: Endpoint; may: Capabilities; busy: boolean; onDo: (doing: Doing) => void }) {
  const { t } = useTranslation("webhook");
  const why = useRefusal();
  const held = endpoint.status === "paused" || endpoint.status === "disabled";
  const trigger = useRef<HTMLButtonElement>(null);
  const ask = (doing: Doing) => (): void => {
    // The dialog gives the focus back to where it was, and the menu's item is gone by then.
    trigger.current?.focus();
    onDo(doing);
  };
  return (
    <>
      <ActionButton px="sm" reason={why(may.sample)} onClick={() => onDo("sample")}>{t("actions.sample")}</ActionButton>
      {held ? (
        <ActionButton px="sm" variant="default" loading={busy} reason={why(may.enable)} onClick={() => onDo("enable")}>
          {t(endpoint.status === "paused" ? "actions.resume" : "actions.enable")}
        </ActionButton>
      ) : (
        <ActionButton px="sm" variant="default" loading={busy} reason={why(may.pause)} onClick={() => onDo("pause")}>{t("actions.pause")}</ActionButton>
      )}
      {/* In the page and not beside it, and its first item has the focus: a screen reader hears where it is. */}
      <Menu position="bottom-end" withinPortal={false} withInitialFocusPlaceholder={false} menuItemTabIndex={0}>
        <Menu.Target>
          <ActionIcon ref={trigger} variant="default" size={36} aria-label={t("actions.more")}><IconDots size={18} /></ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Item refusal={may.recover} onClick={ask("recover")}>{t("actions.recover")}</Item>
          <Item refusal={may.disable} onClick={ask("disable")}>{t("actions.disable")}</Item>
          <Menu.Divider />
          <Item refusal={may.remove} danger onClick={ask("remove")}>{t("actions.remove")}</Item>
        </Menu.Dropdown>
      </Menu>
    </>
  );
}

/** One that cannot be chosen stays in reach of the keyboard and says why. */
function Item({ refusal, danger = false, onClick, children }: { refusal: Refusal | null; danger?: boolean; onClick: () => void; children: string }) {
  const reason = useRefusal()(refusal);
  return (
    <Menu.Item
      aria-disabled={reason !== null || undefined}
      closeMenuOnClick={reason === null}
      onClick={reason === null ? onClick : undefined}
      style={reason === null ? { color: danger ? "var(--hf-bad)" : undefined } : { cursor: "not-allowed" }}
      c={reason === null ? undefined : "dimmed"}
    >
      {children}
      {reason !== null && <Text size="xs" c="dimmed" maw={240}>{reason}</Text>}
    </Menu.Item>
  );
}

type Asking = { endpoint: Endpoint; stats: Stats; opened: boolean; busy: boolean; error: string | null; onConfirm: () => void; onClose: () => void };

export function DisableConfirm({ endpoint, stats, ...rest }: Asking) {
  const { t } = useTranslation("webhook");
  const waiting = stats.waiting.count;
  return (
    <Confirm title={t("disable.title", { name: endpointName(endpoint) })} action={t("disable.action")} {...rest}>
      <Stack gap="xs">
        <Text size="sm">{t("disable.effect")}</Text>
        <Text size="sm">{waiting === 0 ? t("disable.none") : t("disable.held", { count: waiting, waiting: waitingText(stats, t) })}</Text>
        <Text size="sm" c="dimmed">{t("disable.pauseInstead")}</Text>
      </Stack>
    </Confirm>
  );
}

export function RemoveConfirm({ endpoint, stats, ...rest }: Asking) {
  const { t } = useTranslation("webhook");
  const waiting = stats.waiting.count;
  return (
    <Confirm title={t("remove.title", { name: endpointName(endpoint) })} action={t("remove.action")} {...rest}>
      <Stack gap="xs">
        <Text size="sm" fw={600}>{waiting === 0 ? t("remove.none") : t("remove.effect", { count: waiting, waiting: waitingText(stats, t) })}</Text>
        <Text size="sm">{t("remove.stays")}</Text>
      </Stack>
    </Confirm>
  );
}
