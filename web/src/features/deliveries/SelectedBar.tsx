import { Alert, Button, Group, List, Modal, Progress, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { ActionButton } from "@/ui/ActionButton";

import { doEach, NOTHING_YET, type Summary } from "./each";
import { type BulkKind, cancelDelivery, retryDelivery } from "./queries";

/** Mantine's own yellow is too pale to be read. */
const TITLE = { title: { color: "var(--mantine-color-text)" } };

type Props = {
  ids: readonly string[];
  mayWrite: boolean;
  onClear: () => void;
  /** Told what was done: the rest stays selected. */
  onDone: (ids: readonly string[]) => void;
};

/** What can be done to the rows that are selected: each by itself, with a summary. */
export function SelectedBar({ ids, mayWrite, onClear, onDone }: Props) {
  const { t } = useTranslation("deliveries");
  const [kind, setKind] = useState<BulkKind>("retry");
  const [opened, setOpened] = useState(false);
  const [now, setNow] = useState<Summary | null>(null);
  const [total, setTotal] = useState(0);
  const stopped = useRef(false);
  const latest = useRef(NOTHING_YET);
  const tell = (summary: Summary): void => {
    latest.current = summary;
    setNow(summary);
  };
  const act = useMutation({
    mutationFn: (wanted: BulkKind) => doEach(ids, wanted === "retry" ? retryDelivery : cancelDelivery, tell, () => stopped.current),
    onSuccess: tell,
    // The login has ended: what was done until then is done, the rest is left.
    onError: () => tell({ ...latest.current, stopped: true }),
    onSettled: () => onDone(latest.current.done),
  });
  const start = (wanted: BulkKind): void => {
    stopped.current = false;
    latest.current = NOTHING_YET;
    setNow(null);
    setTotal(ids.length);
    setKind(wanted);
    setOpened(true);
    act.mutate(wanted);
  };
  const close = (): void => {
    stopped.current = true;
    setOpened(false);
  };
  const reason = !mayWrite && t("noWrite");
  return (
    <>
      {ids.length > 0 && (
        <Group gap="xs" className="hf-panel" px="sm" py={6} role="toolbar" aria-label={t("selected.bar")} style={{ position: "sticky", bottom: 8, zIndex: 3 }}>
          <Text size="sm" fw={600} role="status">{t("selected.count", { count: ids.length })}</Text>
          <ActionButton size="xs" reason={reason} onClick={() => start("retry")}>{t("selected.retry")}</ActionButton>
          <ActionButton size="xs" variant="default" reason={reason} onClick={() => start("cancel")}>{t("selected.cancel")}</ActionButton>
          <Button size="xs" variant="subtle" color="gray" c="dimmed" onClick={onClear}>{t("selected.clear")}</Button>
        </Group>
      )}
      <Modal opened={opened} onClose={close} title={t(`selected.${kind}Title`)}>
        <Result kind={kind} total={total} now={now} busy={act.isPending} onStop={() => (stopped.current = true)} onClose={close} />
      </Modal>
    </>
  );
}

function Result({ kind, total, now, busy, onStop, onClose }: { kind: BulkKind; total: number; now: Summary | null; busy: boolean; onStop: () => void; onClose: () => void }) {
  const { t } = useTranslation(["deliveries", "common"]);
  const past = (now?.done.length ?? 0) + (now?.refused.length ?? 0);
  return (
    <Stack>
      {busy && <Progress value={total === 0 ? 0 : (past / total) * 100} aria-label={t(`selected.${kind}Title`)} />}
      <Text size="sm" role="status">{busy ? t("selected.progress", { done: past, total }) : t(kind === "retry" ? "selected.retriedAll" : "selected.canceledAll", { count: now?.done.length ?? 0 })}</Text>
      {!busy && now?.stopped && <Text size="sm">{t("selected.stopped")}</Text>}
      {now !== null && now.refused.length > 0 && (
        <Alert color="yellow" variant="light" styles={TITLE} title={t("selected.failed", { count: now.refused.length })}>
          <List size="sm" style={{ maxHeight: 240, overflowY: "auto" }}>
            {now.refused.map(({ id, why }) => (
              <List.Item key={id}><Link className="hf-link hf-mono" to="/deliveries/$id" params={{ id }}>{id}</Link>: {why}</List.Item>
            ))}
          </List>
        </Alert>
      )}
      <Group justify="flex-end">
        {busy ? <Button variant="default" onClick={onStop}>{t("selected.stop")}</Button> : <Button onClick={onClose}>{t("common:close")}</Button>}
      </Group>
    </Stack>
  );
}
