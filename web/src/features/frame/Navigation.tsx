import { Divider, ScrollArea } from "@mantine/core";
import {
  IconAdjustments, IconBell, IconBolt, IconHistory, IconInbox, IconKey, IconLayoutDashboard, IconListCheck,
  IconPlug, IconSend, IconTags, IconUsers, IconWebhook,
} from "@tabler/icons-react";
import { Link, type LinkProps } from "@tanstack/react-router";
import type { ComponentType } from "react";
import { useTranslation } from "react-i18next";

import classes from "./Navigation.module.css";

type Name =
  | "overview" | "webhooks" | "events" | "deliveries" | "jobs" | "sources" | "inboxes"
  | "eventTypes" | "tokens" | "team" | "notifications" | "auditLog" | "settings";
export type Entry = { name: Name; to: LinkProps["to"]; icon: ComponentType<{ size?: number }> };

export const MAIN: readonly Entry[] = [
  { name: "overview", to: "/", icon: IconLayoutDashboard },
  { name: "webhooks", to: "/webhooks", icon: IconWebhook },
  { name: "events", to: "/events", icon: IconBolt },
  { name: "deliveries", to: "/deliveries", icon: IconSend },
  { name: "jobs", to: "/jobs", icon: IconListCheck },
  { name: "sources", to: "/sources", icon: IconPlug },
  { name: "inboxes", to: "/inboxes", icon: IconInbox },
];
export const MORE: readonly Entry[] = [
  { name: "eventTypes", to: "/event-types", icon: IconTags },
  { name: "tokens", to: "/tokens", icon: IconKey },
  { name: "team", to: "/team", icon: IconUsers },
  { name: "notifications", to: "/notifications", icon: IconBell },
  { name: "auditLog", to: "/audit-log", icon: IconHistory },
  { name: "settings", to: "/settings", icon: IconAdjustments },
];

/** The pages, at the left. */
export function Navigation() {
  const { t } = useTranslation("frame");
  return (
    <ScrollArea style={{ flex: 1 }}>
      <nav aria-label={t("nav.label")} className={classes.nav}>
        {MAIN.map((entry) => <Item key={entry.name} entry={entry} />)}
        <Divider my="xs" />
        {MORE.map((entry) => <Item key={entry.name} entry={entry} />)}
      </nav>
    </ScrollArea>
  );
}

function Item({ entry }: { entry: Entry }) {
  const { t } = useTranslation("frame");
  const Icon = entry.icon;
  return (
    <Link to={entry.to} className={classes.item} activeProps={{ "data-active": true, "aria-current": "page" }} activeOptions={{ exact: entry.to === "/", includeSearch: false }}>
      <Icon size={18} />
      {t(`nav.${entry.name}`)}
    </Link>
  );
}
