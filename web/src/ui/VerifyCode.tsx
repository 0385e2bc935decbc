import { SegmentedControl, Stack, Tabs, Text, Title } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { CodeBlock } from "./CodeBlock";
import { type Language, LANGUAGES, type Scheme, SCHEMES, VERIFY } from "./verify";

type Choice = { scheme: Scheme; language: Language };

/** Code to verify a request, in both schemes and five languages. */
export function VerifyCode({ scheme, language, onChange }: Choice & { onChange: (choice: Choice) => void }) {
  const { t } = useTranslation("verify");
  return (
    <Stack component="section" gap="sm" aria-labelledby="verify">
      <Title order={2} id="verify">{t("title")}</Title>
      <Text size="sm">{t("text")}</Text>
      <SegmentedControl
        aria-label={t("scheme")}
        size="xs"
        style={{ alignSelf: "flex-start", maxWidth: "100%" }}
        value={scheme}
        data={SCHEMES.map((value) => ({ value, label: t(`${value}`) }))}
        onChange={(value) => onChange({ scheme: SCHEMES.find((each) => each === value) ?? "standard", language })}
      />
      <Text size="sm" c="dimmed">{scheme === "standard" ? t("standardText") : t("hubText")} {scheme === "standard" && t("libraries")}</Text>
      <Tabs value={language} onChange={(value) => onChange({ scheme, language: LANGUAGES.find((each) => each === value) ?? "node" })} keepMounted={false}>
        <Tabs.List aria-label={t("language")}>
          {LANGUAGES.map((each) => <Tabs.Tab key={each} value={each}>{t(`languages.${each}`)}</Tabs.Tab>)}
        </Tabs.List>
        {LANGUAGES.map((each) => (
          <Tabs.Panel key={each} value={each} pt="sm">
            <CodeBlock text={VERIFY[scheme][each]} layOut={false} maxHeight={640} label={t("code", { scheme: t(`${scheme}`), language: t(`languages.${each}`) })} />
          </Tabs.Panel>
        ))}
      </Tabs>
    </Stack>
  );
}

/** The same where the page's address does not keep the choice. */
export function VerifyHere() {
  const [choice, setChoice] = useState<Choice>({ scheme: "standard", language: "node" });
  return <VerifyCode {...choice} onChange={setChoice} />;
}
