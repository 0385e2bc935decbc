import { Group, Modal, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { ActionButton } from "@/ui/ActionButton";
import { CodeBlock } from "@/ui/CodeBlock";
import { CopyField } from "@/ui/CopyField";

import type { Token } from "./queries";

/** The one time that a token is shown: a click beside the dialog does not close it. */
export function ShownToken({ token, onClose }: { token: Token | null; onClose: () => void }) {
  const { t } = useTranslation("tokens");
  return (
    <Modal opened={token !== null} onClose={onClose} title={t("shown.title")} size="lg" closeOnClickOutside={false}>
      <Stack>
        <Text size="sm">{t("shown.text")}</Text>
        <CopyField label={t("shown.label")} value={token?.token ?? ""} action={t("shown.copy")} />
        <CodeBlock label={t("shown.example")} layOut={false} text={`curl -sS ${window.location.origin}/api/v1/auth/me -H 'Authorization: Bearer ${token?.token ?? ""}'`} />
        <Group justify="flex-end"><ActionButton onClick={onClose}>{t("shown.done")}</ActionButton></Group>
      </Stack>
    </Modal>
  );
}
