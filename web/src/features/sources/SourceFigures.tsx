import { SimpleGrid } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { count } from "@/lib/numbers";
import { Figure } from "@/ui/Facts";
import { Time } from "@/ui/Time";

import type { Source } from "./queries";

/** What came to a source, in numbers. */
export function SourceFigures({ source }: { source: Source }) {
  const { t } = useTranslation(["sources", "common"]);
  const { accepted, refused } = source.notifications;
  return (
    <SimpleGrid cols={{ base: 2, md: 4 }}>
      <Figure name={t("figures.accepted")} value={count(accepted)} note={t("figures.acceptedNote")} />
      <Figure name={t("figures.refused")} value={count(refused)} tone={refused > 0 ? "bad" : undefined} />
      <Figure name={t("figures.last")} value={source.last_notification_at ? <Time at={source.last_notification_at} /> : t("common:never")} />
      <Figure name={t("figures.handshake")} value={source.handshake_at ? <Time at={source.handshake_at} /> : t("common:never")} />
    </SimpleGrid>
  );
}
