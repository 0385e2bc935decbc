import { PasswordInput, type PasswordInputProps, TextInput, type TextInputProps } from "@mantine/core";
import { useTranslation } from "react-i18next";

/** A mail address; whether it is one is the server's to say. */
export function EmailField(props: TextInputProps) {
  const { t } = useTranslation("auth");
  return <TextInput type="email" label={t("email")} autoComplete="username" inputMode="email" autoCapitalize="none" spellCheck={false} {...props} />;
}

/** A password that is to be somebody's, with the rule before the server has to say it. */
export function NewPasswordField(props: PasswordInputProps) {
  const { t } = useTranslation("auth");
  return <PasswordInput label={t("password")} description={t("passwordRule")} autoComplete="new-password" {...props} visibilityToggleButtonProps={{ "aria-label": t("showPassword") }} />;
}

export function PasswordField(props: PasswordInputProps) {
  const { t } = useTranslation("auth");
  return <PasswordInput label={t("password")} autoComplete="current-password" {...props} visibilityToggleButtonProps={{ "aria-label": t("showPassword") }} />;
}
