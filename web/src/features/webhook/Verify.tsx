import { SegmentedControl, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { CodeBlock } from "@/ui/CodeBlock";

import { VERIFYING } from "./verifying";

/** How a receiver tells that a request came from here. */
export function Verify() {
  const { t } = useTranslation("webhook");
  const [name, setName] = useState<string>(VERIFYING[0].name);
  const code = VERIFYING.find((each) => each.name === name)?.code ?? "";
  return (
    <Stack gap="xs">
      <Text component="h3" size="sm" fw={600} m={0}>{t("secret.verify")}</Text>
      <Text size="sm">{t("secret.verifyHint")}</Text>
      <Text size="sm" c="dimmed">{t("secret.verifyMeta")}</Text>
      <SegmentedControl aria-label={t("secret.languages")} size="xs" style={{ alignSelf: "flex-start", maxWidth: "100%" }} data={VERIFYING.map((each) => each.name)} value={name} onChange={setName} />
      <CodeBlock label={name} text={code} layOut={false} />
    </Stack>
  );
}
