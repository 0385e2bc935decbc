import { Alert, Button, Group, Loader, Text } from "@mantine/core";
import { IconArrowUp } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

import { count } from "@/lib/numbers";

type State = { rows: readonly unknown[]; cut: boolean; more: boolean; loadingMore: boolean; failed: boolean; loadMore: () => void };

/** Where the rows that are loaded end, and why: there are more, the search was cut, or that is all. */
export function ListFoot({ rows, cut, more, loadingMore, failed, loadMore }: State) {
  const { t } = useTranslation(["lists", "common"]);
  if (loadingMore) return <Group justify="center" p="sm" role="status"><Loader size="xs" /><Text size="sm" c="dimmed">{t("loadingMore")}</Text></Group>;
  if (failed || cut) {
    return (
      <Alert color={failed ? "red" : "yellow"} variant="light" role="status">
        <Group justify="space-between">
          <Text size="sm">{failed ? t("moreFailed") : rows.length === 0 ? t("cutNothing") : t("cut")}</Text>
          <Button size="xs" variant="default" onClick={loadMore}>{failed ? t("common:retry") : t("searchOn")}</Button>
        </Group>
      </Alert>
    );
  }
  if (rows.length === 0 || more) return null;
  return <Text size="sm" c="dimmed" ta="center" p="xs">{t("all", { count: rows.length, rows: count(rows.length) })}</Text>;
}

/** Says that new rows have come above, where nothing moves by itself because somebody reads further down. */
export function NewsPill({ news, onTop }: { news: number; onTop: () => void }) {
  const { t } = useTranslation("lists");
  if (news === 0) return null;
  return (
    <Group justify="center" style={{ position: "sticky", top: 60, zIndex: 2, height: 0, overflow: "visible" }}>
      <Button size="compact-sm" radius="xl" leftSection={<IconArrowUp size={14} />} onClick={onTop} style={{ boxShadow: "0 2px 8px rgb(0 0 0 / 25%)" }}>
        {news >= 100 ? t("newsMany") : t("news", { count: news })}
      </Button>
    </Group>
  );
}
