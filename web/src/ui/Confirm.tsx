import { Alert, Button, Group, Modal, Stack } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

/** Asks before what cannot be undone; `children` says in numbers what it does. */
export function Confirm({ opened, title, action, children, error, busy, danger = true, onConfirm, onClose }: {
  opened: boolean;
  title: string;
  /** The verb on the button: "Delete webhook", never "OK". */
  action: string;
  children: ReactNode;
  error?: string | null;
  busy?: boolean;
  danger?: boolean;
  onConfirm: () => void;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  return (
    <Modal opened={opened} onClose={onClose} title={title}>
      <Stack>
        <div>{children}</div>
        {error && <Alert color="red" role="alert">{error}</Alert>}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} data-autofocus>{t("cancel")}</Button>
          <Button color={danger ? "red.8" : undefined} loading={busy} onClick={onConfirm}>{action}</Button>
        </Group>
      </Stack>
    </Modal>
  );
}
