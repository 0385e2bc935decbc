import { Text } from "@mantine/core";
import { useBlocker } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { Confirm } from "./Confirm";

/** Asks before a page with unsaved changes is left, by a link, by the browser's buttons, or by closing the tab. */
export function LeaveGuard({ when }: { when: boolean }) {
  const { t } = useTranslation();
  const blocked = useBlocker({
    // Parameters of the same page, such as the company, lose nothing.
    shouldBlockFn: ({ current, next }) => when && current.pathname !== next.pathname,
    enableBeforeUnload: () => when,
    withResolver: true,
  });
  return (
    <Confirm
      opened={blocked.status === "blocked"} title={t("leave.title")} action={t("leave.action")}
      onConfirm={() => blocked.proceed?.()} onClose={() => blocked.reset?.()}
    >
      <Text size="sm">{t("leave.hint")}</Text>
    </Confirm>
  );
}
