import { SegmentedControl, Stack, Tabs, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { CodeBlock } from "@/ui/CodeBlock";

import { type Language, LANGUAGES, type Scheme, SCHEMES, VERIFY } from "./verify";

type Choice = { scheme: Scheme; language: Language };

/** Code to verify a request, in both schemes and five languages. */
export function VerifyCode({ scheme, language, onChange }: Choice & { onChange: (choice: Choice) => void }) {
  const { t } = useTranslation("eventTypes");
  return (
    <Stack component="section" gap="sm" aria-labelledby="verify">
      <Title order={2} id="verify">{t("verify.title")}</Title>
      <Text size="sm">{t("verify.text")}</Text>
      <SegmentedControl
        aria-label={t("verify.scheme")}
        size="xs"
        style={{ alignSelf: "flex-start", maxWidth: "100%" }}
        value={scheme}
        data={SCHEMES.map((value) => ({ value, label: t(`verify.${value}`) }))}
        onChange={(value) => onChange({ scheme: SCHEMES.find((each) => each === value) ?? "standard", language })}
      />
      <Text size="sm" c="dimmed">{scheme === "standard" ? t("verify.standardText") : t("verify.hubText")} {scheme === "standard" && t("verify.libraries")}</Text>
      <Tabs value={language} onChange={(value) => onChange({ scheme, language: LANGUAGES.find((each) => each === value) ?? "node" })} keepMounted={false}>
        <Tabs.List aria-label={t("verify.language")}>
          {LANGUAGES.map((each) => <Tabs.Tab key={each} value={each}>{t(`verify.languages.${each}`)}</Tabs.Tab>)}
        </Tabs.List>
        {LANGUAGES.map((each) => (
          <Tabs.Panel key={each} value={each} pt="sm">
            <CodeBlock text={VERIFY[scheme][each]} layOut={false} maxHeight={640} label={t("verify.code", { scheme: t(`verify.${scheme}`), language: t(`verify.languages.${each}`) })} />
          </Tabs.Panel>
        ))}
      </Tabs>
    </Stack>
  );
}
