import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import type { Endpoint } from "@/api/endpoints";
import { ActionButton } from "@/ui/ActionButton";

import type { Capabilities } from "./capabilities";
import { type Doing, useRefusal } from "./Doings";
import { standing } from "./facts";

/** What can be done about a webhook that does not simply work, beside what is wrong with it. */
export function PanelActions({ endpoint, may, onDo }: { endpoint: Endpoint; may: Capabilities; onDo: (doing: Doing) => void }) {
  const { t } = useTranslation("webhook");
  const why = useRefusal();
  const stands = standing(endpoint);
  const held = stands === "paused" || stands === "disabled" || stands === "gone";
  return (
    <>
      {held && (
        <ActionButton size="xs" variant="default" reason={why(may.enable)} onClick={() => onDo("enable")}>
          {t(stands === "paused" ? "actions.resume" : "actions.enable")}
        </ActionButton>
      )}
      <ActionButton size="xs" variant="default" reason={why(may.sample)} onClick={() => onDo("sample")}>{t("actions.sample")}</ActionButton>
      <Button size="xs" variant="default" renderRoot={(props) => <Link to="/webhooks/$id/settings" params={{ id: endpoint.id }} search={({ company }) => ({ company })} {...props} />}>
        {t("actions.changeUrl")}
      </Button>
      {!held && <ActionButton size="xs" variant="default" reason={why(may.disable)} onClick={() => onDo("disable")}>{t("actions.disable")}</ActionButton>}
    </>
  );
}
