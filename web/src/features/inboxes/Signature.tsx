import { Box, Group, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { Facts } from "@/ui/Facts";
import { Chip } from "@/ui/StatusChip";

import { findingsOf, LOOKS, type Signature, verdictOf } from "./signature";

/** The verdict in a word. */
export function SignatureChip({ signature }: { signature: Signature }) {
  const { t } = useTranslation("inboxes");
  const verdict = verdictOf(signature);
  return <Chip {...LOOKS[verdict]}>{t(`signature.${verdict}`)}</Chip>;
}

/** The verdict with its reason for each of the two headers. */
export function SignaturePanel({ signature }: { signature: Signature }) {
  const { t } = useTranslation("inboxes");
  return (
    <Box className="hf-panel" p="sm">
      <Group gap="sm" mb={6}>
        <SignatureChip signature={signature} />
        <Text size="sm" fw={600}>{t(`signature.long.${verdictOf(signature)}`)}</Text>
      </Group>
      <Facts facts={findingsOf(signature).map(({ header, finding }) => ({ name: header, value: t(`signature.why.${finding}`) }))} />
    </Box>
  );
}
