import { Button, Stack, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { createFileRoute, Link, useLocation } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { ApiProblem } from "@/api/problem";
import { AuthCard } from "@/features/auth/AuthCard";
import { CodeForm } from "@/features/auth/CodeForm";
import { takeToken } from "@/features/auth/link-token";
import { askForReset, resetPassword } from "@/features/auth/queries";
import { ResetAskForm, ResetChooseForm } from "@/features/auth/ResetForms";
import { told } from "@/ui/toast";

export const Route = createFileRoute("/reset-password")({ beforeLoad: takeToken, component: ResetPasswordPage });

type Step = { is: "ask" } | { is: "asked"; email: string } | { is: "code" } | { is: "choose"; token: string } | { is: "gone" };

function ResetPasswordPage() {
  const token = useLocation({ select: (location) => location.state.linkToken });
  // Another link that is opened in the same tab begins anew.
  return <Steps key={token} first={token === undefined ? { is: "ask" } : token === "" ? { is: "gone" } : { is: "choose", token }} />;
}

function Steps({ first }: { first: Step }) {
  const { t } = useTranslation("auth");
  const [step, setStep] = useState(first);
  const logIn = <Link className="hf-link" to="/login">{t("backToLogin")}</Link>;
  switch (step.is) {
    case "ask":
      return (
        <AuthCard title={t("reset.title")} lead={t("reset.lead")} elsewhere={logIn}>
          <ResetAskForm onSubmit={askForReset} onDone={(email) => setStep({ is: "asked", email })} />
          <Button variant="subtle" size="compact-sm" onClick={() => setStep({ is: "code" })}>{t("reset.code")}</Button>
        </AuthCard>
      );
    case "asked":
      return (
        <AuthCard title={t("reset.askedTitle")} lead={t("reset.asked", { email: step.email })} elsewhere={logIn}>
          <Text size="sm" c="dimmed">{t("reset.nothing")}</Text>
          <Stack gap="xs">
            <Button variant="default" onClick={() => setStep({ is: "code" })}>{t("reset.code")}</Button>
            <Button variant="default" onClick={() => setStep({ is: "ask" })}>{t("reset.another")}</Button>
          </Stack>
        </AuthCard>
      );
    case "code":
      return (
        <AuthCard title={t("reset.title")} lead={t("code.lead")} elsewhere={logIn}>
          <CodeForm onToken={(token) => setStep({ is: "choose", token })} />
        </AuthCard>
      );
    case "choose":
      return <Choose token={step.token} onGone={() => setStep({ is: "gone" })} />;
    case "gone":
      return (
        <AuthCard title={t("reset.goneTitle")} lead={t("reset.gone")} elsewhere={logIn}>
          <Button onClick={() => setStep({ is: "ask" })}>{t("reset.goneAction")}</Button>
        </AuthCard>
      );
  }
}

function Choose({ token, onGone }: { token: string; onGone: () => void }) {
  const { t } = useTranslation("auth");
  const client = useQueryClient();
  const navigate = Route.useNavigate();
  const send = async (password: string): Promise<boolean> => {
    try {
      return await resetPassword(client, { token, password });
    } catch (error) {
      if (error instanceof ApiProblem && error.status === 404) onGone();
      throw error;
    }
  };
  const done = (loggedIn: boolean): void => {
    told(loggedIn ? t("reset.saved") : t("reset.savedLogIn"));
    void navigate({ to: loggedIn ? "/" : "/login", replace: true });
  };
  return (
    <AuthCard title={t("reset.choose")} lead={t("reset.chooseLead")}>
      <ResetChooseForm onSubmit={send} onDone={done} />
    </AuthCard>
  );
}
