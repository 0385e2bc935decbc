import { Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { explain, type FailureFacts } from "./FailureText";

export type FailureWords = {
  /** What happened: "Nothing answers at crm.acme.example: the connection was refused." */
  sentence: string;
  /** What to do about it. */
  hint: string;
  /** For a row of a table: "connection refused", "503 Service Unavailable". */
  short: string;
};

/** Tells failures of requests to a receiver in words that a person can act on. */
export function useFailureWords(): (facts: FailureFacts) => FailureWords {
  const { t } = useTranslation("errors");
  return (facts) => {
    const found = explain(facts);
    const { host } = found.values;
    const values = { ...found.values, host: host || t("receiver") };
    const sentence = t(`kind.${found.case}`, values);
    return {
      // A host keeps its small letters where a sentence begins with it.
      sentence: host === "" ? capital(sentence) : sentence,
      hint: t(`hint.${found.hint}`, values),
      short: t(`short.${found.case}`, values),
    };
  };
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** What failed, what to do, and folded beneath it what the server wrote down. */
export function Failure({ size = "sm", ...facts }: FailureFacts & { size?: "sm" | "md" }) {
  const { t } = useTranslation("errors");
  const words = useFailureWords()(facts);
  return (
    <Stack gap={2}>
      <Text size={size} fw={600} style={{ overflowWrap: "anywhere" }}>{words.sentence}</Text>
      <Text size="sm">{words.hint}</Text>
      {facts.message && (
        <details>
          <summary className="hf-link" style={{ cursor: "pointer", fontSize: "0.8125rem" }}>{t("cause")}</summary>
          <Text className="hf-mono" style={{ overflowWrap: "anywhere" }}>{facts.message}</Text>
        </details>
      )}
    </Stack>
  );
}
