import { useQuery, useQueryClient } from "@tanstack/react-query";
import { createFileRoute, Link, redirect } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { installationQuery } from "@/api/installation";
import { AuthCard } from "@/features/auth/AuthCard";
import { signUp, whoIsIn } from "@/features/auth/queries";
import { SignUpForm } from "@/features/auth/SignUpForm";
import { told } from "@/ui/toast";

export const Route = createFileRoute("/signup")({
  beforeLoad: async ({ context, preload }) => {
    if (!preload && (await whoIsIn(context.queryClient)) !== null) throw redirect({ to: "/", replace: true });
  },
  // Whether one can sign up at all; where the server does not say, it says so when one tries.
  loader: ({ context }) => context.queryClient.prefetchQuery({ ...installationQuery, retry: false }),
  component: SignUpPage,
});

function SignUpPage() {
  const { t } = useTranslation("auth");
  const client = useQueryClient();
  const navigate = Route.useNavigate();
  const { data: rules } = useQuery(installationQuery);
  const [refused, setRefused] = useState(false);
  const closed = refused || rules?.sign_up === false;
  const logIn = <>{t("signUp.haveAccount")} <Link className="hf-link" to="/login">{t("logIn")}</Link></>;
  if (closed) return <AuthCard title={t("signUp.closedTitle")} lead={t("signUp.closed")} elsewhere={logIn} />;
  return (
    <AuthCard title={t("signUp.title")} lead={t("signUp.lead")} elsewhere={logIn}>
      <SignUpForm
        onSubmit={(person) => signUp(client, person)}
        onClosed={() => setRefused(true)}
        onDone={({ user }) => {
          if (!user.verified) told(t("signUp.mailed", { email: user.email }));
          void navigate({ to: "/start", replace: true });
        }}
      />
    </AuthCard>
  );
}
