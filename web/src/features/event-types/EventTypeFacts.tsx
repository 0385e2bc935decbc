import { useTranslation } from "react-i18next";

import { Mono } from "@/ui/Copy";
import { Facts } from "@/ui/Facts";
import { Time } from "@/ui/Time";

import type { EventType } from "./queries";

export function EventTypeFacts({ type }: { type: EventType }) {
  const { t } = useTranslation("eventTypes");
  const own = type.built_in
    ? []
    : [
        { name: t("page.checked"), value: t(`validation.${type.validation}`) },
        { name: t("page.created"), value: <Time at={type.created_at} /> },
        { name: t("page.updated"), value: <Time at={type.updated_at} /> },
      ];
  return <Facts facts={[{ name: t("page.name"), value: <Mono value={type.name} /> }, { name: t("page.kind"), value: type.built_in ? t("chip.builtIn") : t("chip.own") }, ...own]} />;
}
