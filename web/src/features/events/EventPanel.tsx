import { Box, Group } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { useMe } from "@/api/me";
import { CopyAction } from "@/ui/Copy";

import { EventDetail } from "./EventDetail";
import { EventLead } from "./EventLead";
import { Replay } from "./Replay";
import { useEvent } from "./useEvent";

/** An event beside the list. */
export function EventPanel({ id }: { id: string }) {
  const found = useEvent(id);
  return (
    <>
      <Box mb="sm" fz="sm"><EventLead type={found.event.type} deliveries={found.deliveries} why={found.why} /></Box>
      <EventDetail {...found} actions={<EventActions found={found} />} />
    </>
  );
}

/** What can be done with an event. */
export function EventActions({ found }: { found: ReturnType<typeof useEvent> }) {
  const { t } = useTranslation("events");
  const { can } = useMe();
  return (
    <Group gap="xs">
      <Replay id={found.event.id} webhooks={found.why} mayWrite={can("deliveries:write")} />
      <CopyAction value={found.data}>{t("copyData")}</CopyAction>
    </Group>
  );
}
