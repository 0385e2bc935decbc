import { Stack, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { SubmitButton } from "@/ui/SubmitButton";

import { tokenIn } from "./link-token";

/** For mails without a link: the installation does not know its own address, and mails the bare code. */
export function CodeForm({ onToken }: { onToken: (token: string) => void }) {
  const { t } = useTranslation("auth");
  const [text, setText] = useState("");
  const [wrong, setWrong] = useState(false);
  const go = (): void => {
    const token = tokenIn(text);
    if (token === null) setWrong(true);
    else onToken(token);
  };
  return (
    <form noValidate onSubmit={(event) => { event.preventDefault(); go(); }}>
      <Stack gap="sm">
        <TextInput label={t("code.label")} description={t("code.hint")} autoComplete="one-time-code" autoFocus value={text} error={wrong && t("code.wrong")} onChange={(event) => { setText(event.currentTarget.value); setWrong(false); }} />
        <SubmitButton mt={4}>{t("code.action")}</SubmitButton>
      </Stack>
    </form>
  );
}
